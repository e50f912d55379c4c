"""The clock."""

from collections.abc import Callable

from edgefleet.boot import timesync
from edgefleet.model.firstboot import Box


def test_declared_time_servers_are_asked(box: Callable[..., Box]) -> None:
    """All of them, in the declared order."""
    (file,) = timesync.plan(box(ntp=("ntp.example", "10.1.1.1"))).files
    assert "/etc/systemd/timesyncd.conf.d/50-edgefleet.conf" == file.path
    assert "NTP=ntp.example 10.1.1.1\n" in file.content.decode()


def test_without_any_the_base_systems_own_stay(box: Callable[..., Box]) -> None:
    """An empty NTP= would take them away."""
    (file,) = timesync.plan(box(ntp=())).files
    assert "NTP" not in file.content.decode()
