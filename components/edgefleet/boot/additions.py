"""Step: the files and commands that the fleet file adds.

Commands run after all that edgefleet sets up and before k3s starts. A node must serve without its link, so a
command that waits for it is ended, and k3s starts whatever the commands do.
"""

from edgefleet.model.firstboot import File, Step, Target

WITHIN = "10m"
"""Time for a command."""


def plan(target: Target) -> Step:
    """Files, and commands by the shell, in the order of the fleet file."""
    files = (
        File(path=path, content=file.content.encode(), mode=int(file.mode, 8), owner=file.owner)
        for path, file in sorted(target.node.files.items())
    )
    commands = (("timeout", WITHIN, "sh", "-c", command) for command in target.node.commands)
    return Step(files=tuple(files), commands=tuple(commands))
