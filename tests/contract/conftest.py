"""The provider behind a real socket: in this process, or in the one that the CLI would start."""

import json
import os
import subprocess
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as proto
from pulumi.runtime.proto import provider_pb2_grpc
from tests.site.conftest import fake_image, fake_site

from edgefleet.io.environment import Environment
from edgefleet.keys.derivation import site_key
from edgefleet.model.site import SiteSpec
from edgefleet.model.site_resource import SiteInputs, SiteOutputs
from edgefleet.model.spec import to_plain
from edgefleet.provider.properties import encode
from edgefleet.provider.servicer import Servicer
from edgefleet.provider.serving import listen
from edgefleet.site.render import RenderedSite
from edgefleet.site.resource import Site

SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="  # noqa: S105 - of sites that live as long as a test
Stub = Any  # the generated stub carries no types for its calls

PLUGIN = Path(sysconfig.get_path("scripts")) / "pulumi-resource-edgefleet"
"""The program that the CLI finds on PATH where edgefleet's environment is active."""


def render(site: SiteSpec, key: str, passphrases: Mapping[str, str]) -> RenderedSite:
    return fake_site(
        {
            name: fake_image(name, json.dumps([name, to_plain(node), key, dict(passphrases)]).encode())
            for name, node in site.nodes.items()
        }
    )


class Recording(Site):
    """Real images, and a list of the recorded outputs that updates were given; it breaks where told to."""

    updates: list[Mapping[str, Any]]

    def plan(self, spec: SiteInputs, environment: Environment) -> SiteOutputs:
        if spec.name == "bug":
            raise KeyError(spec.key)
        return super().plan(spec, environment)

    def update(
        self, identity: str, new: SiteInputs, environment: Environment, recorded: Mapping[str, Any]
    ) -> SiteOutputs:
        self.updates.append(recorded)
        return super().update(identity, new, environment, recorded)


@pytest.fixture
def recording() -> Recording:
    made = Recording(render=render)
    object.__setattr__(made, "updates", [])
    return made


@pytest.fixture
def stub(tmp_path: Path, recording: Recording) -> Iterator[Stub]:
    """A client of a configured server in this process, over a socket."""
    with served(recording, tmp_path) as client:
        yield client


@contextmanager
def served(resource: Site, project: Path) -> Iterator[Stub]:
    """A client of a configured server of `resource`."""
    server, port = listen(Servicer(resources=(resource,), project=project))
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        client = provider_pb2_grpc.ResourceProviderStub(channel)
        client.Configure(proto.ConfigureRequest(args=encode({"region": "eu-central-1"})))
        yield client
    server.stop(None)


@pytest.fixture
def start_plugin(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], Stub]]]:
    """Starts the plugin as the CLI does and gives its process and a client."""
    started: list[tuple[subprocess.Popen[str], grpc.Channel]] = []

    def start(
        program: Path = PLUGIN, env: Mapping[str, str] | None = None
    ) -> tuple[subprocess.Popen[str], Stub]:
        process = subprocess.Popen(
            [str(program), "127.0.0.1:1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
        )
        assert process.stdout is not None
        assert process.stderr is not None
        port = process.stdout.readline().strip()
        assert port.isdigit(), process.stderr.read()
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        started.append((process, channel))
        return process, provider_pb2_grpc.ResourceProviderStub(channel)

    yield start
    for process, channel in started:
        channel.close()
        process.kill()
        process.communicate()


@pytest.fixture
def site() -> dict[str, Any]:
    """The plain inputs of a site with two nodes."""
    nodes = {
        name: {
            "hostname": f"store-0007-{name}",
            "runtime": runtime,
            "arch": "amd64",
            "cpus": 4,
            "memory": 8 * 2**30,
            "disk": 64 * 2**30,
            "network": {"address": f"10.20.7.{last}/24", "gateway": "10.20.7.1", "dns": ["10.20.7.1"]},
        }
        for name, runtime, last in (("n1", "k3s-server", 10), ("n2", "k3s-agent", 11))
    }
    return {
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
        "nodes": nodes,
        "store": "file:images",
        "key": site_key(SECRET, fleet="retail-eu", region="eu-central-1", site="store-0007", generation=1),
    }
