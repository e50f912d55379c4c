"""Step `timesync`."""

from collections.abc import Callable

from edgefleet.boot import timesync
from edgefleet.model.firstboot import Box


def test_the_sites_time_servers_are_asked_in_order(make_box: Callable[..., Box]) -> None:
    """systemd-timesyncd takes them from a drop-in."""
    (file,) = timesync.plan(make_box(ntp=["10.0.0.1", "time.example"])).files
    assert "/etc/systemd/timesyncd.conf.d/50-edgefleet.conf" == file.path
    assert "NTP=10.0.0.1 time.example" in file.content.decode().splitlines()


def test_without_servers_the_base_systems_own_stay(make_box: Callable[..., Box]) -> None:
    """An empty ``NTP=`` would take the distribution's servers away."""
    (file,) = timesync.plan(make_box()).files
    assert not [line for line in file.content.decode().splitlines() if line.startswith("NTP=")]
