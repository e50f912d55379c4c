"""Where a site stands: city, country, degrees, time zone."""

import math
import re
import zoneinfo
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from edgefleet.model.syntax import checked, matching, nearest, shown, wrong

_TIMEZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")


@cache
def _databases() -> tuple[Path, ...]:
    """The tz databases of this machine; empty in a slim container, where only the form can be checked."""
    return tuple(folder for path in zoneinfo.TZPATH if (folder := Path(path)).is_dir())


@cache
def _is_known(name: str) -> bool:
    return not _databases() or any((folder / name).is_file() for folder in _databases())


def time_zone(name: str) -> str:
    """`name`, if the tz database has it.

    Raises:
        PydanticCustomError: it has not.
    """
    if not _TIMEZONE.fullmatch(name) or not _is_known(name):
        hint = nearest(name, zoneinfo.available_timezones(), otherwise="write a name such as Europe/Berlin")
        raise wrong("bad-timezone", f"{shown(name)} is not a time zone", hint)
    return name


def degrees(limit: int, quantity: str) -> object:
    """A validator for degrees from -`limit` to `limit`."""

    def check(value: float) -> float:
        if not math.isfinite(value) or abs(value) > limit:
            raise wrong(
                "bad-location",
                f"{value:g} is not a {quantity}",
                f"write degrees from -{limit} to {limit}, such as 52.52",
            )
        return value

    return checked(check)


Timezone = Annotated[str, checked(time_zone)]
City = Annotated[
    str,
    *matching(
        r"[^\x00-\x1f\x7f]+", code="bad-city", what="a city's name", hint="write it on one line", longest=100
    ),
]
Country = Annotated[
    str,
    *matching(
        "[A-Z]{2}",
        code="bad-country",
        what="a country code",
        hint="write ISO 3166-1's two capital letters, such as DE",
        longest=60,
    ),
]
Latitude = Annotated[float, degrees(90, "latitude"), Field(json_schema_extra={"minimum": -90, "maximum": 90})]
Longitude = Annotated[
    float, degrees(180, "longitude"), Field(json_schema_extra={"minimum": -180, "maximum": 180})
]
