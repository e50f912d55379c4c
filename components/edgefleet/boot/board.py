"""Step: settings of boot loader and firmware for the board: cgroups, serial console, ``config.txt``.

They take effect at one restart, after the rest of the first boot.
"""

from edgefleet.io.templates import render, unit
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.kernel_command_line import config_txt, words

SCRIPT = "/usr/local/lib/edgefleet/board"
UNIT = "edgefleet-board.service"


def plan(target: Target) -> Step:
    """The script, run now, and the restart that it may request; undone for a board without settings."""
    kernel_words, config = words(target.node), config_txt(target.node)
    restart = f"systemctl start --no-block {UNIT}"
    if not kernel_words and not config:
        return Step.removal(SCRIPT, f"{SCRIPT} undo", f"rm -f {SCRIPT}", restart)
    commands: list[tuple[str, ...]] = [(SCRIPT,)]
    if target.node.hardware.serial_console is not None:
        port = target.node.hardware.serial_console.partition(",")[0]
        commands.append(("systemctl", "enable", "--now", "--no-block", f"serial-getty@{port}.service"))
    commands.append(tuple(restart.split()))
    text = render("hardware/board.sh.j2", words=kernel_words, config=config)
    return Step(
        files=(File.program(SCRIPT, text),),
        units=(unit(f"hardware/{UNIT}", is_enabled=False),),
        commands=tuple(commands),
    )
