"""Step: SSH by keys only, at the site's port.

Where a socket of systemd listens in place of sshd (Flatcar: ``sshd.socket``, Ubuntu from 22.10 on:
``ssh.socket``), the socket has the port (Flatcar docs, "Customizing the SSH daemon"). A base system may
forbid a port, as SELinux does, and then the node reports that.
"""

from edgefleet.io.templates import render
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.safety import SSH_PORT

SOCKETS = tuple(f"/etc/systemd/system/{name}.socket.d/50-edgefleet.conf" for name in ("ssh", "sshd"))
SCRIPT = "/usr/local/lib/edgefleet/ssh-port"


def plan(target: Target) -> Step:
    """A drop-in for sshd: no passwords, no root, only the node's users, only local port forwarding."""
    users, port = [user.name for user in target.settings.users], target.settings.ssh.port
    text = render("safety/sshd.conf.j2", users=users, port=None if port == SSH_PORT else port)
    rules = Step(files=(File.text("/etc/ssh/sshd_config.d/10-edgefleet.conf", text, mode=0o600),))
    return Step.joined(rules, _port(port))


def _port(port: int) -> Step:
    """The port of sockets, and a script that applies it; the usual one where another was set before."""
    if port == SSH_PORT:
        undo = f"rm -f {' '.join(SOCKETS)}"
        return Step.removal(
            SCRIPT, undo, "systemctl daemon-reload", f"{SCRIPT} {SSH_PORT}", f"rm -f {SCRIPT}"
        )
    socket = render("safety/ssh-socket.conf.j2", port=port)
    return Step(
        files=(
            *(File.text(path, socket) for path in SOCKETS),
            File.program(SCRIPT, render("safety/ssh-port.sh")),
        ),
        commands=((SCRIPT, str(port)),),
    )
