"""Format `user-data`: what an instance of the cloud gets."""

import random
from typing import Any

import pytest
import yaml

from edgefleet.errors import InvalidInput
from edgefleet.images import user_data
from edgefleet.model.firstboot import File, FirstBoot, Unit
from edgefleet.model.network import Network


def boot(**parts: Any) -> FirstBoot:
    given: dict[str, Any] = {
        "fleet": "retail",
        "region": "dev",
        "site": "hub",
        "node": "server",
        "hostname": "hub",
        "timezone": "Etc/UTC",
        "users": (),
        "network": Network(),
        "files": (File(path="/etc/x.conf", content=b"a\nb\n"),),
        "units": (Unit(name="x.service", text="[Service]\nExecStart=/bin/true\n"),),
        "commands": (("systemctl", "start", "x.service"),),
    }
    return FirstBoot(**{**given, **parts})


def test_it_has_files_units_and_commands_and_nothing_that_is_the_clouds() -> None:
    """Names and networks are the cloud's own affair."""
    text = user_data.build(boot()).data.decode()
    assert text.startswith("#cloud-config\n")
    made = yaml.safe_load(text)
    assert {"ssh_pwauth", "disable_root", "write_files", "runcmd"} == set(made)
    assert ["/etc/x.conf", "/etc/systemd/system/x.service"] == [each["path"] for each in made["write_files"]]
    assert ["systemctl", "start", "x.service"] == made["runcmd"][-1]


def test_no_secret_gets_in() -> None:
    """Anyone who is on the machine can read user-data."""
    secret = File(path="/etc/token", content=b"x", mode=0o600, is_secret=True)
    with pytest.raises(InvalidInput, match="/etc/token would be in user-data"):
        user_data.build(boot(files=(secret,)))


def test_what_is_too_long_is_reported_before_ec2_says_it() -> None:
    """What does not compress, so that its size counts."""
    noise = random.Random(1).randbytes(20_000).hex().encode()  # noqa: S311 - no secret
    with pytest.raises(InvalidInput, match="bytes compressed, 16,384 at most"):
        user_data.build(boot(files=(File(path="/etc/noise", content=noise),)))
