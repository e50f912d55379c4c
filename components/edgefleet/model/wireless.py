"""Wireless networks that a node joins, and mobile ones."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from edgefleet.model.authentication import Authentication
from edgefleet.model.effects import Effect
from edgefleet.model.geography import Country
from edgefleet.model.paths import Part
from edgefleet.model.spec import spec
from edgefleet.model.syntax import LOGIN, Grammar, shown, wrong

LONGEST_SSID = 32


def _short(text: str) -> str:
    if (size := len(text.encode())) > LONGEST_SSID:
        raise wrong("bad-ssid", f"{shown(text)} has {size} bytes, a network's name has at most 32", SSID)
    return text


SSID = "write it as the access point shows it; quotes, backslashes and control characters are not taken"
_SSID = Grammar(
    r"[^\x00-\x1f\x7f-\x9f\x22'`\\]+",
    "bad-ssid",
    "a network's name",
    SSID,
    32,
    _short,
    is_ascii=False,
    refers="may",
)
Ssid = Annotated[str, _SSID]
_PASSPHRASE = Grammar(
    r"[^\x00-\x1f\x7f-\x9f]{8,63}|[0-9A-Fa-f]{64}",
    "bad-passphrase",
    "a Wi-Fi passphrase",
    "a Wi-Fi passphrase has 8 to 63 characters, or is a key of 64 hex digits",
    64,
    is_ascii=False,
    refers="must",
)
Passphrase = Annotated[str, _PASSPHRASE]


@spec
class WifiNetwork:
    """A wireless network to join: with a passphrase, by 802.1X, or open."""

    ssid: Annotated[Ssid, Effect.REFLASH]
    """Name of the network, 1 to 32 bytes."""
    passphrase: Annotated[Passphrase | None, Effect.REFLASH] = None
    """A secret of the stack, {secret: shop-wifi}: 8 to 63 characters, or a key of 64 hex digits."""
    open: Annotated[bool, Effect.REFLASH] = False
    """Whether it has no encryption, so that everyone near the node can read what it sends."""
    auth: Annotated[Authentication | None, Effect.REFLASH] = None
    """Login by 802.1X in place of a passphrase, as WPA-Enterprise has it."""
    hidden: Annotated[bool, Effect.REFLASH] = False
    """Whether the access point does not announce its name, so that the node asks for it."""


@spec
class Wifi(WifiNetwork):
    """The wireless networks of a link: the node joins the one with the best signal of those in reach."""

    others: Annotated[tuple[WifiNetwork, ...], Effect.REFLASH] = ()
    """Further networks to join, [{ssid: Backup, hidden: true, passphrase: {secret: backup-wifi}}]."""
    country: Annotated[Country | None, Effect.LIVE] = None
    """Country whose rules Wi-Fi keeps to, DE."""

    @property
    def placed(self) -> Mapping[tuple[Part, ...], WifiNetwork]:
        """dict[path below the link -> network], its own first."""
        return {("wifi",): self, **{("wifi", "others", at): one for at, one in enumerate(self.others)}}


_APN = Grammar(
    r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?",
    "bad-apn",
    "an access point name",
    "write the name that the operator gives, such as internet.example",
    100,
)
Apn = Annotated[str, _APN]
_PIN = Grammar("[0-9]{4,8}", "bad-pin", "a SIM's PIN", "write its 4 to 8 digits", 8, refers="must")
Pin = Annotated[str, _PIN]
MobileLogin = Annotated[str, replace(LOGIN, what="a login of a mobile operator", longest=200)]


@spec
class Modem:
    """A modem for LTE or another mobile network, which NetworkManager and ModemManager drive."""

    apn: Annotated[Apn, Effect.REFLASH]
    """Access point name of the operator, internet.example."""
    pin: Annotated[Pin | None, Effect.REFLASH] = None
    """A secret of the stack, {secret: sim}: the PIN of the SIM, if it has one."""
    credentials: Annotated[MobileLogin | None, Effect.REFLASH] = None
    """A secret of the stack, {secret: apn}: <user>:<password>, if the operator wants a login."""
