"""`init`, `new`, `schema`, `emulator`."""

import ast
import json
import shutil
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from edgefleet.commands import init
from edgefleet.commands.new import _with_command
from edgefleet.commands.registry import COMMANDS, Stub
from edgefleet.commands.secrets import read
from edgefleet.commands.session import Session
from edgefleet.engine.configuration import PASSPHRASE_VARIABLES
from edgefleet.io.store.directory import DirectoryStore

if TYPE_CHECKING:
    from tests.commands.conftest import World


def secrets(world: "World") -> tuple[str | None, dict[str, str]]:
    """The fleet secret and the passphrases of the stack dev."""
    session = Session.of_process().inside(world.project)
    found = read(session, "dev")
    return found.fleet_secret, found.passphrases


def test_init_writes_the_secret_once(world: "World") -> None:
    """Encrypted, with a passphrase of the project's own, 0600; a second time it is refused."""
    ran = world.run("init", "-s", "dev")
    assert 0 == ran.code
    file, key = world.project / "stacks" / "Pulumi.dev.yaml", world.project / ".edgefleet" / "passphrase"
    assert 0o600 == stat.S_IMODE(key.stat().st_mode)
    assert "keep a copy" in " ".join(ran.err.split())
    document = yaml.safe_load(file.read_text())
    assert document["encryptionsalt"].startswith("v1:")
    assert {"secure"} == set(document["config"]["fleet:secret"])
    secret, _ = secrets(world)
    assert secret is not None
    assert 44 == len(secret)
    assert secret not in file.read_text()
    before = file.read_text()
    again = world.run("init", "-s", "dev")
    assert (3, before) == (again.code, file.read_text())
    assert 0 == world.run("init", "-s", "dev", "--if-missing").code
    assert before == file.read_text()


def test_init_uses_the_passphrase_that_is_given(world: "World") -> None:
    """With PULUMI_CONFIG_PASSPHRASE set, no file is made."""
    world.environment[PASSPHRASE_VARIABLES[0]] = "correct horse"
    assert 0 == world.run("init", "-s", "dev").code
    assert not (world.project / ".edgefleet" / "passphrase").exists()
    world.environment[PASSPHRASE_VARIABLES[0]] = "battery staple"
    wrong = world.run("init", "-s", "dev", "--if-missing")
    assert (1, True) == (wrong.code, "passphrase is not this stack's" in wrong.err.replace("\n  ", " "))


@pytest.mark.parametrize(
    "text",
    [
        "# ours\nconfig:\n  # the zone\n  aws:region: eu-central-1\n",
        "# ours\nconfig:\n  # the zone\n  aws:region: eu-central-1",
        "# ours\n",
    ],
)
def test_init_keeps_what_the_stack_file_says(world: "World", text: str) -> None:
    """Settings and comments stay as they are."""
    file = world.project / "stacks" / "Pulumi.dev.yaml"
    file.write_text(text)
    assert 0 == world.run("init", "-s", "dev").code
    kept = file.read_text()
    assert [] == [line for line in text.splitlines() if line not in kept.splitlines()]
    assert "fleet:secret" in yaml.safe_load(kept)["config"]


def test_passphrases_are_read_from_stdin_and_never_shown(world: "World") -> None:
    """Each is requested; too short a one is refused; the fleet's other ones are named."""
    world.edit(
        "munich: {nodes: {n1: {}}}",
        "munich: {network: {wifi: {ssid: Shops, passphrase: {secret: shop-wifi}, country: DE}}}",
    )
    ran = world.run("init", "-s", "dev")
    assert "edgefleet init -s dev --passphrase shop-wifi" in ran.err.replace("\n  ", " ")
    assert 1 == world.run("init", "-s", "dev", "--passphrase", "shop-wifi").code
    secret, _ = secrets(world)
    assert (secret, {}) == secrets(world)
    ran = world.run("init", "-s", "dev", "--passphrase", "shop-wifi", piped="correct horse\n")
    assert (0, False) == (ran.code, "correct horse" in ran.out + ran.err)
    assert (secret, {"shop-wifi": "correct horse"}) == secrets(world)


def test_other_secrets_than_passphrases_are_reported_and_taken_as_they_are(world: "World") -> None:
    """A proxy's credentials have no length of WPA2's."""
    credentials = "till-proxy:" + "x" * 90
    world.edit(
        "defaults: {",
        "defaults: {proxy: {https: 'http://proxy.example:3128', credentials: {secret: proxy}}, ",
    )
    ran = world.run("init", "-s", "dev")
    assert (
        "secrets are missing: proxy (proxy login); set them with: edgefleet init -s dev --passphrase proxy"
        in " ".join(ran.err.split())
    )
    assert 1 == world.run("init", "-s", "dev", "--passphrase", "proxy", piped="\n").code
    ran = world.run("init", "-s", "dev", "--passphrase", "proxy", piped=f"{credentials}\n")
    assert (0, False) == (ran.code, "missing" in ran.err), ran.err
    assert {"proxy": credentials} == secrets(world)[1]


def test_a_fleet_for_trying_things_gets_passphrases(world: "World") -> None:
    """With the emulated cloud a fleet comes up as it is."""
    world.edit("eu-central-1}", "eu-central-1, endpoint: emulated}")
    world.edit(
        "munich: {nodes: {n1: {}}}",
        "munich: {network: {wifi: {ssid: Shops, passphrase: {secret: shop-wifi}, country: DE}}}",
    )
    ran = world.run("init", "-s", "dev", "--if-missing")
    assert (0, True) == (ran.code, "generated a secret for shop-wifi" in ran.err)
    assert ["shop-wifi"] == [*secrets(world)[1]]


def test_a_given_passphrase_is_kept_in_the_emulated_cloud(world: "World") -> None:
    """Only a missing one is generated; what somebody typed is what the shop's access point has."""
    world.edit("eu-central-1}", "eu-central-1, endpoint: emulated}")
    wifi = "wifi: {ssid: Shops, passphrase: {secret: shop-wifi}, country: DE}"
    world.edit("munich: {nodes: {n1: {}}}", f"munich: {{nodes: {{n1: {{network: {{{wifi}}}}}}}}}")
    ran = world.run("init", "-s", "dev", "--passphrase", "shop-wifi", piped="correct horse\n")
    assert (0, False) == (ran.code, "generated a secret" in ran.err)
    assert {"shop-wifi": "correct horse"} == secrets(world)[1]


@pytest.mark.parametrize("variable", PASSPHRASE_VARIABLES)
def test_an_empty_passphrase_encrypts_no_secret_of_real_sites(world: "World", variable: str) -> None:
    """It is no secret: the stack file alone would open the fleet. An emulated fleet gets a warning."""
    empty = world.project / "empty"
    empty.write_text("\n")
    world.environment[variable] = str(empty) if variable.endswith("_FILE") else ""
    ran = world.run("init", "-s", "dev")
    assert (3, False) == (ran.code, (world.project / "stacks" / "Pulumi.dev.yaml").exists())
    assert "error[empty-passphrase]" in ran.err
    world.edit("eu-central-1}", "eu-central-1, endpoint: emulated}")
    ran = world.run("init", "-s", "dev")
    assert (0, True) == (ran.code, "warning: the passphrase of this stack is empty" in ran.err)


def test_a_preview_states_that_the_passphrase_is_empty(world: "World") -> None:
    """A stack that the Pulumi CLI made may have one."""
    assert "passphrase" not in world.run("preview", "-s", "dev").out
    world.environment[PASSPHRASE_VARIABLES[0]] = ""
    assert "note: the passphrase of this stack is empty" in world.run("preview", "-s", "dev").out


def _written_by_default() -> set[str]:
    """The paths that commands write to where none is given."""
    commands = [Stub(path, *entry).load() for path, entry in COMMANDS.items()]
    options = [option for command in commands for option in command.params if "--out" in option.opts]
    paths = {str(option.default) for option in options if isinstance(option.default, Path)}
    assert {".edgefleet"} == {path.partition("/")[0] for path in paths}
    return paths


def _assert_ignored(root: Path, names: set[str]) -> None:
    """Git would add none of these files: they hold credentials, or images, which do."""
    folder = root / "checkout"
    folder.mkdir()
    shutil.copy(root / ".gitignore", folder)
    run = partial(subprocess.run, cwd=folder, check=True, capture_output=True, text=True)
    run(["git", "init", "-q"])
    for name in names:
        file = folder / name / "n1.iso" if "." not in Path(name).name else folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("secret")
    assert ["?? .gitignore"] == run(["git", "status", "--porcelain", "-uall"]).stdout.splitlines()
    shutil.rmtree(folder)


def test_nothing_with_credentials_is_added_to_git(known: "World") -> None:
    """Neither built images, nor the store, nor a passphrase, in a project without a .gitignore."""
    known.environment.clear()
    (known.project / "stacks" / "Pulumi.dev.yaml").unlink()
    assert 0 == known.run("init", "-s", "dev").code
    assert 0 == known.run("image", "build", "-s", "dev", "--all", "--out", "built", "--jobs", "1").code
    assert 0 == known.run("preview", "-s", "dev").code
    DirectoryStore(known.project / "images").put("sites/berlin/n1.iso", b"image")
    run = partial(subprocess.run, cwd=known.project, check=True, capture_output=True, text=True)
    run(["git", "init", "-q"])
    listed = run(["git", "status", "--porcelain", "-uall"]).stdout.split()
    assert {"Pulumi.yaml", "stacks/Pulumi.dev.yaml", "stacks/dev.fleet.yaml"} == {*listed[1::2]}
    assert (known.project / "built" / "berlin" / "n1.iso").is_file()
    assert 0 == known.run("image", "verify", "built").code


def test_new_makes_a_project_that_works(world: "World") -> None:
    """Valid as it is, with completion for editors that needs no network, and a secret."""
    ran = world.run("new", "Shop Fleet", "--region", "eu")
    assert 0 == ran.code
    root = world.project / "Shop Fleet"
    assert (
        "# yaml-language-server: $schema=fleet.schema.json"
        == ((root / "stacks" / "eu.fleet.yaml").read_text().splitlines()[0])
    )
    assert (
        "http://json-schema.org/draft-07/schema#"
        == (json.loads((root / "stacks" / "fleet.schema.json").read_text())["$schema"])
    )
    pulumi = yaml.safe_load((root / "Pulumi.yaml").read_text())
    assert ("shop-fleet", "stacks") == (pulumi["name"], pulumi["stackConfigDir"])
    assert "python" == pulumi["runtime"]  # that of the active environment, which has the plugin too
    assert (Path(sys.prefix) / "bin" / "pulumi-resource-edgefleet").is_file()
    committed = ["Pulumi.yaml", "__main__.py", "README.md", "stacks/eu.fleet.yaml"]
    assert not [name for name in committed if sys.prefix in (root / name).read_text()]
    assert not (root / "requirements.txt").exists()  # no index has edgefleet: its name there is a stranger's
    assert "fleet:secret" in yaml.safe_load((root / "stacks" / "Pulumi.eu.yaml").read_text())["config"]
    assert {".edgefleet/", ".pulumi/"} <= set((root / ".gitignore").read_text().split())
    _assert_ignored(root, _written_by_default())
    _assert_ignored(
        root, {"hub.kubeconfig", "built", "images", "job.yaml", "signing.pem", "keys/signing.pem"}
    )
    assert 0 == world.run("-C", "Shop Fleet", "validate", "stacks/eu.fleet.yaml").code
    compile((root / "__main__.py").read_text(), "__main__.py", "exec")


def test_new_names_a_folder_that_has_the_command(world: "World", tmp_path: Path) -> None:
    """Where it is not on PATH; an environment that has no such file is not named."""
    (folder,) = _with_command([tmp_path, Path(sys.executable).parent])
    assert (folder / "edgefleet").is_file()
    assert [] == _with_command([tmp_path])
    hint = f'put edgefleet on PATH first: export PATH={folder}:"$PATH"'
    assert hint in " ".join(world.run("new", "a").err.split())
    world.environment["PATH"] = str(folder)
    assert "PATH" not in world.run("new", "b").err


def test_new_writes_over_nothing(world: "World") -> None:
    """What is there is named, and nothing is written."""
    (world.project / "mine").mkdir()
    (world.project / "mine" / "Pulumi.yaml").write_text("name: mine\n")
    ran = world.run("new", "mine")
    assert 1 == ran.code
    assert "Pulumi.yaml" in ran.err
    assert ["Pulumi.yaml"] == [path.name for path in (world.project / "mine").iterdir()]
    (world.project / "file").write_text("")
    assert 1 == world.run("new", "file").code
    assert 1 == world.run("new", "x", "--region", "../../etc").code
    assert not (world.project / "x").exists()


def test_small_commands_print_one_thing(world: "World") -> None:
    """The schema is JSON; stopping what does not run is success."""
    assert "fleet" in json.loads(world.run("schema").out)["properties"]
    stopped = world.run("emulator", "stop")
    assert (0, "", "") == (stopped.code, stopped.out, stopped.err)
    assert 1 == world.run("-C", "nowhere", "schema").code
    assert 0 == world.run("--help").code


@pytest.mark.parametrize(
    ("link", "command"),
    [
        (".edgefleet", ("init", "-s", "dev")),
        ("stacks/Pulumi.dev.yaml", ("init", "-s", "dev")),
        (".edgefleet", ("preview", "-s", "dev")),
        (".edgefleet/previews", ("preview", "-s", "dev")),
        ("new/stacks", ("new", "new")),
        ("new/.edgefleet", ("new", "new")),
    ],
)
def test_no_link_of_a_checkout_leads_what_is_written_elsewhere(
    world: "World", link: str, command: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A repository can hold links; a passphrase or a preview written through one is in another's hands."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    place = world.project / link
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(elsewhere / "file" if link.endswith(".yaml") else elsewhere)
    ran = world.run(*command)
    assert [] == list(elsewhere.iterdir())
    assert (2, True) == (ran.code, "a symbolic link" in ran.err) or "preview" in command


def test_each_command_writes_to_a_path_that_was_checked() -> None:
    """`Session.writable` refuses links; no command joins a path to the project by itself to write there."""
    folder = Path(init.__file__).parent
    writes = [
        f"{path.name}:{node.lineno}"
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args
        if node.func.attr in {"write", "writing", "write_text", "write_bytes", "remove", "update", "jot"}
        if ".project /" in ast.unparse(node.args[0]) or "root /" in ast.unparse(node.args[0])
    ]
    assert [] == writes
