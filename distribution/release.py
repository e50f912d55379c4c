"""`make dist`: the wheel, the source archive and the schema of this package, with a bill and a statement.

They are built twice from the tracked files of the last commit, with its time; a differing byte ends the
build. The statement is in-toto with SLSA provenance, signed as statements about images are.
"""

import argparse
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from edgefleet.errors import EdgefleetError, OutsideFailure, Refused
from edgefleet.io.signing import Signing, signing
from edgefleet.keys import dsse
from edgefleet.model import strict_json
from edgefleet.site.provenance import PREDICATE, STATEMENT

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements/bootstrap.lock", "requirements/run.lock")
BUILD = "https://edgefleet.dev/package-build/v1"
SPACE = uuid.UUID("5f3c1a9e-83c0-5c0b-9f1d-6f4c2f6e7a10")
"""Namespace of serial numbers, which are UUIDs of a wheel's digest (RFC 9562, version 5)."""
SCHEMA = "schema.json"
"""As Pulumi's registry reads it, and as `pulumi package gen-sdk` does."""
BILL, PROVENANCE, SIGNED, SUMS = "edgefleet.cdx.json", "provenance.json", "provenance.dsse.json", "SHA256SUMS"
REQUIREMENT = re.compile(
    r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)(?: ; ([^\\]*?))?((?: \\\n +--hash=\S+)+)", re.MULTILINE
)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is built."""

    tree: Path
    """The tracked files of a commit."""
    commit: str
    time: int
    """Its time, seconds since 1970."""


def _run(*command: str, cwd: Path, time: int | None = None) -> bytes:
    environment = os.environ | ({} if time is None else {"SOURCE_DATE_EPOCH": str(time)})
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, check=False)
    if done.returncode:
        problem = f"ended with {done.returncode}: {done.stderr.decode(errors='replace').strip()[-500:]}"
        raise OutsideFailure.at(
            " ".join(command[:3]), "build", problem, "fix the cause, and run make dist again"
        )
    return done.stdout


def checked_out(repository: Path, tree: Path) -> Source:
    """The last commit of `repository`, unpacked into `tree`.

    Raises:
        OutsideFailure: it is no git repository.
    """
    commit, time = _run("git", "log", "-1", "--format=%H %ct", cwd=repository).decode().split()
    with tarfile.open(fileobj=io.BytesIO(_run("git", "archive", "HEAD", cwd=repository))) as archive:
        # Python before 3.11.4, as Debian 12 has it, knows no filter (Python docs, tarfile, "Supporting older
        # Python versions").
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        archive.extractall(tree)  # noqa: S202 - of this repository's own commit
    return Source(tree=tree, commit=commit, time=int(time))


def built(source: Source, out: Path) -> list[Path]:
    """The wheel and the source archive, in `out`; nothing is downloaded."""
    hatchling = (sys.executable, "-m", "hatchling", "build", "-d", str(out), "-t")
    for target in ("wheel", "sdist"):
        _run(*hatchling, target, cwd=source.tree, time=source.time)
    return sorted(out.iterdir())


def schema(source: Source, repository: str = "") -> bytes:
    """The schema of the package, of the files of `source`.

    Args:
        source: what is built.
        repository: address at which it is published, ``https://...``; the registry takes the logo from there,
            and the CLI the plugin.
    """
    program = (
        "import sys; sys.path.insert(0, 'components'); from edgefleet.plugin import schema; print(schema())"
    )
    plain = json.loads(_run(sys.executable, "-c", program, cwd=source.tree))
    if repository:
        address = repository.removesuffix("/").removesuffix(".git")
        plain["repository"] = address
        plain["logoUrl"] = f"{address}/raw/{source.commit}/docs/logo.svg"
        plain["pluginDownloadURL"] = f"git://{address.partition('://')[2]}.git/components/edgefleet/plugin"
    return (json.dumps(plain, indent=2) + "\n").encode()


def check_repeats(source: Source, files: list[Path]) -> None:
    """Build once more, from a copy in another place.

    Raises:
        OutsideFailure: a file has other bytes.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "elsewhere" / "tree"
        shutil.copytree(source.tree, copy)
        again = built(Source(tree=copy, commit=source.commit, time=source.time), Path(folder) / "out")
        differing = {digest(file) for file in files} ^ {digest(file) for file in again}
    if differing:
        problem = "has other bytes when it is built once more"
        hint = "find what depends on place, time or order: compare both with diffoscope"
        raise OutsideFailure.at(", ".join(file.name for file in files), "not-repeated", problem, hint)


def digest(file: Path) -> str:
    """Hex SHA-256."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def bill(lock: str, wheel: Path) -> bytes:
    """The bill of materials: what `lock` installs beside the wheel."""
    name, version = wheel.name.split("-")[:2]
    package = Component(
        type=ComponentType.APPLICATION,
        name=name,
        version=version,
        bom_ref="package",
        purl=PackageURL(type="pypi", name=name, version=version),
    )
    parts = [_part(*found) for found in REQUIREMENT.findall(lock)]
    metadata = BomMetaData(component=package)
    metadata.timestamp = None  # type: ignore[assignment]  # optional in the format, and a build has no time
    bom = Bom(serial_number=uuid.uuid5(SPACE, digest(wheel)), metadata=metadata, components=parts)
    bom.register_dependency(package, parts)
    return strict_json.write(strict_json.parse(JsonV1Dot6(bom).output_as_string().encode()))


def _part(name: str, version: str, marker: str, hashes: str) -> Component:
    properties = [Property(name="edgefleet:sha256", value=value) for value in HASH.findall(hashes)]
    if marker:
        properties.append(Property(name="edgefleet:marker", value=marker.strip()))
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        version=version,
        bom_ref=f"{name}@{version}",
        purl=PackageURL(type="pypi", name=name, version=version),
        properties=properties,
    )


def statement(source: Source, files: list[Path]) -> bytes:
    """Where `files` come from."""
    tree = {"name": "source", "digest": {"gitCommit": source.commit}}
    locks = [{"name": lock, "digest": {"sha256": digest(source.tree / lock)}} for lock in LOCKS]
    definition = {
        "buildType": BUILD,
        "externalParameters": {"commit": source.commit, "sourceDateEpoch": source.time},
        "resolvedDependencies": [tree, *locks],
    }
    plain = {
        "_type": STATEMENT,
        "subject": [{"name": file.name, "digest": {"sha256": digest(file)}} for file in files],
        "predicateType": PREDICATE,
        "predicate": {"buildDefinition": definition, "runDetails": {"builder": {"id": BUILD}}},
    }
    return strict_json.write(plain)


def release(source: Source, out: Path, signer: Signing | None = None, repository: str = "") -> list[Path]:
    """Everything of a release, in the new folder `out`; `repository` is where it is published.

    Raises:
        OutsideFailure: a build failed, or two of them differ.
    """
    files = built(source, out)
    check_repeats(source, files)
    (wheel,) = (file for file in files if file.suffix == ".whl")
    (out / BILL).write_bytes(bill((source.tree / LOCKS[1]).read_text(), wheel))
    (out / SCHEMA).write_bytes(schema(source, repository))
    files += [out / BILL, out / SCHEMA]
    stated = statement(source, files)
    (out / PROVENANCE).write_bytes(stated)
    if signer is not None:
        data = signer.open().sign(dsse.signed_bytes(stated))
        signature = dsse.Signature(data=data, key=signer.public.id)
        (out / SIGNED).write_bytes(dsse.to_bytes(dsse.Envelope(payload=stated, signatures=(signature,))))
    files = sorted(out.iterdir())
    (out / SUMS).write_text("".join(f"{digest(file)}  {file.name}\n" for file in files))
    return [*files, out / SUMS]


def check_clean(repository: Path) -> None:
    """Check that everything is committed.

    Raises:
        Refused: something is not.
    """
    changes = _run("git", "status", "--porcelain", cwd=repository).decode().splitlines()
    if changes:
        problem = f"has changes that are in no commit ({len(changes)} files)"
        raise Refused.at(
            repository, "not-committed", problem, "commit them, or put them aside with git stash"
        )


def main() -> int:
    """The program; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--repository", default="", help="address at which it is published, https://...")
    parser.add_argument("--sign-key", default="", help="PEM file, or awskms: and an ARN or alias")
    arguments = parser.parse_args()
    try:
        check_clean(ROOT)
        signer = signing(arguments.sign_key, ROOT) if arguments.sign_key else None
        shutil.rmtree(arguments.out, ignore_errors=True)
        with tempfile.TemporaryDirectory() as folder:
            files = release(checked_out(ROOT, Path(folder)), arguments.out, signer, arguments.repository)
    except EdgefleetError as error:
        print(error, file=sys.stderr)
        return 2
    print("".join(f"{digest(file)}  {file.name}\n" for file in files), end="")
    if signer is None:
        print("the statement is not signed: name a key with make dist SIGN_KEY=...", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
