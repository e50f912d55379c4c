"""Kind: a right fleet file that is refused, or a hint that leads to another error when it is followed.

Sources: RFC 4861, section 4.2 (a router's own address is link-local); netplan reference, ``on-link``.
"""

from pathlib import Path
from typing import Any

import pytest
from tests.field.test_secrets_in_plain_sight import loaded, refused

from edgefleet.model.syntax import NAMES_SECRET

IPV6 = "2001:db8:90::10/64"
FIXED: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "a proxy with a login": (
        {"proxy": {"https": "http://me:hunter22@proxy.example:3128"}},
        "write http://proxy.example:3128; a login is a secret of the stack: credentials: {secret: NAME}",
        {"proxy": {"https": "http://proxy.example:3128", "credentials": {"secret": "NAME"}}},
    ),
    "a reference with a wrong key": (
        {"proxy": {"https": "http://proxy.example:3128", "credentials": {"secrets": "hunter22"}}},
        NAMES_SECRET,
        {"proxy": {"https": "http://proxy.example:3128", "credentials": {"secret": "NAME"}}},
    ),
    "a reference to nothing": (
        {"proxy": {"https": "http://proxy.example:3128", "credentials": {"secret": None}}},
        "give the name that the stack has it under, never the secret itself",
        {"proxy": {"https": "http://proxy.example:3128", "credentials": {"secret": "NAME"}}},
    ),
    "an IPv4 gateway outside": (
        {"network": {"address": "10.1.0.2/24", "gateway": "169.254.0.1"}},
        "write a gateway inside the subnet, or correct the address or its prefix length",
        {"network": {"address": "10.1.0.2/24", "gateway": "10.1.0.1"}},
    ),
    "a link-local gateway of a node without IPv6": (
        {"network": {"address": "10.1.0.2/24", "gateway": "fe80::1"}},
        "write a gateway inside the subnet, or correct the address or its prefix length",
        {"network": {"address": IPV6, "gateway": "fe80::1"}},
    ),
}
"""dict[case -> (wrong settings of a site, the hint, the settings with the hint applied)]."""


@pytest.mark.parametrize("case", FIXED)
def test_a_hint_that_is_followed_gives_a_valid_file(tmp_path: Path, case: str) -> None:
    wrong, hint, right = FIXED[case]
    problem = refused(tmp_path, wrong)
    assert (hint, False) == (problem.hint, "hunter22" in f"{problem} {problem.hint}")
    assert ["a"] == [*loaded(tmp_path, right).sites]
