"""The artifacts lock: digests of what images make boxes download, pinned beside the fleet file."""

from pathlib import Path
from typing import Literal, Required

from pydantic import TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from edgefleet.errors import InvalidInput, Problem
from edgefleet.model.names import Web
from edgefleet.model.provenance import Provenance
from edgefleet.model.reading import read_text, shown_path
from edgefleet.model.releases import Digest, Version
from edgefleet.model.settings import STRICT
from edgefleet.model.source import Source
from edgefleet.model.wording import problems_of

SUFFIX = ".artifacts.lock.yaml"
BINARIES = {"amd64": "k3s", "arm64": "k3s-arm64", "armhf": "k3s-armhf"}
"""dict[architecture -> asset of a k3s release that is the binary] (k3s, install.sh)."""


@with_config(STRICT)
class Asset(TypedDict, total=False):
    """One file of a release."""

    sha256: Required[Digest]
    """Hex SHA-256 of its bytes."""
    url: Web
    """Where it was downloaded when it was locked."""


@with_config(STRICT)
class ArtifactsLock(TypedDict, total=False):
    """An artifacts lock."""

    api_version: Required[Literal["edgefleet.dev/v1"]]
    """Version of this file's form."""
    k3s: Required[dict[Version, dict[str, Asset]]]
    """Release -> asset -> digest."""


def lock_path(fleet_file: Path) -> Path:
    """Where the lock of `fleet_file` stands: ``dev.artifacts.lock.yaml`` beside ``dev.fleet.yaml``."""
    return fleet_file.with_name(fleet_file.name.removesuffix(".yaml").removesuffix(".fleet") + SUFFIX)


def read_digests(fleet_file: Path, root: Path) -> dict[str, dict[str, str]]:
    """dict[k3s version -> dict[architecture -> hex SHA-256 of the binary]]; empty where there is no lock.

    Raises:
        InvalidInput: there is a lock and it is wrong.
    """
    path = lock_path(fleet_file)
    if not path.exists():
        return {}
    shown = shown_path(path, root)
    text = Source(read_text(path, shown), shown)
    problems: list[Problem] = []
    plain = text.plain(problems)
    try:
        lock: ArtifactsLock = TypeAdapter(ArtifactsLock).validate_python(plain)
    except ValidationError as error:
        problems += problems_of(error, (), Provenance(text=text))
        raise InvalidInput(problems) from error
    if problems:
        raise InvalidInput(problems)
    return {
        version: {arch: assets[name]["sha256"] for arch, name in BINARIES.items() if name in assets}
        for version, assets in lock["k3s"].items()
    }
