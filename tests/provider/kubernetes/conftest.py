"""A provider of objects, called as the embedded engine calls it, and a stand-in for its cluster."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as proto
from tests.cloud.timing import FastClock
from tests.provider.conftest import Aborted, InProcess
from tests.provider.kubernetes.fake_api_server import FakeApiServer, fake_api_server

from edgefleet.io.web import Policy
from edgefleet.provider.kubernetes.servicer import KubernetesServicer
from edgefleet.provider.properties import decode, encode

__all__ = ["Aborted"]
PROVIDER = "5c0b5a1e-provider-of-the-test"
TOKENS = {"v1": "core/v1"}


@dataclass
class Called:
    """Calls a servicer about one resource, with plain data."""

    servicer: KubernetesServicer
    token: str = "kubernetes:core/v1:ConfigMap"  # noqa: S105 - of a type
    name: str = "it"
    context: InProcess = field(default_factory=InProcess)

    def of(self, token: str, name: str = "it") -> "Called":
        """The same provider, about another resource."""
        return Called(self.servicer, f"kubernetes:{token}", name)

    @property
    def urn(self) -> str:
        return f"urn:pulumi:dev::shops::{self.token}::{self.name}"

    @property
    def about(self) -> dict[str, Any]:
        return {"urn": self.urn, "type": self.token, "name": self.name}

    def configure(self, **config: Any) -> None:
        request = proto.ConfigureRequest(args=encode(config), id=PROVIDER)
        self.servicer.Configure(request, self.context)

    def check_config(self, **config: Any) -> dict[str, str]:
        answer = self.servicer.CheckConfig(proto.CheckRequest(news=encode(config)), self.context)
        return {
            failure.property or failure.reason.partition(":")[0]: failure.reason
            for failure in answer.failures
        }

    def diff_config(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> Any:
        request = proto.DiffRequest(old_inputs=encode(old), olds=encode(old), news=encode(new))
        return self.servicer.DiffConfig(request, self.context)

    def check(self, news: Mapping[str, Any]) -> Any:
        return self.servicer.Check(proto.CheckRequest(news=encode(news), **self.about), self.context)

    def checked(self, news: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.check(news)
        assert not list(answer.failures)
        return decode(answer.inputs)

    def failures(self, news: Mapping[str, Any]) -> dict[str, str]:
        return {failure.property: failure.reason for failure in self.check(news).failures}

    def diff(self, outputs: Mapping[str, Any], news: Mapping[str, Any], ignored: tuple[str, ...] = ()) -> Any:
        request = proto.DiffRequest(
            id=id_of(outputs), olds=encode(outputs), news=encode(news), ignoreChanges=ignored, **self.about
        )
        return self.servicer.Diff(request, self.context)

    def create(
        self, news: Mapping[str, Any], *, preview: bool = False, timeout: float = 0
    ) -> tuple[str, dict[str, Any]]:
        inputs = encode(self.checked(news))
        request = proto.CreateRequest(properties=inputs, preview=preview, timeout=timeout, **self.about)
        answer = self.servicer.Create(request, self.context)
        return answer.id, decode(answer.properties)

    def read(
        self, identity: str, outputs: Mapping[str, Any] | None = None, inputs: Mapping[str, Any] | None = None
    ) -> Any:
        request = proto.ReadRequest(
            id=identity, properties=encode(outputs or {}), inputs=encode(inputs or {}), **self.about
        )
        return self.servicer.Read(request, self.context)

    def update(
        self,
        outputs: Mapping[str, Any],
        news: Mapping[str, Any],
        *,
        preview: bool = False,
        ignored: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        request = proto.UpdateRequest(
            id=id_of(outputs),
            news=encode(self.checked(news)),
            olds=encode(outputs),
            preview=preview,
            ignoreChanges=ignored,
            **self.about,
        )
        return decode(self.servicer.Update(request, self.context).properties)

    def delete(self, outputs: Mapping[str, Any], timeout: float = 0) -> None:
        request = proto.DeleteRequest(
            id=id_of(outputs), properties=encode(outputs), timeout=timeout, **self.about
        )
        self.servicer.Delete(request, self.context)


def id_of(outputs: Mapping[str, Any]) -> str:
    """``namespace/name``."""
    metadata = outputs["metadata"]
    return "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))


def config_map(**data: str) -> dict[str, Any]:
    """A ConfigMap ``settings``."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": data}


def deployment(image: str = "till:1", **spec: Any) -> dict[str, Any]:
    """A Deployment ``till`` with two replicas."""
    labels = {"app": "till"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "till", "image": image}]}}
    described = {"replicas": 2, "selector": {"matchLabels": labels}, "template": pod, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "till"}, "spec": described}


@pytest.fixture
def logged() -> list[tuple[str, str]]:
    """(severity, message) that the provider reported."""
    return []


@pytest.fixture
def servicer(logged: list[tuple[str, str]], tmp_path: Path) -> KubernetesServicer:
    def log(severity: str, message: str, urn: str = "") -> None:
        del urn
        logged.append((severity, message))

    policy = Policy(attempts=3, stall=5)
    return KubernetesServicer(environ={}, clock=FastClock(), policy=policy, project=tmp_path, log=log)


@pytest.fixture
def server() -> Iterator[FakeApiServer]:
    with fake_api_server() as served:
        yield served


@pytest.fixture
def call(servicer: KubernetesServicer, server: FakeApiServer) -> Called:
    """The calls of a provider that is configured for the stand-in."""
    called = Called(servicer)
    called.configure(kubeconfig=server.kubeconfig())
    return called
