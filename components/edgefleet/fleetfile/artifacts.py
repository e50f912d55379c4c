"""Where artifacts are looked for."""

from dataclasses import field
from typing import Annotated

from pydantic import Field

from edgefleet.model.names import HOST_RE, PATH_RE, reachable
from edgefleet.model.spec import spec
from edgefleet.model.syntax import Grammar

_MIRROR_OF = Grammar(
    rf"https?://{HOST_RE}(:\d{{1,5}})?/(([A-Za-z0-9._~+,=:@-]|%[0-9A-Fa-f]{{2}})*/)*|{HOST_RE}(:\d{{1,5}})?",
    "bad-mirror",
    "something that can be mirrored",
    "write the beginning of addresses with its slash, as in https://github.com/, or a registry",
    2000,
    reachable,
)
MirrorOf = Annotated[str, _MIRROR_OF]
_MIRROR_PLACE = Grammar(
    rf"(https?|oci|oci\+http)://{HOST_RE}(:\d{{1,5}})?{PATH_RE}|file:(?!.*\.\.)[A-Za-z0-9._/ +-]+",
    "bad-mirror",
    "a place of a mirror",
    "write https://mirror.example/path, oci://registry.example/path, or file: and a folder; a login "
    "goes into ~/.netrc or docker's file",
    2000,
    reachable,
)
MirrorPlace = Annotated[str, _MIRROR_PLACE]


@spec
class Artifacts:
    """How artifacts are found."""

    mirrors: dict[MirrorOf, Annotated[tuple[MirrorPlace, ...], Field(min_length=1)]] = field(
        default_factory=dict
    )
    """Beginning of addresses, or a registry's host -> where that is looked for first: https://..., file: and
    a folder (of OCI layouts, for a registry), or oci://registry.example/path."""
