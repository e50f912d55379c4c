"""The table of commands agrees with the modules that it names, and `--help` loads none of them."""

import inspect
import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from edgefleet.commands.registry import COMMANDS, DEFAULTS, GROUPS, Stub, application

if TYPE_CHECKING:
    from tests.commands.conftest import World

ROOM = 80 - 6 - max(len(name.split()[0]) for name in COMMANDS)
"""Columns of a help line beside the longest name, where 80 are shown."""


@pytest.mark.parametrize("path", COMMANDS)
def test_a_help_line_is_the_first_line_of_the_commands_docstring(path: str) -> None:
    """`edgefleet --help` shows the table, `edgefleet COMMAND --help` the docstring; neither is cut at 80."""
    place, line = COMMANDS[path]
    module, _, function = place.partition(":")
    docstring = inspect.getdoc(getattr(import_module(f"edgefleet.commands.{module}"), function)) or ""
    assert (line, True) == (docstring.splitlines()[0], len(line) <= ROOM)


def test_every_group_has_a_help_line_and_commands() -> None:
    """A group without a line would be shown without one; a default names a command of its group."""
    groups = {path.rpartition(" ")[0] for path in COMMANDS} - {""}
    assert GROUPS.keys() == groups
    assert set() == {f"{group} {name}" for group, name in DEFAULTS.items()} - COMMANDS.keys()
    assert [] == [line for line in GROUPS.values() if len(line) > ROOM]


@pytest.mark.parametrize("path", COMMANDS)
def test_each_command_prints_its_own_help(
    path: str, world: "World", capsys: pytest.CaptureFixture[str]
) -> None:
    """Its options are declared in a way that typer reads."""
    assert 0 == world.run(*path.split(), "--help").code
    shown = capsys.readouterr().out
    assert shown.startswith(f"Usage: edgefleet {path} [OPTIONS]")
    assert COMMANDS[path][1] in " ".join(shown.split())


def test_alone_it_prints_its_help_as_a_group_does(world: "World", capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0, and the same as with --help."""
    for group in ([], ["image"], ["hub"]):
        assert 0 == world.run(*group).code
        alone = capsys.readouterr().out
        assert 0 == world.run(*group, "--help").code
        assert alone == capsys.readouterr().out
        assert alone.startswith("Usage: edgefleet")


def test_the_version_is_printed(world: "World") -> None:
    """As the package's metadata has it."""
    ran = world.run("--version")
    assert (0, "edgefleet") == (ran.code, ran.out.split()[0])


def test_a_misspelt_command_is_answered_with_the_nearest(world: "World") -> None:
    """Of a group, too."""
    assert "Did you mean 'preview'?" in world.run("previw").err
    assert "Did you mean 'verify'?" in world.run("image", "verfy").err


def test_help_loads_no_command() -> None:
    """Nor what commands are made of: a fresh Python that shows the help has no YAML reader."""
    program = (
        "import sys\nfrom edgefleet import cli\ncode = cli.run(['--help'])\n"
        "mine = {name for name in sys.modules if name.startswith('edgefleet.commands.')}\n"
        "known = {'registry', 'screen', 'session'}\n"
        "print(code, sorted(mine - {f'edgefleet.commands.{name}' for name in known}),"
        " sorted({'yaml', 'pydantic', 'pulumi', 'cryptography'} & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.stdout.endswith("0 [] []\n"), run.stdout + run.stderr


def test_only_the_chosen_command_is_loaded() -> None:
    """What stands in the table before that is a name and a line."""
    root = application()
    assert ["validate", "preview", "up"] == list(root.commands)[:3]
    assert isinstance(root.commands["validate"], Stub)
    assert ["files", "stack"] == [each.name for each in root.commands["validate"].load().params]
