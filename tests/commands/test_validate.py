"""`edgefleet validate`: every error at once, fast."""

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.commands.conftest import World


def test_a_good_file_is_summed_up(world: "World") -> None:
    """Exit 0 and one line a file."""
    ran = world.run("validate", "stacks/dev.fleet.yaml")
    assert (0, "note: nobody can log in") == (ran.code, ran.err[:23])
    assert "stacks/dev.fleet.yaml: shops / dev: 3 sites, 4 nodes, no problems\n" == ran.out
    assert {ran.out} == {world.run(*words).out for words in (("validate",), ("validate", "-s", "dev"))}
    world.fleet_file.unlink()
    assert (1, True) == ((none := world.run("validate")).code, "there is no fleet file here" in none.err)


def test_every_error_of_every_file_at_once(world: "World") -> None:
    """Nothing stops at the first error or the first file; one cause is one error."""
    world.edit("memory: 8Gi", "memory: 8 potatoes")
    world.edit("recipe: 1", "recipe: 99")
    other = world.project / "stacks" / "other.fleet.yaml"
    other.write_text("apiVersion: edgefleet.dev/v1\nfleets: x\n")
    ran = world.run("validate", "stacks/dev.fleet.yaml", "stacks/other.fleet.yaml")
    assert 1 == ran.code
    words = ran.err.replace("\n  ", " ")
    assert [] == [word for word in ("potatoes", "99", "did you mean fleet?") if word not in words]
    assert "  4 | recipe: 99\n    |         ^\n" in ran.err
    assert ran.err.count("error[") == ran.err.count("  help: ") >= 3


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("stacks/none.fleet.yaml", None),
        ("stacks", None),
        ("/dev/null/x", None),
        ("broken.yaml", b"a: [1, {"),
        ("binary.yaml", b"\x00\xff\xfe"),
        ("empty.yaml", b""),
        ("list.yaml", b"- a\n"),
        ("huge.yaml", b"fleet: " + b"x" * 10_000_000),
        ("deep.yaml", b"[" * 5000),
    ],
)
def test_what_is_no_fleet_file_is_one_clear_message(world: "World", path: str, content: bytes | None) -> None:
    """Missing, a directory, broken, binary, empty, huge: where, what, what to do; no traceback."""
    if content is not None:
        (world.project / path).write_bytes(content)
    ran = world.run("validate", path)
    assert ran.code in {1, 2}
    assert ran.err.startswith("error[")
    assert "  help: " in ran.err
    assert "defect" not in ran.err
    assert [] == [line for line in ran.err.splitlines() if len(line) > 80 and " " in line.strip()]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_one_clear_message(world: "World") -> None:
    """The permission is named."""
    world.fleet_file.chmod(0)
    ran = world.run("validate", "stacks/dev.fleet.yaml")
    assert ran.code in {1, 2}
    assert "permission" in ran.err


def test_it_runs_without_pulumi_and_clouds(world: "World") -> None:
    """An editor runs it on every save: what takes long to import is not imported."""
    program = (
        "import sys\nfrom edgefleet import cli\n"
        "code = cli.run(['validate', 'stacks/dev.fleet.yaml'])\n"
        "heavy = {'pulumi', 'boto3', 'botocore', 'grpc', 'moto', 'jinja2', 'pycdlib', 'cryptography'}\n"
        "print(code, sorted({name.split('.')[0] for name in sys.modules} & heavy))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=world.project, capture_output=True, text=True, check=False
    )
    assert run.stdout.endswith("0 []\n"), run.stdout + run.stderr


def test_a_reader_that_goes_away_is_no_error_message(world: "World") -> None:
    """``edgefleet schema | true``: the code that shells use for it, and nothing on stderr."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "edgefleet.cli", "schema"]
    with os.fdopen(writing, "wb") as gone:
        run = subprocess.run(
            command, cwd=world.project, stdout=gone, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (141, "") == (run.returncode, run.stderr)


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
HUB = "controlPlane: {kind: none,"


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        ("sites:", "sites:", "nobody can log in to the nodes of berlin, hamburg, munich"),
        ("munich: {", f"munich: {{users: {{ops: {{sshKeys: ['{KEY}']}}}}, ", "the nodes of berlin, hamburg:"),
        ("munich: {", "munich: {breakGlass: {console: true}, ", "the nodes of berlin, hamburg:"),
        ("sites:", "rollout: {bake: 2h}\nsites:", "rollout has no effect: the fleet file has no channel"),
        ("sites:", "revoked: {munich: 1}\nsites:", "revoked has no effect: this region has no hub"),
        (
            "sites:",
            "revoked: {munch: 1}\nsites:",
            "munch, without a row: leave removed sites there, and check the spelling",
        ),
        (
            "sites:",
            "revoked: {munich: 1}\nsites:",
            "munich is revoked at its own key generation 1: to let it in",
        ),
        (
            "munich: {",
            "munich: {backup: {}, ",
            "backup of munich has no effect: the fleet file has no channel",
        ),
    ],
)
def test_what_has_no_effect_does_not_look_done(world: "World", old: str, new: str, note: str) -> None:
    """Validate and preview state it; neither refuses."""
    world.edit(old, new)
    ran = world.run("validate", "stacks/dev.fleet.yaml")
    assert (0, True) == (ran.code, note in " ".join(ran.err.split())), ran.err
    assert note in " ".join(world.run("preview", "-s", "dev").out.split())


def test_a_key_generation_that_nobody_has_cannot_be_revoked(world: "World") -> None:
    """It would shut out the site's next images."""
    world.edit("sites:", "revoked: {munich: 5}\nsites:")
    ran = world.run("validate", "stacks/dev.fleet.yaml")
    assert 1 == ran.code
    assert "revoked.munich: munich is at key generation 1" in " ".join(ran.err.split())
    assert "help: write 1 or less" in ran.err


def test_a_step_back_of_k3s_is_noted(up: "World") -> None:
    """Once, however many sites make it."""
    up.edit("v1.36.4+k3s1", "v1.33.4+k3s1")
    shown = " ".join(up.run("preview", "-s", "dev").out.split())
    assert 1 == shown.count("note: k3s: v1.33.4+k3s1 is older than v1.36.4+k3s1")
