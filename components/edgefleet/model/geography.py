"""Where a site stands: city, country, degrees, time zone."""

import math
import zoneinfo
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from edgefleet.model.syntax import Grammar, checked, nearest, shown, wrong


@cache
def _databases() -> tuple[Path, ...]:
    """The tz databases of this machine; empty in a slim container, where only the form can be checked."""
    return tuple(folder for path in zoneinfo.TZPATH if (folder := Path(path)).is_dir())


@cache
def _is_known(name: str) -> bool:
    return not _databases() or any((folder / name).is_file() for folder in _databases())


def _hint(name: str) -> str:
    return nearest(name, zoneinfo.available_timezones(), otherwise="write a name such as Europe/Berlin")


def _known(name: str) -> str:
    if not _is_known(name):
        raise wrong("bad-timezone", f"{shown(name)} is not a time zone", _hint(name))
    return name


def degrees(limit: int, quantity: str) -> object:
    """A validator for degrees from -`limit` to `limit`."""

    def check(value: float) -> float:
        if not math.isfinite(value) or abs(value) > limit:
            problem = f"{value:g} is not a {quantity}"
            raise wrong("bad-location", problem, f"write degrees from -{limit} to {limit}, such as 52.52")
        return value

    return checked(check)


time_zone = Grammar(
    r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}", "bad-timezone", "a time zone", _hint, 60, _known
)
Timezone = Annotated[str, time_zone]
_CITY = Grammar(
    r"[^\x00-\x1f\x7f-\x9f!\x22#$%*:;<=>?@\[\]^_`{|}~\\]+",
    "bad-city",
    "a city's name",
    "write letters and digits of any script, blanks and . , ' - / & ( ), on one line",
    100,
    is_ascii=False,
)
City = Annotated[str, _CITY]
_COUNTRY = Grammar(
    "[A-Z]{2}", "bad-country", "a country code", "write ISO 3166-1's two capital letters, such as DE", 60
)
Country = Annotated[str, _COUNTRY]
Latitude = Annotated[float, degrees(90, "latitude"), Field(json_schema_extra={"minimum": -90, "maximum": 90})]
Longitude = Annotated[
    float, degrees(180, "longitude"), Field(json_schema_extra={"minimum": -180, "maximum": 180})
]
