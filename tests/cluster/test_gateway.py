"""gateway: mosquitto with the rendered configuration, two of them with a bridge whose cable is pulled."""

from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL

import pytest
from tests.cluster.authority import Authority
from tests.cluster.lan import Lan
from tests.cluster.pods import Pod
from tests.processes import wait

from edgefleet.model.spec import from_plain
from edgefleet.model.syntax import reference
from edgefleet.workloads.base.kind import Place
from edgefleet.workloads.gateway import KIND, Gateway

pytestmark = pytest.mark.cluster

SITE, HUB = "gateway.gateway", "mqtt.hub.example"
PASSWORDS = {"lane": 'it\'s a "word": $HOME #1', "office": "other", "bridge": "a # b = c"}
"""dict[user -> password]."""
SECRETS = {reference(user): password for user, password in PASSWORDS.items()}
USERS = {
    "lane": {"password": "LANE", "write": ["sensors/#"], "read": ["orders"]},
    "office": {"password": "OFFICE", "read": ["#"], "write": ["orders"]},
}
BRIDGE = {"address": HUB, "client": "edge-a", "user": "bridge", "password": "BRIDGE"}


def gateway(**fields: object) -> Gateway:
    """A gateway of a fleet file, with users that have passwords."""
    secrets = {user.upper(): user for user in PASSWORDS}
    return from_plain(Gateway, {"kind": "gateway", "secrets": secrets, "users": USERS, **fields})


@pytest.fixture
def broker(pod: Callable[..., Pod]) -> Callable[..., Pod]:
    """Start a gateway as a host of the network."""

    def start(host: str, spec: Gateway, key: str = "") -> Pod:
        secrets = SECRETS | {reference("key"): key}
        return pod(host, KIND.objects(spec, Place(name="gateway")), secrets=secrets)

    return start


def client(at: Pod, user: str, program: str, *words: str, typed: str = "") -> tuple[str, ...]:
    """A command of a client of mosquitto's, which is a device."""
    login = ("-u", user, "-P", typed or PASSWORDS[user]) if user else ()
    return (program, "-h", at.name, "-i", f"{user}-{program}", "-V", "5", *login, *words)


def publish(at: Pod, user: str, topic: str, *texts: str, qos: int = 1) -> None:
    """Publish each of `texts` and wait until the broker has confirmed it."""
    device = client(at, user, "mosquitto_pub", "-t", topic, "-q", str(qos), "-l")
    at.execute(*device, text="".join(f"{text}\n" for text in texts))


def subscribe(at: Pod, user: str, topic: str) -> None:
    """Let a client of `user` have a session, whose messages wait for it at QoS 1."""
    session = ("-c", "-x", "3600", "-q", "1", "-t", topic)
    at.execute(*client(at, user, "mosquitto_sub", *session, "-E"))


def received(at: Pod, user: str, topic: str, *, seconds: int = 2) -> list[str]:
    """The messages of that session, up to a pause of `seconds`."""
    session = ("-c", "-x", "3600", "-q", "1", "-t", topic, "-W", str(seconds))
    device = client(at, user, "mosquitto_sub", *session)
    return at.execute("sh", "-c", '"$@" || [ $? = 27 ]', "sh", *device).splitlines()


def sent(at: Pod, text: str, *, times: int, size: int = 1) -> list[str]:
    """Publish so many messages as a device of the site; returns them."""
    texts = [f"{text}-{number}-".ljust(size, "x") for number in range(times)]
    publish(at, "lane", "sensors/1", *texts)
    return texts


def test_only_users_get_in_and_only_to_their_topics(broker: Callable[..., Pod]) -> None:
    site = broker(SITE, gateway())
    subscribe(site, "office", "#")
    publish(site, "lane", "sensors/1", "warm")
    publish(site, "lane", "orders", "forged")
    assert ["warm"] == received(site, "office", "#")
    wrong = client(site, "lane", "mosquitto_pub", "-t", "a", "-n", typed="wrong")
    for device in (wrong, client(site, "", "mosquitto_pub", "-t", "a", "-n")):
        assert "ot authori" in site.execute("sh", "-c", '"$@" 2>&1 || true', "sh", *device)
    assert "not authorised" in site.log()
    written = "".join(path.read_text() for path in (site.folder / "files").iterdir())
    assert [] == [text for text in PASSWORDS.values() if text in written]


def test_browsers_connect_by_websockets(broker: Callable[..., Pod]) -> None:
    site = broker(SITE, gateway(websockets=9001))
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
    of_mqtt = ("Sec-WebSocket-Protocol: mqtt", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    headers = [word for header in (*upgrade, *of_mqtt) for word in ("-H", header)]
    ask = (
        "curl",
        "-s",
        "-m",
        "2",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        *headers,
        f"http://{SITE}:9001/mqtt",
    )
    assert "101" == site.execute("sh", "-c", '"$@" || true', "sh", *ask)


def test_what_was_saved_survives_a_loss_of_power(broker: Callable[..., Pod]) -> None:
    site = broker(SITE, gateway(saveEvery="1s"))
    subscribe(site, "office", "#")
    texts = sent(site, "kept", times=100)
    saved = site.folder / "data/mosquitto.db"
    wait(lambda: saved.exists() and texts[-1].encode() in saved.read_bytes())
    site.stop(SIGKILL)
    site.start()
    assert texts == received(site, "office", "#")


@pytest.fixture
def hub(broker: Callable[..., Pod], tmp_path: Path) -> tuple[Pod, str]:
    """The broker at the other end, which site a may write to below sites/a, and its authority."""
    authority = Authority(tmp_path / "authority")
    certificate, key = authority.issue(HUB)
    of_bridge = {"password": "BRIDGE", "write": ["sites/a/#"], "read": ["orders"]}
    spec = gateway(
        users=USERS | {"bridge": of_bridge},
        secrets={user.upper(): user for user in PASSWORDS} | {"KEY": "key"},
        tls={"certificate": certificate.read_text(), "key": "KEY"},
    )
    return broker(HUB, spec, key.read_text()), authority.pem


def bridged(authority: str, **fields: object) -> Gateway:
    """The gateway of site a, whose sensors are at the other broker, and the other's orders here."""
    out = {"topic": "sensors/#", "remotePrefix": "sites/a/"}
    into = {"topic": "orders", "direction": "in"}
    return gateway(bridges={"hub": {**BRIDGE, "authority": authority, "topics": [out, into]}}, **fields)


def test_a_bridge_delivers_later_what_it_queued_without_the_cable(
    broker: Callable[..., Pod], hub: tuple[Pod, str], lan: Lan
) -> None:
    """None is lost, also over a restart; the devices of the site do not wait meanwhile."""
    other, authority = hub
    subscribe(other, "office", "sites/#")
    site = broker(SITE, bridged(authority))
    subscribe(site, "lane", "orders")
    first = sent(site, "first", times=1)
    wait(lambda: received(other, "office", "sites/#") == first, reason=site.log, seconds=60)
    lan.pull(HUB)
    texts = sent(site, "away", times=500)
    site.stop()
    site.start()
    texts += sent(site, "restarted", times=500)
    lan.plug(HUB)
    publish(other, "office", "orders", "open")
    delivered: list[str] = []

    def is_complete() -> bool:
        delivered.extend(received(other, "office", "sites/#"))
        return set(texts) <= set(delivered)

    wait(is_complete, seconds=90, reason=site.log)
    wait(lambda: "open" in received(site, "lane", "orders"), seconds=60, reason=site.log)


def test_what_exceeds_the_queue_of_a_bridge_is_dropped_and_the_oldest_is_kept(
    broker: Callable[..., Pod], hub: tuple[Pod, str], lan: Lan
) -> None:
    other, authority = hub
    subscribe(other, "office", "sites/#")
    lan.pull(HUB)
    site = broker(SITE, bridged(authority, queue="64Ki"))
    texts = sent(site, "long", times=200, size=1024)
    lan.plug(HUB)
    delivered: list[str] = []

    def is_there() -> bool:
        delivered.extend(received(other, "office", "sites/#"))
        return bool(delivered)

    wait(is_there, seconds=90, reason=site.log)
    assert texts[: len(delivered)] == delivered
    assert 64 <= len(delivered) <= 64 + 20, len(delivered)


def test_a_broker_of_another_authority_gets_nothing(
    broker: Callable[..., Pod], hub: tuple[Pod, str], tmp_path: Path
) -> None:
    subscribe(hub[0], "office", "sites/#")
    site = broker(SITE, bridged(Authority(tmp_path / "other").pem))
    sent(site, "secret", times=1)
    wait(lambda: "certificate verify failed" in site.log(), seconds=60, reason=site.log)
    assert [] == received(hub[0], "office", "sites/#")
