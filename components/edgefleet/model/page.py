"""The address of a site's page on a server of its owners: printed on its sheet as a QR code."""

import re
from typing import Annotated

from pydantic import Field

from edgefleet.model.syntax import checked, nearest, shown, wrong

PLACEHOLDERS = ("fleet", "region", "site")
"""Placeholders in braces, replaced by names; these are RFC 1123 labels, so nothing is escaped."""
LONGEST = 200
"""Characters; a code of many more is hard to read from paper."""
HINT = "write it like https://shops.example/{site}, without a user or a password"
PATTERN = r"https?://[!-.0-~]+(/[!-~]*)?"


def page(text: str) -> str:
    """`text`, if it is the address of a page for each site.

    Raises:
        PydanticCustomError: it is not.
    """
    address = re.fullmatch(PATTERN, text)
    if address is None or "@" in text.split("/")[2] or re.search(r'["<>\\^`|]', text):
        raise wrong("bad-page", f"{shown(text)} is not the address of a page", HINT)
    if len(text) > LONGEST:
        raise wrong("bad-page", f"{shown(text)} has {len(text)} characters, {LONGEST} at most", HINT)
    for word in re.findall(r"\{([^{}]*)\}", text):
        if word not in PLACEHOLDERS:
            hint = nearest(word, PLACEHOLDERS)
            raise wrong("bad-page", f"{{{shown(word)}}} is replaced by nothing", hint)
    if re.search(r"[{}]", re.sub(r"\{[^{}]*\}", "", text)):
        raise wrong("bad-page", f"{shown(text)} has an unmatched brace", HINT)
    if "{site}" not in text:
        problem = f"{shown(text)} would be the same page for every site"
        raise wrong("bad-page", problem, "add {site} where the site's name belongs")
    return text


def page_of(text: str, *, fleet: str, region: str, site: str) -> str:
    """The address of one site's page."""
    for word, name in (("fleet", fleet), ("region", region), ("site", site)):
        text = text.replace(f"{{{word}}}", name)
    return text


Page = Annotated[
    str,
    checked(page),
    Field(json_schema_extra={"pattern": r"^https?://.*\{site\}", "maxLength": LONGEST}),
]
