"""Counts the calls of the emulated cloud, to compare engines.

``GET /edgefleet-emulator/calls`` returns the counts, ``DELETE`` resets them.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from edgefleet.emulator.requests import Application, Environment, answer_json, read_call

PATH = "/edgefleet-emulator/calls"


class CallCounter:
    """Counts signed calls by service."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, environment: Environment, start: Callable[..., Any]) -> Iterable[bytes]:
        """Count the call, and pass it on."""
        call = read_call(environment)
        with self._lock:
            if call.path == PATH:
                told = dict(self._calls)
                if call.method == "DELETE":
                    self._calls.clear()
                return answer_json(start, "200 OK", told)
            if call.service:
                self._calls[call.service] += 1
        return self._app(environment, start)
