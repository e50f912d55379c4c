"""The emulated cloud as one WSGI application."""

import os
from pathlib import Path
from typing import Any

from edgefleet.emulator.call_counter import CallCounter
from edgefleet.emulator.fake_bucket_tags import FakeBucketTags
from edgefleet.emulator.fake_budgets import FakeBudgets
from edgefleet.emulator.fake_clusters import FakeClusters
from edgefleet.emulator.fake_nat_gateways import FakeNatGateways
from edgefleet.emulator.fake_roles_anywhere import FakeRolesAnywhere
from edgefleet.emulator.fake_servers import FakeServers
from edgefleet.emulator.requests import Application

FAKES: tuple[type[Any], ...] = (
    FakeNatGateways,
    FakeBudgets,
    FakeServers,
    FakeRolesAnywhere,
    FakeBucketTags,
    FakeClusters,
)
"""Stand-ins, the innermost first; each takes the application that it wraps."""
IMAGES = Path(__file__).with_name("images.json")
"""The available machine images: moto's own list of more than a thousand takes seconds to load."""


def create_app() -> Application:
    """Moto behind the stand-ins."""
    # By default moto looks for a caller's key in every partition and loads AWS's own policies for each.
    os.environ.setdefault("MOTO_ACCOUNT_ID", "123456789012")
    os.environ.setdefault("MOTO_AMIS_PATH", str(IMAGES))
    # moto comes with the extra `emulator` only.
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - optional
        DomainDispatcherApplication,
        create_backend_app,
    )

    app: Application = DomainDispatcherApplication(create_backend_app)
    for fake in FAKES:
        app = fake(app)
    return CallCounter(app)
