"""Which seed was handed to whom: once, to one hardware address, until it expires; kept on disk.

Addresses are one-time: of each only the digest is kept. What is being handed is written down before its first
byte goes out, and taken back where not all of it could be sent.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any

from edgefleet.errors import InvalidInput, Problem
from edgefleet.io import disk

SECRET = frozenset({"user-data", "config.ign"})
"""Files of which one is all that a box needs: with it the seed is used up."""
VALID = timedelta(minutes=30)
"""How long a one-time address is good for."""


class Gone(Exception):  # noqa: N818 - an answer (410), no error
    """It was handed already, or it is too late."""


@dataclass(slots=True, kw_only=True)
class Ledger:
    """The state of all seeds that are served."""

    path: Path
    now: Callable[[], datetime]
    until: datetime
    """When none is handed any more."""
    chance: Callable[[], str]
    """Makes an unguessable word."""
    seeds: dict[str, str]
    """dict[hardware address -> ``sha256:<hex>`` of its seed]; another seed is handed anew."""
    _kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def __post_init__(self) -> None:
        """Read what is kept.

        Raises:
            InvalidInput: it is no such file.
        """
        try:
            kept = json.loads(disk.read(self.path) or b"{}")
            self._kept = {
                mac: one for mac, one in kept.items() if one["seed"] == self.seeds.get(mac, one["seed"])
            }
        except (ValueError, AttributeError, TypeError, KeyError) as error:
            hint = "remove it, if no seed was handed that must not be handed again"
            problem = "is not a record of served seeds"
            raise InvalidInput(
                Problem(code="bad-ledger", where=str(self.path), problem=problem, hint=hint)
            ) from error

    def address(self, mac: str) -> str:
        """A new one-time word for the box with `mac`; an earlier one is good no more.

        Raises:
            Gone: its seed was handed, or it is too late.
        """
        with self._lock:
            now = self.now()
            if now >= self.until or SECRET & set(self._kept.get(mac, {}).get("given", [])):
                raise Gone
            word = self.chance()
            expires = min(self.until, now + VALID).isoformat()
            self._kept[mac] = {
                "seed": self.seeds[mac],
                "word": _digest(word),
                "expires": expires,
                "given": [],
            }
            self._write()
            return word

    def take(self, word: str, name: str) -> str:
        """Whose seed `word` is for, with its file `name` written down as handed.

        Raises:
            KeyError: nobody's.
            Gone: that file was handed, or it is too late.
        """
        with self._lock:
            mac = self.owner(word)
            one = self._kept[mac]
            if name in one["given"] or self.now() >= datetime.fromisoformat(one["expires"]):
                raise Gone
            one["given"].append(name)
            self._write()
            return mac

    def give_back(self, word: str, name: str) -> None:
        """It could not be sent whole."""
        with self._lock:
            self._kept[self.owner(word)]["given"].remove(name)
            self._write()

    def owner(self, word: str) -> str:
        """The hardware address that `word` was made for.

        Raises:
            KeyError: there is none.
        """
        with self._lock:
            return {one["word"]: mac for mac, one in self._kept.items()}[_digest(word)]

    def forget(self, macs: Iterable[str]) -> None:
        """Hand the boxes with these hardware addresses their seeds once more."""
        with self._lock:
            found = [mac for mac in macs if self._kept.pop(mac, None) is not None]
            if found:
                self._write()

    def is_all_handed(self) -> bool:
        """Whether every node has its seed."""
        with self._lock:
            return all(SECRET & set(self._kept.get(mac, {}).get("given", [])) for mac in self.seeds)

    def _write(self) -> None:
        disk.write(self.path, json.dumps(self._kept, indent=1, sort_keys=True).encode() + b"\n")


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()
