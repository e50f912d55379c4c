"""The record of delivered seeds: each once, to one hardware address, until it expires; stored on disk.

Addresses are one-time: only their digests are stored. A delivery is recorded before its first byte is sent,
and withdrawn if not all of it could be sent.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any

from edgefleet.errors import InvalidInput
from edgefleet.io import disk

SECRET = frozenset({"user-data", "config.ign"})
"""Files of which one is all that a node needs: with it the seed is used up."""
VALID = timedelta(minutes=30)
"""How long a one-time address is good for."""


class Gone(Exception):  # noqa: N818 - an answer (410), no error
    """The seed was already delivered or has expired."""


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
    _deliveries: dict[str, dict[str, Any]] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def __post_init__(self) -> None:
        """Read the ledger.

        Raises:
            InvalidInput: it is no such file.
        """
        try:
            self._deliveries = {
                mac: delivery
                for mac, delivery in json.loads(disk.read(self.path) or b"{}").items()
                if delivery["seed"] == self.seeds.get(mac, delivery["seed"])
            }
        except (ValueError, AttributeError, TypeError, KeyError) as error:
            hint = "remove it, if no seed was handed that must not be handed again"
            problem = "is not a record of served seeds"
            raise InvalidInput.at(self.path, "bad-ledger", problem, hint) from error

    def address(self, mac: str) -> str:
        """A new one-time word for the node with `mac`; an earlier one becomes invalid.

        Raises:
            Gone: its seed was delivered or has expired.
        """
        with self._lock:
            now = self.now()
            if now >= self.until or SECRET & set(self._deliveries.get(mac, {}).get("given", [])):
                raise Gone
            word = self.chance()
            expires = min(self.until, now + VALID).isoformat()
            self._deliveries[mac] = {
                "seed": self.seeds[mac],
                "word": _digest(word),
                "expires": expires,
                "given": [],
            }
            self._write()
            return word

    def take(self, word: str, name: str) -> str:
        """The node that `word` belongs to; records its file `name` as delivered.

        Raises:
            KeyError: no node's.
            Gone: that file was delivered or has expired.
        """
        with self._lock:
            mac = self.owner(word)
            delivery = self._deliveries[mac]
            if name in delivery["given"] or self.now() >= datetime.fromisoformat(delivery["expires"]):
                raise Gone
            delivery["given"].append(name)
            self._write()
            return mac

    def give_back(self, word: str, name: str) -> None:
        """Withdraw a delivery that was not sent whole."""
        with self._lock:
            self._deliveries[self.owner(word)]["given"].remove(name)
            self._write()

    def owner(self, word: str) -> str:
        """The hardware address that `word` was made for.

        Raises:
            KeyError: there is none.
        """
        with self._lock:
            return {delivery["word"]: mac for mac, delivery in self._deliveries.items()}[_digest(word)]

    def forget(self, macs: Iterable[str]) -> None:
        """Deliver the seeds of the nodes with these hardware addresses once more."""
        with self._lock:
            forgotten = [mac for mac in macs if self._deliveries.pop(mac, None) is not None]
            if forgotten:
                self._write()

    def is_all_delivered(self) -> bool:
        """Whether every node has its seed."""
        with self._lock:
            return all(SECRET & set(self._deliveries.get(mac, {}).get("given", [])) for mac in self.seeds)

    def _write(self) -> None:
        disk.write(self.path, json.dumps(self._deliveries, indent=1, sort_keys=True).encode() + b"\n")


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()
