"""stream: nats-server with the rendered configuration forwards over a link that goes, once and in order.

The container that declares a stream needs the program nats, which is not built here: the test sends the
rendered declaration by the same API.
"""

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
from tests.cluster.lan import Lan
from tests.cluster.pods import Pod
from tests.go_programs import programs
from tests.processes import wait

from edgefleet.keys.certificates import Holder
from edgefleet.keys.derivation import site_key
from edgefleet.keys.site_certificate import (
    UNTIL,
    generation_uri,
    hub_server,
    site_authority,
    site_certificate,
)
from edgefleet.model.quantities import parse_size
from edgefleet.model.spec import from_plain
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.base.nats import MONITOR
from edgefleet.workloads.composing import certified
from edgefleet.workloads.stream import KIND, Stream, volume_size

pytestmark = pytest.mark.cluster

SECRET = base64.b64encode(b"s" * 32).decode()
HUB = "streams.example"
HERE = Path(__file__).parent
BY = site_authority(SECRET, fleet="shops", region="eu")
OTHER = site_authority(base64.b64encode(b"o" * 32).decode(), fleet="shops", region="eu")
SPEC = from_plain(
    Stream,
    {"kind": "stream", "subjects": ["sensors.>"], "buffer": "16Mi", "to": "hub", "address": f"{HUB}:7422"},
)


def container_of_server(objects: list[Object]) -> list[Object]:
    """`objects` without the container that declares the stream."""
    for each in objects:
        if each["kind"] == "StatefulSet":
            del each["spec"]["template"]["spec"]["containers"][1:]
    return objects


def site(name: str, generation: int = 1, by: Holder = BY) -> list[Object]:
    """The objects of a site, with its certificate."""
    key = site_key(SECRET, fleet="shops", region="eu", site=name, generation=generation)
    names = ("shops", "eu", name)
    own = site_certificate(key, by, site=names, not_after=UNTIL, generation=generation)
    texts = {"tls.crt": own.certificate_pem, "tls.key": own.key_pem, "ca.crt": BY.certificate_pem}
    objects = KIND.objects(SPEC, Place(name="telemetry", site=name))
    return container_of_server([*certified(objects, lambda _: texts)])


def hub(**admitted: tuple[int, ...]) -> list[Object]:
    """The objects of the hub, which admits key generations of sites."""
    own = hub_server(SECRET, BY, HUB)
    texts = {"tls.crt": own.certificate_pem, "tls.key": own.key_pem, "ca.crt": BY.certificate_pem}
    sites = tuple(
        (name, tuple(generation_uri(("shops", "eu", name), each) for each in generations))
        for name, generations in admitted.items()
    )
    objects = KIND.cloud(SPEC, Place(name="telemetry", side="hub", sites=sites))
    return container_of_server([*certified(objects, lambda _: texts)])


@dataclass
class Hosts:
    """The hub and sites on a `Lan`."""

    lan: Lan
    pod: Callable[..., Pod]
    pods: dict[str, Pod] = field(default_factory=dict)

    def start(self, name: str, objects: list[Object]) -> None:
        """Start the server of a host."""
        (server,) = programs("nats-server")
        self.pods[name] = self.pod(name, objects, programs={"/opt/nats-server": server})

    def declare(self, name: str) -> None:
        """Declare the stream of a host as its container would."""
        (files,) = [each["data"] for each in self.pods[name].objects if each["kind"] == "ConfigMap"]
        answer = self.ask(name, "request", "$JS.API.STREAM.CREATE.telemetry", files["stream.json"])
        assert "error" not in answer, answer

    def connect(self, *names: str, **admitted: tuple[int, ...]) -> None:
        """Start the hub, which admits key generations, and these sites; they are connected and have streams.

        The hub's is declared last: JetStream asks a site that is not there yet again after 12 seconds only.
        """
        self.start(HUB, hub(**admitted))
        for name in names:
            self.start(name, site(name))
            self.declare(name)
        wait(lambda: self.connected() == len(names), reason=self.pods[HUB].log)
        self.declare(HUB)

    def connected(self) -> int:
        """How many sites have a connection to the hub."""
        found = json.loads(self.pods[HUB].execute("curl", "-sf", f"http://127.0.0.1:{MONITOR}/leafz"))
        return int(found["leafnodes"])

    def ask(self, name: str, *words: str) -> Any:
        """What the client prints at a host."""
        command = self.client(name, *words)
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def client(self, name: str, *words: str) -> list[str]:
        """The command that runs the client at a host."""
        return [*self.lan.enter(name), sys.executable, str(HERE / "nats_client.py"), "127.0.0.1", *words]

    @contextmanager
    def listening(self, name: str) -> Iterator[list[str]]:
        """The subjects of all that a client at a host gets while the block runs, once the block has ended."""
        subjects: list[str] = []
        command = self.client(name, "listen", ">", "end")
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
            assert client.stdout is not None
            assert client.stdout.readline() == "listening\n"
            yield subjects
            self.ask(name, "send", "end")
            subjects += json.loads(client.stdout.read())

    def messages(self) -> int:
        """How many the hub's stream has."""
        info = self.ask(HUB, "request", "$JS.API.STREAM.INFO.telemetry", "")
        return int(info["state"]["messages"])

    def arrived(self, count: int) -> None:
        """Wait until the hub has `count` messages: JetStream asks a site again within some seconds."""
        wait(lambda: self.messages() >= count, seconds=60, reason=self.pods[HUB].log)


@pytest.fixture
def hosts(lan: Lan, pod: Callable[..., Pod]) -> Hosts:
    """No host yet."""
    return Hosts(lan, pod)


def test_messages_of_an_outage_arrive_once_and_in_order(hosts: Hosts) -> None:
    """With the cable pulled, the site killed meanwhile, and the hub killed after it."""
    hosts.connect("berlin", berlin=(1,))
    assert 200 == hosts.ask("berlin", "publish", "sensors.door", "0", "200")
    hosts.arrived(200)
    hosts.lan.pull("berlin")
    assert 300 == hosts.ask("berlin", "publish", "sensors.door", "200", "300")
    hosts.pods["berlin"].stop(SIGKILL)
    hosts.pods["berlin"].start()
    hosts.lan.plug("berlin")
    hosts.arrived(201)
    hosts.pods[HUB].stop(SIGKILL)
    assert 100 == hosts.ask("berlin", "publish", "sensors.door", "500", "100")
    hosts.pods[HUB].start()
    hosts.arrived(600)
    expected = [["berlin.sensors.door", str(number)] for number in range(600)]
    assert expected == hosts.ask(HUB, "read", "telemetry", "600")
    assert 600 == hosts.messages()


def test_a_site_is_no_other_site(hosts: Hosts) -> None:
    """It neither publishes as another, nor asks its JetStream or the hub's, nor hears what others send."""
    hosts.connect("berlin", "wien", berlin=(1,), wien=(1,))
    assert 1 == hosts.ask("berlin", "publish", "sensors.door", "1", "1")
    hosts.arrived(1)
    for prefix in ("wien", "HUB"):
        assert hosts.ask("berlin", "request", f"$JS.{prefix}.API.STREAM.INFO.telemetry", "") is None
    with hosts.listening("wien") as at_wien, hosts.listening(HUB) as at_hub:
        for subject in ("wien.sensors.door", "$EDGEFLEET.wien.S.x", "$JSC.R.wien.x", "other"):
            hosts.ask("berlin", "request", subject, "forged")
        hosts.ask("berlin", "publish", "sensors.door", "2", "1")
        hosts.arrived(2)
        hosts.ask(HUB, "send", "heard")
    assert [] == [subject for subject in at_wien if "sensors" in subject or "berlin" in subject]
    assert set() == {"wien.sensors.door", "$EDGEFLEET.wien.S.x", "$JSC.R.wien.x", "other"} & {
        *at_wien,
        *at_hub,
    }
    assert "heard" in at_hub
    assert 2 == hosts.messages()


@pytest.mark.parametrize("case", ["revoked", "of another authority"])
def test_only_certificates_that_count_connect(hosts: Hosts, case: str) -> None:
    """Key generation 1 is revoked; with generation 2 the same site gets in, and its messages with it."""
    hosts.start(HUB, hub(berlin=(2,)))
    wrong = site("berlin") if case == "revoked" else site("berlin", 2, OTHER)
    hosts.start("berlin", wrong)
    hosts.declare("berlin")
    assert 1 == hosts.ask("berlin", "publish", "sensors.door", "1", "1")
    words = "authentication error" if case == "revoked" else "TLS leafnode handshake error"
    wait(lambda: words in hosts.pods[HUB].log(), reason=hosts.pods[HUB].log)
    assert 0 == hosts.connected()
    hosts.pods["berlin"].stop()
    hosts.pods["berlin"].objects = site("berlin", 2)
    hosts.pods["berlin"].start()
    wait(lambda: hosts.connected() == 1, reason=hosts.pods[HUB].log)
    hosts.declare(HUB)
    hosts.arrived(1)


def test_the_buffer_is_bounded(hosts: Hosts) -> None:
    """The volume, too; the oldest messages go."""
    objects = container_of_server(
        [*KIND.objects(replace(SPEC, to=None, address=None), Place(name="telemetry"))]
    )
    hosts.start("berlin", objects)
    hosts.declare("berlin")
    hosts.ask("berlin", "fill", "sensors.door", "40000", "1000")
    state = hosts.ask("berlin", "request", "$JS.API.STREAM.INFO.telemetry", "")["state"]
    assert state["bytes"] <= 16 * 2**20 < 40_000 * 1000
    assert state["first_seq"] > 1
    taken = sum(file.stat().st_size for file in (hosts.pods["berlin"].folder / "data").rglob("*"))
    assert taken <= parse_size(volume_size(16 * 2**20))
