"""What tests of several packages need of the machine, and how a run reports what the machine lacks."""

import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# How long one example takes is the machine's affair: beside other work a limit would fail what is right.
settings.register_profile("edgefleet", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("edgefleet")
GOLDEN = Path(__file__).resolve().parent / "golden" / "report"


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB that is a file, full of other bytes."""
    file = tmp_path / "disk.img"
    file.write_bytes(b"\xff" * 8 * 1024**2)
    if os.geteuid() != 0:
        pytest.skip("needs root: loop devices are made by nobody else")
    made = subprocess.run(["losetup", "--find", "--show", file], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip("needs loop devices, which this machine does not have")
    device = Path(made.stdout.strip())
    yield device
    subprocess.run(["losetup", "--detach", device], check=True)


INSTALL = "apt-get install "


def folded_skips(reasons: Iterable[str]) -> list[str]:
    """One line per missing package, or per reason where no package is named, the most frequent first."""
    counts: Counter[str] = Counter()
    texts: dict[str, str] = {}
    for reason in reasons:
        text = " ".join(reason.removeprefix("Skipped: ").split())
        key = text.partition(INSTALL)[2] or text
        counts[key] += 1
        texts.setdefault(key, text)
    return [
        f"{count} {'test' if count == 1 else 'tests'} skipped: {texts[key]}"
        for key, count in counts.most_common()
    ]


def attacks(stats: Mapping[str, Iterable[Any]]) -> list[str]:
    """A line for each kind of attack: tests that record the property ``attack``, and those that passed."""
    tried, refused = Counter[str](), Counter[str]()
    for outcome, reports in stats.items():
        for report in reports:
            kinds = [value for name, value in getattr(report, "user_properties", ()) if name == "attack"]
            if getattr(report, "when", "") == "call":
                tried.update(kinds)
                refused.update(kinds if outcome == "passed" else [])
    return [f"attacks of {kind} tried {count}, refused {refused[kind]}" for kind, count in tried.items()]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report the attacks that tests tried; and skipped tests by reason, not a line for each place."""
    for line in attacks(terminalreporter.stats):
        terminalreporter.write_line(line)
    skipped = [report.longrepr for report in terminalreporter.stats.get("skipped", [])]
    for line in folded_skips(
        reason[2] if isinstance(reason, tuple | list) else str(reason) for reason in skipped
    ):
        terminalreporter.write_line(line)


Golden = Callable[[str, str], None]


@pytest.fixture
def golden() -> Golden:
    """Compares a text with the one kept under tests/golden/report; UPDATE_GOLDEN=1 writes it again."""

    def compare(name: str, text: str) -> None:
        file = GOLDEN / name
        if os.environ.get("UPDATE_GOLDEN") == "1":
            assert not os.environ.get("CI"), "golden files are not rewritten by CI"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        assert file.read_text() == text

    return compare
