"""Partial forms: what may stand at a level follows from the spec, as does what is built of it."""

from dataclasses import fields
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from edgefleet.fleetfile.partial import NODE, PROFILE, SETTINGS, SITE, build, limited, partial
from edgefleet.model.network import Network
from edgefleet.model.site import Node, SiteSpec
from edgefleet.model.spec import Level
from edgefleet.model.type_introspection import at, fields_of

SET_BY_EDGEFLEET = {
    *("fleet", "region", "name", "recipe", "identity", "payload", "settings", "workloads", "channel"),
}


def test_every_field_may_stand_somewhere_unless_edgefleet_sets_it() -> None:
    """A new field can be written without another line."""
    written = {name for form in (SETTINGS, PROFILE, SITE, NODE) for name in form.__annotations__}
    declared = {field.name for kind in (SiteSpec, Node) for field in fields(kind)}
    assert declared - SET_BY_EDGEFLEET == written - {"profile", "group"}


@pytest.mark.parametrize(
    ("form", "path", "may"),
    [
        (SETTINGS, ("network", "address"), False),
        (PROFILE, ("network", "mac"), False),
        (SITE, ("network", "address"), True),
        (SITE, ("nodes", "n1", "network", "address"), True),
        (NODE, ("network", "extraAddresses"), True),
        (SETTINGS, ("memory",), False),
        (PROFILE, ("memory",), True),
        (NODE, ("memory",), False),
        (NODE, ("timezone",), True),
        (NODE, ("hardening",), False),
        (NODE, ("k3s", "config"), True),
        (NODE, ("k3s", "version"), False),
        (SITE, ("users", "ops", "name"), False),
        (SITE, ("users", "ops", "sshKeys"), True),
        (SETTINGS, ("k3s", "sha256"), False),
    ],
)
def test_a_field_stands_at_its_levels_alone(form: Any, path: tuple[str, ...], *, may: bool) -> None:
    assert may is (at(form, path) is not None)


def test_a_level_may_leave_out_what_another_has() -> None:
    """But a record that is written is whole."""
    form = TypeAdapter[Any](SETTINGS)
    assert {"k3s": {"disable": ("traefik",)}} == form.validate_python({"k3s": {"disable": ["traefik"]}})
    with pytest.raises(ValidationError, match=r"ssid\n  Field required"):
        form.validate_python({"network": {"wifi": {"hidden": True}}})


def test_levels_with_the_same_fields_share_a_form() -> None:
    """Defaults and groups differ from a profile, not from each other."""
    assert partial(SiteSpec, Level.GROUP) is SETTINGS
    assert SETTINGS is not PROFILE
    assert {"address", "extraAddresses", "mac"} == set(limited(Network, Level.SITE, Level.NODE).values())
    assert fields_of(partial(Network, Level.GROUP)).keys() < fields_of(partial(Network, Level.NODE)).keys()


def test_what_was_written_becomes_the_spec() -> None:
    """Maps are sorted, nested specs made, fields of other specs left out."""
    written = TypeAdapter[Any](PROFILE).validate_python(
        {
            "arch": "amd64",
            "cpus": "4",
            "memory": "8Gi",
            "disk": "64Gi",
            "labels": {"b": "1", "a": "2"},
            "hardware": {"watchdog": "2min"},
            "timezone": "Etc/UTC",
        }
    )
    node = build(Node, written, hostname="n", network=Network())
    assert (4, 8 * 1024**3, ["a", "b"], "120s") == (
        node.cpus,
        node.memory,
        list(node.labels),
        node.hardware.watchdog,
    )
