"""The emulated cloud as one WSGI application."""

import os
import threading
from collections import Counter
from functools import lru_cache
from pathlib import Path

from botocore.loaders import Loader

from edgefleet.emulator.corrections import FakeBucketTags, FakeClusters, FakeNatGateways
from edgefleet.emulator.fake_budgets import FakeBudgets
from edgefleet.emulator.fake_roles_anywhere import FakeRolesAnywhere
from edgefleet.emulator.fake_servers import FakeServers
from edgefleet.emulator.requests import Answer, Application, Call, Fake
from edgefleet.io.aws_session import Descriptions

CALLS = "/edgefleet-emulator/calls"
IMAGES = Path(__file__).with_name("images.json")
"""The available machine images: moto's own list of more than a thousand takes seconds to load."""


class CallCounter(Fake):
    """Counts signed calls by service: ``GET`` of `CALLS` returns them, ``DELETE`` resets them."""

    def __init__(self, app: Application) -> None:
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()
        super().__init__(app)

    def answer(self, call: Call) -> Answer | None:
        """Count the call, and pass it on."""
        with self._lock:
            if call.path == CALLS:
                counts = dict(self._calls)
                if call.method == "DELETE":
                    self._calls.clear()
                return counts
            if call.service:
                self._calls[call.service] += 1
        return None


FAKES: tuple[type[Fake], ...] = (
    FakeNatGateways,
    FakeBudgets,
    FakeServers,
    FakeRolesAnywhere,
    FakeBucketTags,
    FakeClusters,
    CallCounter,
)
"""Stand-ins, the innermost first; each takes the application that it wraps."""


def create_app() -> Application:
    """Moto behind the stand-ins."""
    # By default moto looks for a caller's key in every partition and loads AWS's own policies for each.
    os.environ.setdefault("MOTO_ACCOUNT_ID", "123456789012")
    os.environ.setdefault("MOTO_AMIS_PATH", str(IMAGES))
    os.environ.setdefault("MOTO_DISABLE_GLOBAL_CORS", "true")
    # Moto makes sessions of its own: two for the names of regions, one at each call that has a role of EKS.
    Loader.FILE_LOADER_CLASS = Descriptions
    # moto comes with the extra `emulator` only.
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - optional
        DomainDispatcherApplication,
        create_backend_app,
    )

    class Dispatcher(DomainDispatcherApplication):
        """Moto's own lists all folders of moto at each call, twice."""

        get_backend_for_host = lru_cache(DomainDispatcherApplication.get_backend_for_host)

    app: Application = Dispatcher(create_backend_app)
    for fake in FAKES:
        app = fake(app)
    return app
