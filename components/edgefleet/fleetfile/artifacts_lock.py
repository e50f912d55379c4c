"""The artifacts lock beside the fleet file: addresses and digests of the parts of nodes and images."""

from pathlib import Path
from typing import Annotated, Any, Literal, Required

from pydantic import Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.document_io import read_text, shown_path
from edgefleet.fleetfile.provenance import Provenance
from edgefleet.fleetfile.source import Source
from edgefleet.fleetfile.validation import problems_of
from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.names import Name, Web
from edgefleet.model.programs import HELPER, KUBEEDGE, ROLES_ANYWHERE, ModuleForm, Release
from edgefleet.model.quantities import LARGEST
from edgefleet.model.references import ImageName
from edgefleet.model.releases import BaseSource, Digest, Version
from edgefleet.model.site import Arch
from edgefleet.model.spec import CONFIG
from edgefleet.model.syntax import Grammar
from edgefleet.runtimes.base.k3s import BINARIES

SUFFIX = ".artifacts.lock.yaml"
API_VERSION: Literal["edgefleet.dev/v1"] = "edgefleet.dev/v1"
HEADER = """\
# Written by edgefleet artifacts lock: what is fetched, pinned by digest. Keep it under version control.
"""

Size = Annotated[int, Field(ge=0, le=LARGEST)]
_MANIFEST_DIGEST = Grammar(
    "sha256:[0-9a-f]{64}", "bad-digest", "a digest", "write sha256: and 64 hexadecimal digits", 71
)
ManifestDigest = Annotated[str, _MANIFEST_DIGEST]
_FILE_NAME = Grammar(
    r"[A-Za-z0-9][A-Za-z0-9._+-]*", "bad-name", "the name of a file", "run artifacts lock again", 200
)
FileName = Annotated[str, _FILE_NAME]
_MEMBER = Grammar(
    r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._+/-]*",
    "bad-path",
    "a path in an archive",
    "run artifacts lock again",
    400,
)
Member = Annotated[str, _MEMBER]


@with_config(CONFIG)
class Asset(TypedDict, total=False):
    """One file."""

    sha256: Required[Digest]
    """Hex SHA-256 of its bytes."""
    size: Size
    """Bytes."""
    url: Web
    """Where it comes from; mirrors are tried first."""
    recorded: bool
    """Whether it is a k3s that images of sites already install without this digest, and go on to."""


@with_config(CONFIG)
class LockedProgram(TypedDict, total=False):
    """A program, and the archive that it is in."""

    archive: Required[Asset]
    """What is downloaded."""
    member: Member
    """Its path in there; absent where it is the program itself."""
    sha256: Required[Digest]
    """Hex SHA-256 of the program."""
    size: Required[Size]
    """Bytes of the program."""


@with_config(CONFIG)
class LockedImage(TypedDict, total=False):
    """A container image for one architecture."""

    digest: Required[ManifestDigest]
    """sha256:<hex> of the manifest of that platform; never of an index."""
    sha256: Required[Digest]
    """Hex SHA-256 of the archive that it becomes on a medium."""
    size: Required[Size]
    """Bytes of that archive."""


@with_config(CONFIG)
class LockedBase(TypedDict, total=False):
    """A base image."""

    source: Required[BaseSource]
    """Where it comes from."""
    size: Required[Size]
    """Bytes."""


@with_config(CONFIG)
class ArtifactsLock(TypedDict, total=False):
    """An artifacts lock."""

    api_version: Required[Literal["edgefleet.dev/v1"]]
    """Version of this file's form."""
    k3s: dict[Version, dict[FileName, Asset]]
    """Release -> asset -> file."""
    programs: dict[Name, dict[Release, dict[Arch, LockedProgram]]]
    """Program -> release -> architecture -> program."""
    images: dict[ImageName, dict[Arch, LockedImage]]
    """Container image -> architecture -> platform's manifest."""
    platforms: dict[ImageName, tuple[Arch, ...]]
    """Container image -> architectures of nodes that it is built for, also where no medium carries it."""
    forms: dict[ImageName, ModuleForm]
    """Container image that is a module of WebAssembly itself -> its form."""
    bases: dict[Digest, LockedBase]
    """Hex SHA-256 of a base -> what is known of it."""


EMPTY: ArtifactsLock = {"api_version": API_VERSION}


def lock_path(fleet_file: Path) -> Path:
    """Path of the lock of `fleet_file`: ``dev.artifacts.lock.yaml`` beside ``dev.fleet.yaml``."""
    return fleet_file.with_name(fleet_file.name.removesuffix(".yaml").removesuffix(".fleet") + SUFFIX)


def read_lock(fleet_file: Path, root: Path) -> ArtifactsLock:
    """The lock beside `fleet_file`; `EMPTY` if there is none.

    Raises:
        InvalidInput: the lock is malformed.
    """
    path = lock_path(fleet_file)
    if not path.exists():
        return EMPTY
    shown = shown_path(path, root)
    text = Source(read_text(path, shown), shown)
    problems: list[Problem] = []
    plain = text.plain(problems)
    try:
        lock: ArtifactsLock = TypeAdapter(ArtifactsLock).validate_python(plain)
    except ValidationError as error:
        problems += problems_of(error, plain, (), Provenance(text=text))
        raise InvalidInput(problems) from error
    if problems:
        raise InvalidInput(problems)
    return lock


def lock_text(lock: ArtifactsLock) -> str:
    """The text of the lock: sorted, so that equal locks have equal texts."""
    return HEADER + to_yaml(_sorted(TypeAdapter(ArtifactsLock).dump_python(lock, by_alias=True, mode="json")))


def _sorted(value: Any) -> Any:
    return {key: _sorted(value[key]) for key in sorted(value)} if isinstance(value, dict) else value


def binaries(lock: ArtifactsLock) -> dict[str, dict[str, str]]:
    """dict[k3s version -> dict[architecture -> hex SHA-256 of the binary]], of those that images pin."""
    return {
        version: {
            arch: assets[name]["sha256"]
            for arch, name in BINARIES.items()
            if name in assets and not assets[name].get("recorded")
        }
        for version, assets in lock.get("k3s", {}).items()
    }


def archives(lock: ArtifactsLock) -> dict[str, dict[str, str]]:
    """dict[version of KubeEdge -> dict[architecture -> hex SHA-256 of the archive]]."""
    return {
        version: {str(arch): program["archive"]["sha256"] for arch, program in programs.items()}
        for version, programs in lock.get("programs", {}).get(KUBEEDGE, {}).items()
    }


def helpers(lock: ArtifactsLock) -> dict[Arch, str]:
    """dict[architecture -> hex SHA-256 of the credential helper with which nodes reach the channel]."""
    programs = lock.get("programs", {}).get(ROLES_ANYWHERE, {}).get(HELPER, {})
    return {arch: program["sha256"] for arch, program in programs.items()}
