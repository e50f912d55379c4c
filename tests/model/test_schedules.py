"""Schedules and durations: the values that Kubernetes takes, and no others."""

import pytest
from pydantic import TypeAdapter, ValidationError

from edgefleet.model.schedules import Cron, Duration, seconds_of

CRON = TypeAdapter[str](Cron)
DURATION = TypeAdapter[str](Duration)


@pytest.mark.parametrize(
    "text", ["0 3 * * 0", "*/5 8-18 1,15 jan-mar MON-FRI", "05 0 31 12 6", "0-30/10,45 * * * sun"]
)
def test_schedules_of_kubernetes_are_kept_as_written(text: str) -> None:
    assert text == CRON.validate_python(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("60 3 * * 0", "60 is no minute"),
        ("0 24 * * *", "24 is no hour"),
        ("0 3 0 * *", "0 is no day of the month"),
        ("0 3 * 13 *", "13 is no month"),
        ("0 3 * * 7", "7 is no day of the week"),
        ("0 3 * * fri-mon", "fri-mon is no day of the week"),
        ("0 3 * * funday", "funday is no day of the week"),
        ("*/0 3 * * *", r"\*/0 is no minute"),
        ("0 3,, * * *", "no hour"),
        ("0 3 * *", "is not a cron expression"),
        ("@daily", "is not a cron expression"),
    ],
)
def test_other_schedules_are_refused_by_their_field(text: str, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        CRON.validate_python(text)


def test_durations_are_kept_as_written() -> None:
    assert "7d" == DURATION.validate_python("7d")
    assert [90, 1800, 7200, 604800] == [seconds_of(text) for text in ("90s", "30m", "2h", "7d")]
    with pytest.raises(ValidationError, match=r"1\.5h is not a duration"):
        DURATION.validate_python("1.5h")
