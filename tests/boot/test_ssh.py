"""SSH by keys only."""

from collections.abc import Callable

from edgefleet.boot import ssh
from edgefleet.model.firstboot import Box


def test_neither_passwords_nor_root_get_in(box: Callable[..., Box]) -> None:
    """OpenSSH takes the first value that it reads, so the drop-in wins over the main file."""
    (file,) = ssh.plan(box()).files
    lines = file.content.decode().splitlines()
    assert file.path.startswith("/etc/ssh/sshd_config.d/")
    assert {"PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin no"} <= {*lines}
