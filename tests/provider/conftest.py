"""A servicer in this process, a fake renderer and a small site."""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest
from pulumi.runtime.proto import provider_pb2 as proto
from tests.site.conftest import fake_image, fake_site

from edgefleet.cloud.bucket import Bucket
from edgefleet.keys.derivation import site_key
from edgefleet.model.site import SiteSpec
from edgefleet.model.site_resource import TOKEN
from edgefleet.model.spec import to_plain
from edgefleet.provider.failures import problems_of
from edgefleet.provider.properties import decode, encode
from edgefleet.provider.servicer import Servicer
from edgefleet.site.render import RenderedSite
from edgefleet.site.resource import Site

SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="  # noqa: S105 - of sites that live as long as a test


def key_of(inputs: Mapping[str, Any], secret: str = SECRET) -> str:
    """The key of the site that plain inputs describe."""
    place = {"fleet": inputs["fleet"], "region": inputs["region"], "site": str(inputs["name"])}
    return site_key(secret, **place, generation=inputs.get("keyGeneration", 1))


@dataclass
class FakeRenderer:
    """Each node's image depends on that node, the key and the passphrases; calls are counted."""

    calls: int = 0

    def __call__(self, site: SiteSpec, key: str, passphrases: Mapping[str, str]) -> RenderedSite:
        self.calls += 1
        images = {
            name: fake_image(
                name,
                json.dumps([name, to_plain(node), key, dict(passphrases)]).encode(),
                *("meta-data", "network-config", "user-data"),
            )
            for name, node in site.nodes.items()
        }
        return fake_site(images)


class Aborted(Exception):  # noqa: N818 - what happened
    """The call was answered with a status."""

    def __init__(self, status: Any) -> None:
        super().__init__(status.details)
        self.code, self.message = status.code, status.details
        self.details = dict(status.trailing_metadata)["grpc-status-details-bin"]
        self.problems = problems_of(self.details)


class InProcess:
    """The context that the embedded engine gives a call."""

    def abort_with_status(self, status: Any) -> NoReturn:
        raise Aborted(status)


@dataclass
class Called:
    """Calls a servicer with plain data, as an engine would."""

    servicer: Servicer
    project: Path
    type: str = TOKEN
    name: str = "store-0007"
    context: InProcess = field(default_factory=InProcess)

    @property
    def about(self) -> dict[str, Any]:
        urn = f"urn:pulumi:dev::fleet::{self.type}::{self.name}"
        return {"urn": urn, "type": self.type, "name": self.name}

    def configure(self, **config: Any) -> Any:
        return self.servicer.Configure(proto.ConfigureRequest(args=encode(config)), self.context)

    def check(self, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> Any:
        request = proto.CheckRequest(news=encode(news), olds=encode(olds or {}), **self.about)
        return self.servicer.Check(request, self.context)

    def failures(self, news: Mapping[str, Any]) -> dict[str, str]:
        return {each.property: each.reason for each in self.check(news).failures}

    def diff(
        self,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        outputs: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Any:
        request = proto.DiffRequest(
            id="it",
            old_inputs=encode(old),
            news=encode(new),
            olds=encode(outputs or {}),
            **self.about,
            **more,
        )
        return self.servicer.Diff(request, self.context)

    def create(self, inputs: Mapping[str, Any], *, preview: bool = False) -> tuple[str, dict[str, Any]]:
        request = proto.CreateRequest(properties=encode(inputs), preview=preview, **self.about)
        answer = self.servicer.Create(request, self.context)
        return answer.id, decode(answer.properties)

    def read(self, identity: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
        request = proto.ReadRequest(
            id=identity, properties=encode(outputs), inputs=encode(inputs), **self.about
        )
        return self.servicer.Read(request, self.context)

    def update(
        self, identity: str, new: Mapping[str, Any], outputs: Mapping[str, Any], *, preview: bool = False
    ) -> dict[str, Any]:
        request = proto.UpdateRequest(
            id=identity, news=encode(new), olds=encode(outputs), preview=preview, **self.about
        )
        return decode(self.servicer.Update(request, self.context).properties)

    def delete(self, identity: str, inputs: Mapping[str, Any]) -> None:
        request = proto.DeleteRequest(id=identity, old_inputs=encode(inputs), **self.about)
        self.servicer.Delete(request, self.context)


@pytest.fixture
def renderer() -> FakeRenderer:
    return FakeRenderer()


@pytest.fixture
def servicer(tmp_path: Path, renderer: FakeRenderer) -> Servicer:
    return Servicer(resources=(Site(render=renderer), Bucket()), project=tmp_path)


@pytest.fixture
def call(servicer: Servicer, tmp_path: Path) -> Called:
    """A configured provider without any cloud."""
    called = Called(servicer, tmp_path)
    called.configure(region="eu-central-1")
    return called


@pytest.fixture
def site() -> Callable[..., dict[str, Any]]:
    """Makes the plain inputs of a site with `nodes` nodes; keyword arguments replace top-level inputs."""

    def make(nodes: int = 1, **replaced: Any) -> dict[str, Any]:
        node: dict[str, Any] = {
            "hostname": "store-0007-n1",
            "runtime": "k3s-server",
            "arch": "amd64",
            "cpus": 4,
            "memory": 8 * 2**30,
            "disk": 64 * 2**30,
            "network": {"address": "10.20.7.10/24", "gateway": "10.20.7.1", "dns": ["10.20.7.1"]},
        }
        made: dict[str, Any] = {
            "fleet": "retail-eu",
            "region": "eu-central-1",
            "name": "store-0007",
            "recipe": 1,
            "users": [
                {
                    "name": "ops",
                    "sshKeys": [
                        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJUih2m0S0xtVfFz8eAXmhmAoYZaPT+6pAQavvo1hGvt ops"
                    ],
                }
            ],
            "k3s": {"version": "v1.36.4+k3s1"},
            "nodes": {},
            "store": "file:images",
        }
        for number in range(1, nodes + 1):
            each = copy.deepcopy(node)
            each["hostname"] = f"store-0007-n{number}"
            each["runtime"] = "k3s-server" if number == 1 else "k3s-agent"
            each["network"]["address"] = f"10.20.7.{9 + number}/24"
            made["nodes"][f"n{number}"] = each
        made |= replaced
        return {"key": key_of(made)} | made

    return make
