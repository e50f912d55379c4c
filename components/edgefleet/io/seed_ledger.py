"""The record of served seeds: each once, to one hardware address, until it expires; stored on disk.

Addresses are one-time: only their digests are stored. A delivery is recorded before its first byte is sent
and stays recorded if the connection breaks: who resets it may have read all of it.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock

from pydantic import AwareDatetime, with_config

from edgefleet.errors import InvalidInput
from edgefleet.io import disk
from edgefleet.model import strict_json
from edgefleet.model.spec import CONFIG, adapter

SECRET = frozenset({"user-data", "config.ign"})
"""Files of which one is all that a node needs: with it the seed is used up."""
VALID = timedelta(minutes=30)
"""How long a one-time address is good for."""
MOST = 16
"""Valid addresses of one node, of which none was used yet."""


class Gone(Exception):  # noqa: N818 - an answer (410), no error
    """The seed was already delivered or has expired."""


@with_config(CONFIG)
@dataclass(slots=True)
class _Address:
    """A one-time address."""

    expires: AwareDatetime
    given: list[str]
    """Names of the files that were delivered at it."""

    @property
    def is_used_up(self) -> bool:
        return not SECRET.isdisjoint(self.given)


@with_config(CONFIG)
@dataclass(slots=True)
class _Delivery:
    """What was handed out of one seed."""

    seed: str
    """``sha256:<hex>`` of the seed."""
    addresses: dict[str, _Address]
    """dict[hex SHA-256 of the word -> address]: several until one is used, then that one."""

    @property
    def is_done(self) -> bool:
        return any(address.is_used_up for address in self.addresses.values())


@dataclass(slots=True, kw_only=True)
class Ledger:
    """The state of all seeds that are served."""

    path: Path
    now: Callable[[], datetime]
    until: datetime
    """Time from which no seed is delivered."""
    chance: Callable[[], str]
    """Makes an unguessable word."""
    seeds: dict[str, str]
    """dict[hardware address -> ``sha256:<hex>`` of its seed]; a changed seed is delivered again."""
    _deliveries: dict[str, _Delivery] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def __post_init__(self) -> None:
        """Read the ledger.

        Raises:
            InvalidInput: it is no such file.
        """
        try:
            deliveries = strict_json.read(dict[str, _Delivery], disk.read(self.path) or b"{}")
        except ValueError as error:
            hint = "remove it, if no seed was handed that must not be handed again"
            problem = f"is not a record of served seeds ({error})"
            raise InvalidInput.at(self.path, "bad-ledger", problem, hint) from error
        self._deliveries = {
            mac: delivery
            for mac, delivery in deliveries.items()
            if delivery.seed == self.seeds.get(mac, delivery.seed)
        }

    def address(self, mac: str) -> str:
        """A new one-time word for the node with `mac`; earlier ones stay valid until one is used.

        Raises:
            Gone: its seed was delivered or has expired, or too many of its words are unused.
        """
        with self._lock:
            now = self.now()
            delivery = self._deliveries.setdefault(mac, _Delivery(self.seeds[mac], {}))
            if now >= self.until or delivery.is_done:
                raise Gone
            valid = {word: address for word, address in delivery.addresses.items() if address.expires > now}
            if len(valid) >= MOST:
                raise Gone
            word = self.chance()
            delivery.addresses = valid | {_digest(word): _Address(min(self.until, now + VALID), [])}
            self._write()
            return word

    def take(self, word: str, name: str) -> str:
        """The node that `word` belongs to; records its file `name` as delivered and ends its other words.

        Raises:
            KeyError: no node's.
            Gone: that file was delivered or has expired.
        """
        with self._lock:
            mac = self.owner(word)
            delivery, hidden = self._deliveries[mac], _digest(word)
            address = delivery.addresses[hidden]
            if name in address.given or self.now() >= address.expires:
                raise Gone
            address.given.append(name)
            delivery.addresses = {hidden: address}
            self._write()
            return mac

    def owner(self, word: str) -> str:
        """The hardware address that `word` was made for.

        Raises:
            KeyError: there is none.
        """
        hidden = _digest(word)
        with self._lock:
            for mac, delivery in self._deliveries.items():
                if hidden in delivery.addresses:
                    return mac
        raise KeyError(hidden)

    def forget(self, macs: Iterable[str]) -> None:
        """Deliver the seeds of the nodes with these hardware addresses once more."""
        with self._lock:
            forgotten = [mac for mac in macs if self._deliveries.pop(mac, None) is not None]
            if forgotten:
                self._write()

    def is_all_delivered(self) -> bool:
        """Whether every node has its seed."""
        with self._lock:
            return all(mac in self._deliveries and self._deliveries[mac].is_done for mac in self.seeds)

    def _write(self) -> None:
        plain = adapter(dict[str, _Delivery]).dump_python(self._deliveries, mode="json")
        disk.write(self.path, strict_json.write(plain))


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()
