"""A node's words for its kernel's command line, and lines for a Raspberry Pi's ``config.txt``. Pure.

Sources: k3s docs, installation/requirements (Raspberry Pi OS leaves out the cgroup of memory); Raspberry Pi
documentation, config.txt; kernel documentation, serial-console. A board's own steps write them at first boot;
a user who writes a boot partition may add them before.
"""

from collections.abc import Iterator

from edgefleet.model.site import Node

CGROUPS = ("cgroup_memory=1", "cgroup_enable=memory")


def words(node: Node) -> tuple[str, ...]:
    """Words to add to the command line of `node`, in their order.

    The last ``console=`` is where the system's own messages go, so the screen comes first.
    """
    return tuple(dict.fromkeys((*_own(node), *node.kernel.arguments)))


def _own(node: Node) -> tuple[str, ...]:
    arguments: tuple[str, ...] = CGROUPS if node.hardware.raspberry_pi is not None else ()
    if node.hardware.serial_console is not None:
        port, _, rate = node.hardware.serial_console.partition(",")
        arguments += ("console=tty0", f"console={port},{rate or '115200'}")
    return arguments


def contradictions(node: Node) -> Iterator[tuple[int, str]]:
    """(position, word that edgefleet sets) of arguments of the fleet file that contradict that word."""
    consoles = [word for word in _own(node) if word.startswith("console=")]
    for position, argument in enumerate(node.kernel.arguments):
        if argument.startswith("console=") and consoles and argument not in consoles:
            yield position, consoles[-1]


def config_txt(node: Node) -> tuple[str, ...]:
    """Lines for the ``[all]`` section of ``config.txt``; none where `node` is no Raspberry Pi."""
    board = node.hardware.raspberry_pi
    if board is None:
        return ()
    lines = ["arm_64bit=1"] if node.arch == "arm64" else []
    if node.hardware.watchdog != "off":
        lines.append("dtparam=watchdog=on")
    if node.hardware.serial_console is not None:
        lines.append("enable_uart=1")
    if not board.bluetooth:
        lines.append("dtoverlay=disable-bt")
    if not board.audio:
        lines.append("dtparam=audio=off")
    return (*lines, *board.config)
