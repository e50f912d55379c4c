"""The whole story as its user lives it: the command line, the embedded engine, the emulated cloud.

The command line runs in this process; `test_command.py` starts the installed command.
"""

import hashlib
import io
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edgefleet import cli
from edgefleet.commands.session import Lines, Session
from edgefleet.engine.embedded import EmbeddedEngine

ROOT = Path(__file__).resolve().parents[2]
KEEPS = ("PATH", "LANG", "TMPDIR")


@dataclass(frozen=True)
class Ran:
    """What one command line did."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Project:
    """A copy of this checkout's program, with an environment of its own."""

    path: Path

    def run(self, *arguments: str) -> Ran:
        """Run a command line in the project, 80 columns wide, never asking."""
        out, err = io.StringIO(), io.StringIO()
        environment = {name: os.environ[name] for name in KEEPS if name in os.environ}
        session = Session(
            project=self.path,
            out=Lines(file=out, width=80, highlight=False),
            err=Lines(file=err, width=80, highlight=False),
            stdin=io.StringIO(),
            environment=environment,
            choose=lambda _: EmbeddedEngine(environ=environment),
        )
        return Ran(cli.run(arguments, session), out.getvalue(), err.getvalue())

    def json(self, *arguments: str) -> dict[str, Any]:
        """Run with ``--json -`` and give back what was written; a failure shows the output."""
        done = self.run(*arguments, "--engine", "local", "--json", "-")
        assert done.returncode == 0, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def edit(self, old: str, new: str) -> None:
        """Replace one text, which must be there exactly once, in the dev fleet file."""
        file = self.path / "stacks" / "dev.fleet.yaml"
        text = file.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file.name}"
        file.write_text(text.replace(old, new))

    @property
    def state(self) -> Path:
        """The dev stack's state."""
        return self.path / ".pulumi" / "stacks" / "fleet" / "dev.json"

    def images(self) -> dict[str, str]:
        """dict[path of an image below the store -> its SHA-256]."""
        store = self.path / ".edgefleet" / "images" / "dev"
        return {
            str(path.relative_to(store)): "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(store.rglob("*"))
            if path.suffix in {".iso", ".tar"}
        }


def copied(folder: Path) -> Project:
    """The program and stacks of this checkout in a folder of their own."""
    made = Project(folder)
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(ROOT / name, made.path / name)
    shutil.copytree(ROOT / "stacks", made.path / "stacks", ignore=shutil.ignore_patterns("Pulumi.dev.yaml"))
    return made


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A copy of this checkout with a new secret."""
    made = copied(tmp_path_factory.mktemp("story"))
    done = made.run("init", "-s", "dev")
    assert done.returncode == 0, done.stdout + done.stderr
    yield made
    made.run("emulator", "stop")


@pytest.fixture
def standing(project: Project) -> Project:
    """The project, brought up, also for a test that runs alone."""
    if not project.images():
        project.json("up", "-s", "dev", "-y")
    return project


def addresses(project: Project) -> list[tuple[str, str]]:
    """(site, static address) of the one-line sites of the dev fleet, in the file's order."""
    text = (project.path / "stacks" / "dev.fleet.yaml").read_text()
    line = re.compile(r"^  ([a-z0-9-]+): .*\baddress: (\d+\.\d+\.\d+\.\d+/\d+)", re.MULTILINE)
    _, _, sites = text.partition("\nsites:\n")
    return line.findall(sites)


def test_the_first_preview_shows_every_digest_that_up_will_store(project: Project) -> None:
    """Preview, the very first one too, tells the digest of each seed; up stores exactly those bytes."""
    before = project.json("preview", "-s", "dev")
    assert {"create"} == {site["op"] for site in before["sites"]}
    assert 24 == len(before["sites"])
    promised = {image["new"] for site in before["sites"] for image in site["images"].values()}
    assert not project.images()
    after = project.json("up", "-s", "dev", "-y")
    assert "succeeded" == after["result"]
    assert promised == set(project.images().values())


def test_a_second_up_has_nothing_to_do(standing: Project) -> None:
    """Running the same again changes nothing, neither images nor state."""
    images = standing.images()
    again = standing.json("up", "-s", "dev", "-y")
    counts = again["summary"]
    assert (0, 0, 0, 0) == tuple(counts[op] for op in ("create", "update", "replace", "delete"))
    assert images == standing.images()


def test_one_edited_address_names_one_site_and_both_digests(standing: Project) -> None:
    """The preview names the site, the change and the digests; up changes that image alone."""
    site, address = addresses(standing)[0]
    host, prefix = address.split("/")
    changed = f"{host.rsplit('.', 1)[0]}.{(int(host.rsplit('.', 1)[1]) % 200) + 37}/{prefix}"
    before = standing.images()
    standing.edit(f"address: {address}", f"address: {changed}")
    preview = standing.json("preview", "-s", "dev")
    assert [site] == [found["name"] for found in preview["sites"]]
    (found,) = preview["sites"]
    assert ("update", "reflash") == (found["op"], found["effect"])
    (image,) = found["images"].values()
    assert image["old"] != image["new"]
    assert before == standing.images(), "a preview stores nothing"
    standing.json("up", "-s", "dev", "-y")
    after = standing.images()
    differing = {path for path in before if before[path] != after[path]}
    assert before.keys() == after.keys()
    assert {image["new"]} == {after[path] for path in differing}


def test_what_a_person_reads_names_the_loss_first(standing: Project) -> None:
    """A removed site is named before everything else; up removes its images."""
    file = standing.path / "stacks" / "dev.fleet.yaml"
    text = file.read_text()
    site = next(name for name, _ in reversed(addresses(standing)) if text.count(name) == 1)
    shorter = "".join(line for line in text.splitlines(keepends=True) if not line.startswith(f"  {site}:"))
    assert len(shorter) < len(text)
    file.write_text(shorter)
    shown = standing.run("preview", "-s", "dev", "--engine", "local")
    assert shown.returncode == 0, shown.stderr
    gone = shown.stdout.index("GONE")
    assert site in shown.stdout[gone:]
    assert max(map(len, shown.stdout.splitlines())) <= 80, shown.stdout
    standing.json("up", "-s", "dev", "-y")
    assert not [path for path in standing.images() if f"/{site}/" in f"/{path}"]
    assert standing.images()


def test_an_acknowledged_site_is_no_longer_pending(standing: Project) -> None:
    """A new image in the store is not a changed node: it stays pending until someone reports otherwise."""
    site, _ = addresses(standing)[0]
    pending = {found["name"] for found in standing.json("preview", "-s", "dev")["pending"]}
    assert site in pending
    done = standing.run("sites", "ack", "-s", "dev", "--target", site)
    assert done.returncode == 0, done.stderr
    still = {found["name"] for found in standing.json("preview", "-s", "dev")["pending"]}
    assert pending - {site} == still


def test_a_lost_image_is_found_by_refresh_and_made_again(standing: Project) -> None:
    """Somebody deletes an image behind our back: refresh shows it, up repairs it, byte for byte."""
    images = standing.images()
    victim = sorted(images)[3]
    (standing.path / ".edgefleet" / "images" / "dev" / victim).unlink()
    standing.json("refresh", "-s", "dev", "-y")
    standing.json("up", "-s", "dev", "-y")
    assert images == standing.images()


def test_a_bad_fleet_file_changes_nothing(standing: Project) -> None:
    """Every error at once, exit code 1, no traceback, state and images as they were."""
    file = standing.path / "stacks" / "dev.fleet.yaml"
    good, images, state = file.read_text(), standing.images(), standing.state.read_bytes()
    file.write_text(good.replace("profile:", "profil:", 1).replace("recipe: 1", "recipe: 99", 1))
    done = standing.run("up", "-s", "dev", "-y", "--engine", "local")
    file.write_text(good)
    said = done.stdout + done.stderr
    assert 1 == done.returncode, said
    assert "Traceback" not in said
    assert "profil" in said
    assert "recipe" in said
    assert images == standing.images()
    assert state == standing.state.read_bytes()


def test_destroy_leaves_nothing(standing: Project) -> None:
    """Destroy removes every image and empties the stack."""
    done = standing.json("destroy", "-s", "dev", "-y")
    assert "succeeded" == done["result"]
    assert {} == standing.images()
    store = standing.path / ".edgefleet" / "images" / "dev"
    assert [] == [path for path in store.rglob("*") if path.is_file()]
    state = json.loads(standing.state.read_text())
    assert [] == state["checkpoint"]["latest"].get("resources", [])
