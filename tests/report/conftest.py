"""Outcomes of engines, made by hand, and a fleet that stands in for a loaded one."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from edgefleet.fleetfile.document import ImageStore
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.provenance import Provenance
from edgefleet.fleetfile.source import Source
from edgefleet.model.hub import Hub
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import from_plain
from edgefleet.model.steps import Op, Outcome, Step

URN = "urn:pulumi:dev::fleet::edgefleet:index:Fleet$edgefleet:index:Site::"


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeFleet(Fleet):
    """A fleet whose lines are given."""

    lines: dict[tuple[str, str], str] = field(default_factory=dict)
    """dict[(site, path) -> where]."""

    def locate(self, site: str, path: str = "") -> str:
        """Where a value was declared."""
        index = [*self.sites].index(site) if site in self.sites else -1
        if index < 0:
            return ""
        return self.lines.get((site, path)) or self.lines.get(("*", path)) or f"stacks/eu.csv:{index + 2}:1"


def plain(name: str, **changes: Any) -> dict[str, Any]:
    """A site's plain spec, with values at dotted paths replaced."""
    made: dict[str, Any] = {
        "fleet": "retail-eu",
        "region": "eu-central-1",
        "name": name,
        "recipe": 1,
        "k3s": {"version": "v1.36.4+k3s1"},
        "nodes": {
            "n1": {
                "hostname": f"{name}-n1"[-63:],
                "arch": "amd64",
                "cpus": 4,
                "memory": 8 * 1024**3,
                "disk": 64 * 1024**3,
                "network": {"address": "10.20.7.10/24", "gateway": "10.20.7.1"},
            }
        },
    }
    for path, value in changes.items():
        *parts, last = path.split("__")
        place = made
        for part in parts:
            place = place.setdefault(part, {})
        place[last] = value
    return made


def digest(inputs: dict[str, Any], node: str) -> str:
    """A digest that depends on the inputs alone, and not on where a site stands."""
    content = (item for item in inputs.items() if item[0] != "location")
    return "sha256:" + hashlib.sha256(f"{node} {sorted(content)!r}".encode()).hexdigest()


def images(inputs: dict[str, Any]) -> dict[str, Any]:
    """Outputs of a site."""
    return {
        "images": {
            node: {
                "seed": digest(inputs, node),
                "uri": f"file:images/sites/{inputs['name']}/{node}.iso",
                "size": 1024,
                "files": {},
            }
            for node in inputs["nodes"]
        },
        "release": {
            "digest": digest(inputs, "release"),
            "uri": f"file:images/releases/{inputs['name']}/0.json",
            "size": 1024,
        },
    }


def step(op: Op, old: dict[str, Any], new: dict[str, Any], diff: Sequence[str] = ()) -> Step:
    """What an engine says about one site."""
    beside = {"store": "file:images", "key": "[secret]"}
    return Step(
        urn=URN + (new or old)["name"],
        op=op,
        type="edgefleet:index:Site",
        diff=tuple(diff),
        old_inputs=old and old | beside,
        new_inputs=new and new | beside,
        old_outputs=images(old) if old else {},
        new_outputs=images(new) if new else {},
    )


@dataclass(frozen=True)
class Made:
    """Makes outcomes and fleets."""

    plain = staticmethod(plain)
    step = staticmethod(step)

    def fleet(self, inputs: Sequence[dict[str, Any]], **more: Any) -> FakeFleet:
        """A fleet of these sites."""
        return FakeFleet(
            name="retail-eu",
            region="eu-central-1",
            recipe=1,
            control_plane=Hub(),
            images=ImageStore(),
            sites={each["name"]: from_plain(SiteSpec, each) for each in inputs},
            provenance=Provenance(text=Source("", "stacks/eu.fleet.yaml")),
            **more,
        )

    def outcome(self, steps: Sequence[Step], **more: Any) -> Outcome:
        """An outcome with these steps."""
        given: dict[str, Any] = {
            "engine": "local",
            "stack": "eu-central-1",
            "operation": "preview",
            "result": "succeeded",
            "seconds": 4.123,
        }
        return Outcome(steps=tuple(steps), **(given | more))


@pytest.fixture(scope="session")
def made() -> Made:
    """Makes outcomes and fleets."""
    return Made()
