"""Files and commands of the fleet file."""

import json
from typing import get_args

import yaml
from tests.boot.conftest import Targets

from edgefleet.images import FORMATS
from edgefleet.model.firstboot import FirstBoot
from edgefleet.model.syntax import Grammar
from edgefleet.model.system import FilePath
from edgefleet.site.first_boot import first_boot


def test_files_are_where_the_fleet_file_puts_them(boot: FirstBoot) -> None:
    """With mode and owner; cloud-init writes one of a user when the user exists."""
    own = {file.path: (file.mode, file.owner) for file in boot.files if "/opt/till" in file.path}
    assert {"/opt/till/start": (0o755, "ops:ops")} == own
    config = yaml.safe_load(FORMATS["nocloud"].seed(boot).files["user-data"])
    deferred = [entry["path"] for entry in config["write_files"] if entry.get("defer")]
    assert ["/opt/till/start"] == deferred


def test_commands_end_and_precede_k3s(boot: FirstBoot) -> None:
    """A command that waits for a link that is away does not keep k3s from starting."""
    own = [index for index, command in enumerate(boot.commands) if command[0] == "timeout"]
    assert [
        ("10m", "sh", "-c", "test -e /srv/till || mkdir /srv/till"),
        ("10m", "sh", "-c", 'echo "$HOSTNAME" 100%'),
    ] == [boot.commands[index][1:] for index in own]
    assert max(own) < boot.commands.index(
        ("systemctl", "restart", "--no-block", "edgefleet-k3s-install.service")
    )


def test_no_file_of_edgefleet_can_be_replaced(boot: FirstBoot, target: Targets) -> None:
    """Two files of one path: the later one would win."""
    grammar = next(note for note in get_args(FilePath) if isinstance(note, Grammar))
    own = [*boot.files, *first_boot(target("server-static")).files]
    written = {file.path for file in own} - target("additions").node.files.keys()
    assert len(written) > 30
    assert [] == [path for path in sorted(written) if grammar.accepts(path)]


def test_ignition_has_them_too(boot: FirstBoot) -> None:
    """Files with their owners, commands in the script of the first boot."""
    config = json.loads(FORMATS["ignition"].seed(boot).files["config.ign"])
    (own,) = (file for file in config["storage"]["files"] if file["path"] == "/opt/till/start")
    assert ({"name": "ops"}, {"name": "ops"}, 0o755) == (own["user"], own["group"], own["mode"])
