"""A release of this package: reproducible, with a bill, a statement and a signature."""

import json
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from distribution.release import (
    BILL,
    PROVENANCE,
    ROOT,
    SCHEMA,
    SIGNED,
    SUMS,
    Source,
    check_clean,
    check_repeats,
    checked_out,
    digest,
    release,
    schema,
)

from edgefleet.errors import OutsideFailure, Refused
from edgefleet.io.signing import signing
from edgefleet.keys import dsse

pytestmark = pytest.mark.slow

TIME = 1764000000
PARTS = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "components", "templates", "requirements")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """This checkout's files, without what Python caches."""
    tree = tmp_path_factory.mktemp("source")
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tree / name)
    return Source(tree=tree, commit="0" * 40, time=TIME)


@pytest.fixture(scope="module")
def out(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release, signed with a key in a file."""
    folder = tmp_path_factory.mktemp("release")
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    release(source, folder / "dist", signing("key.pem", folder))
    return folder / "dist"


def test_a_release_is_the_same_bytes_every_time(source: Source, out: Path, tmp_path: Path) -> None:
    """Built in another place, offline; a signature by a key in a file repeats, too."""
    release(source, tmp_path / "dist", signing("key.pem", out.parent))
    names = sorted(file.name for file in out.iterdir())
    assert 7 == len(names)
    assert [] == [name for name in names if digest(out / name) != digest(tmp_path / "dist" / name)]


def test_a_release_is_of_the_tracked_files_of_the_last_commit(tmp_path: Path) -> None:
    """With its time; what is in no commit is in no release."""
    repository, tree = tmp_path / "repository", tmp_path / "tree"
    repository.mkdir()
    tree.mkdir()
    (repository / "a.py").write_text("committed\n")
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    for command in (("init", "-q"), ("add", "a.py"), (*identity, "commit", "-q", "-m", "x")):
        subprocess.run(["git", *command], cwd=repository, check=True)
    (repository / "secret.pem").write_text("x")
    (repository / "a.py").write_text("changed\n")
    source = checked_out(repository, tree)
    assert ["a.py"] == [path.name for path in tree.iterdir()]
    assert "committed\n" == (tree / "a.py").read_text()
    assert 40 == len(source.commit)
    with pytest.raises(Refused, match=r"has changes that are in no commit \(2 files\)"):
        check_clean(repository)


def test_a_build_that_does_not_repeat_is_refused(source: Source, tmp_path: Path) -> None:
    """Neither file is released."""
    (tmp_path / "edgefleet-1-py3-none-any.whl").write_bytes(b"other")
    with pytest.raises(OutsideFailure, match="has other bytes when it is built once more"):
        check_repeats(source, [tmp_path / "edgefleet-1-py3-none-any.whl"])


def test_the_wheel_has_the_package_its_templates_and_nothing_else(out: Path) -> None:
    """No test, no lock, no key; times are those of the commit."""
    (wheel,) = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        entries = archive.infolist()
    tops = {entry.filename.partition("/")[0].partition("-")[0] for entry in entries}
    assert {"edgefleet", "pulumi_embedded"} == tops
    assert "edgefleet/templates/formats/script.sh.j2" in {entry.filename for entry in entries}
    assert 1 == len({entry.date_time for entry in entries})
    (sdist,) = out.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        assert {TIME} == {entry.mtime for entry in archive if entry.isfile()}


def test_the_bill_lists_what_the_lock_installs(source: Source, out: Path) -> None:
    """As the format requires; every requirement with each of its digests."""
    text = (out / BILL).read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    lock = (source.tree / "requirements/run.lock").read_text()
    components = json.loads(text)["components"]
    pinned = {line.split(" ")[0].split("[")[0] for line in lock.splitlines() if "==" in line.split(" ")[0]}
    assert len(pinned) > 30
    assert pinned == {f"{part['name']}=={part['version']}" for part in components}
    digests = [
        value for part in components for value in part["properties"] if value["name"] == "edgefleet:sha256"
    ]
    assert lock.count("--hash=") == len(digests)


def test_the_schema_is_what_the_registry_lists(source: Source, out: Path) -> None:
    """With the address of the repository where one is named, and then with the logo and the plugin."""
    plain = json.loads((out / SCHEMA).read_text())
    assert {"displayName", "publisher", "homepage", "keywords", "license", "description", "version"} < set(
        plain
    )
    assert {"edgefleet:index:ControlPlane", "edgefleet:index:Fleet"} < set(plain["resources"])
    published = json.loads(schema(source, "https://git.example/edge/fleet.git"))
    assert plain == {name: value for name, value in published.items() if name in plain}
    assert {
        "repository": "https://git.example/edge/fleet",
        "logoUrl": f"https://git.example/edge/fleet/raw/{source.commit}/docs/logo.svg",
        "pluginDownloadURL": "git://git.example/edge/fleet.git/components/edgefleet/plugin",
    } == {name: value for name, value in published.items() if name not in plain}


def test_the_statement_names_every_file_and_is_signed(out: Path) -> None:
    """By the key that was named; sums are those of `sha256sum`."""
    envelope = dsse.from_bytes((out / SIGNED).read_bytes())
    assert envelope.is_signed_by(signing("key.pem", out.parent).public)
    assert (out / PROVENANCE).read_bytes() == envelope.payload
    subjects = {each["name"]: each["digest"]["sha256"] for each in json.loads(envelope.payload)["subject"]}
    assert {BILL, SCHEMA} < set(subjects)
    assert {name: digest(out / name) for name in subjects} == subjects
    lines = [line.split("  ") for line in (out / SUMS).read_text().splitlines()]
    assert {name: value for value, name in lines} == {
        file.name: digest(file) for file in out.iterdir() if file.name != SUMS
    }
