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
_CODES = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
    BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH
    ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT
    HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
    LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI
    NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
    SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
    UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_CODES.split()) | {"XK"}
"""ISO 3166-1's codes of two letters (tz database, iso3166.tab), and the one that the EU uses for Kosovo."""
_COUNTRY_HINT = "write ISO 3166-1's two capital letters, such as DE"
_MEANT = {"EL": "write GR", "EN": "write GB", "UK": "write GB"}


def _country(code: str) -> str:
    if code not in COUNTRIES:
        raise wrong("bad-country", f"{code} is no country's code", _MEANT.get(code, _COUNTRY_HINT))
    return code


_COUNTRY = Grammar("[A-Z]{2}", "bad-country", "a country code", _COUNTRY_HINT, 60, _country)
Country = Annotated[str, _COUNTRY]
Latitude = Annotated[float, degrees(90, "latitude"), Field(json_schema_extra={"minimum": -90, "maximum": 90})]
Longitude = Annotated[
    float, degrees(180, "longitude"), Field(json_schema_extra={"minimum": -180, "maximum": 180})
]
