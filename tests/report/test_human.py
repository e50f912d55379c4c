"""Short forms of values."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from edgefleet.report import human

UNITS = {"Ti": 1024**4, "Gi": 1024**3, "Mi": 1024**2, "Ki": 1024, "": 1}


@given(st.integers(min_value=1, max_value=2**60))
def test_a_size_is_never_rounded(size: int) -> None:
    """What is shown means the same bytes."""
    shown = human.size(size)
    unit = shown.lstrip("0123456789")
    assert size == int(shown.removesuffix(unit)) * UNITS[unit]


def test_values_take_the_unit_of_their_path() -> None:
    """Bytes as quantities, rates in bits, everything else as it is."""
    assert "64Gi" == human.value("nodes.n1.disk", 64 * 1024**3)
    assert "20Mbit" == human.value("link.down", 20_000_000)
    assert "4" == human.value("nodes.n1.cpus", 4)
    assert "true" == human.value("k3s.config.x", True)
    assert "(none)" == human.value("location", None)
    carried = [{"path": "bin/k3s", "size": 60_000_000, "digest": "x"}, {"path": "bin/edgecore", "size": 5}]
    assert "2 files, 60,000,005 bytes: bin/k3s, bin/edgecore" == human.value("nodes.n1.payload", carried)
    assert "[traefik, servicelb]" == human.value("k3s.disable", ("traefik", "servicelb"))
    assert "{arch: arm64, disk: 64Gi}" == human.value("nodes.n1", {"arch": "arm64", "disk": 64 * 1024**3})
    assert "a b" == human.value("x", "a\nb")


def test_counts_and_spans_read_well() -> None:
    """Singular, plural, thousands."""
    assert ("1 site", "1,000 sites", "2 nodes") == (
        human.counted(1, "site"),
        human.counted(1000, "site"),
        human.counted(2, "node"),
    )
    assert ("4.1 s", "2 min 05 s") == (human.duration(4.123), human.duration(125.9))
    assert ("today", "1 day", "12 days") == tuple(
        human.age(timedelta(days=days, hours=3)) for days in (0, 1, 12)
    )
