"""`edgefleet sites metrics`: OpenMetrics of nodes, rollout and keys, printed and served."""

import signal
import socket
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from tests.commands.test_rollout import publish, report, run, shop, store_of
from tests.keys.channel import DAY, delegation, signer
from tests.keys.channel import NOW as ISSUED
from tests.processes import Server, running

from edgefleet.errors import OutsideFailure
from edgefleet.fleetfile import watched
from edgefleet.fleetfile.load import load_fleet
from edgefleet.io.metrics_server import LIFE, MetricsServer
from edgefleet.keys.delegation import KIND
from edgefleet.keys.signed_document import signed
from edgefleet.report.metrics import TYPE

if TYPE_CHECKING:
    from tests.commands.conftest import Ran, World

__all__ = ["shop"]
Values = dict[tuple[str, frozenset[tuple[str, str]]], float]


def values(text: str) -> Values:
    """dict[(metric, labels but fleet and region) -> value] of an exposition, by a strict reader."""
    found: Values = {}
    for family in text_string_to_metric_families(text):  # type: ignore[no-untyped-call]  # of the library
        for sample in family.samples:
            labels = dict(sample.labels)
            assert ("shops", "dev") == (labels.pop("fleet"), labels.pop("region"))
            found[sample.name, frozenset(labels.items())] = sample.value
    return found


def value(found: Values, name: str, **labels: str) -> float | None:
    """One value."""
    return found.get((f"edgefleet_{name}", frozenset(labels.items())))


def metrics(world: "World", *options: str) -> "Ran":
    """The command, with the stack."""
    return world.run("sites", "metrics", "-s", "dev", *options)


def test_a_rollout_has_its_phase_its_waves_and_what_is_due(shop: "World") -> None:
    """What a step would do counts as due until one does it; a pause is a phase."""
    publish(shop, 2)
    assert 1 == value(values(metrics(shop).out), "rollout_wave_phase", wave="canary", phase="not opened")
    assert 0 < (value(values(metrics(shop).out), "rollout_due") or 0)
    run(shop, "step")
    report(shop, "rolled-back", "berlin")
    run(shop, "step")
    found = values(metrics(shop).out)
    assert (0, 1, 0) == (
        value(found, "rollout_due"),
        value(found, "rollout_phase", phase="paused"),
        value(found, "rollout_phase", phase="running"),
    )
    assert (1, 0, 0) == (
        value(found, "rollout_wave_sites", wave="canary", state="failed"),
        value(found, "rollout_wave_budget", wave="canary"),
        value(found, "rollout_wave_sites", wave="canary", state="unmoved"),
    )
    assert 2 == value(found, "rollout_wave_sites", wave="others", state="unmoved")


def test_release_keys_and_offline_limits_have_their_ends(shop: "World") -> None:
    """As the delegation states them; what is none has no line."""
    document = delegation(1, 2)
    store_of(shop).put("delegation.json", signed(KIND, document.payload, signer(9)))
    found = values(metrics(shop).out)
    ends = [end for (name, _), end in found.items() if name.startswith("edgefleet_release_key_end")]
    assert [ISSUED + 180 * DAY] * 2 == ends
    assert 7 * DAY == value(found, "node_offline_limit_seconds", site="hamburg", node="n2")
    store_of(shop).put("delegation.json", b'{"payload": "AA=="}')
    assert not [name for name, _ in values(metrics(shop).out) if name.startswith("edgefleet_release_key_end")]


def test_a_hub_needs_the_store_and_the_list_of_nodes_alone(shop: "World") -> None:
    """It prints what the stack's own fleet file gives, and when the gateway's list ends."""
    publish(shop, 2)
    run(shop, "step")
    fleet = load_fleet(shop.fleet_file, shop.project)
    (shop.project / "nodes.json").write_text(watched.text(watched.watched(fleet, ISSUED)))
    ran = shop.run("sites", "metrics", "--store", "file:images", "--nodes", "nodes.json")
    assert 0 == ran.code, ran.err
    found = values(ran.out)
    assert ISSUED == value(found, "gateway_revocations_end_timestamp_seconds")
    own = values(metrics(shop).out)
    assert own == {key: of for key, of in found.items() if "gateway" not in key[0]}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--store", "file:images"), "give -s STACK, or --store URI and --nodes FILE"),
        (("--store", "file:images", "--nodes", "nodes.json", "--target", "berlin"), "all of them"),
        (("-s", "dev", "--nodes", "nodes.json"), "all of them"),
        (("--store", "file:images", "--nodes", "nodes.json"), "this is not the list of nodes of a hub"),
    ],
)
def test_without_a_list_of_nodes_it_says_what_to_give(
    shop: "World", options: tuple[str, ...], code: str
) -> None:
    """A file that is not there, too."""
    ran = shop.run("sites", "metrics", *options)
    assert (1, True) == (ran.code, code in " ".join(ran.err.split()))


def test_ten_thousand_sites_fit_into_a_config_map(shop: "World") -> None:
    """1 MiB is the limit of Kubernetes."""
    fleet = load_fleet(shop.fleet_file, shop.project)
    spec = fleet.sites["berlin"]
    fleet.sites.update({f"store-{number:05}-berlin": spec for number in range(10_000)})
    text = watched.text(watched.watched(fleet))
    assert len(text) < 2**19
    assert watched.watched(fleet) == watched.read(text.encode())


@contextmanager
def serving(server: MetricsServer) -> Iterator[str]:
    """A server in a thread; its address."""
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    yield server.address
    server.shutdown()
    thread.join(10)


def get(url: str) -> tuple[int, str, str]:
    """(status, content type, body)."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


def test_a_page_is_made_once_a_minute_and_after_a_failure_at_once() -> None:
    """A store that does not answer is no page of yesterday, and the server lives."""
    now, made, said = [0.0], [0], list[str]()

    def make() -> str:
        made[0] += 1
        if made[0] == 2:
            raise OutsideFailure.at("s3://images", "down", "does not answer", "try again")
        return f"page {made[0]}\n"

    server = MetricsServer(("127.0.0.1", 0), make, TYPE, say=said.append, clock=lambda: now[0])
    with serving(server) as url:
        assert [(200, TYPE, "page 1\n")] * 3 == [get(f"{url}/metrics") for _ in range(3)]
        now[0] += LIFE
        assert 503 == get(f"{url}/metrics")[0]
        assert ["s3://images: does not answer; try again"] == said
        assert (200, "page 3\n") == get(f"{url}/metrics")[::2]
        assert (200, "ok\n") == get(f"{url}/healthz")[::2]
        assert 404 == get(f"{url}/")[0]


def test_a_taken_port_is_named() -> None:
    """With what to give instead."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = ("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(OutsideFailure, match="a free port with --serve"):
            MetricsServer(place, str, TYPE, say=print)


def test_the_program_of_a_pod_serves_and_ends_at_sigterm(shop: "World", tmp_path: Path) -> None:
    """Without a fleet file, state or key."""
    fleet = load_fleet(shop.fleet_file, shop.project)
    (shop.project / "nodes.json").write_text(watched.text(watched.watched(fleet)))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = (sys.executable, "-m", "edgefleet.cli", "-C", str(shop.project))
    options = ("--store", "file:images", "--nodes", "nodes.json", "--serve", str(port))
    server = Server(
        (*program, "sites", "metrics", *options),
        tmp_path / "log",
        {"XDG_CACHE_HOME": str(tmp_path / "cache")},
    )

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    with running(server, answers):
        status, kind, text = get(f"http://127.0.0.1:{port}/metrics")
        assert (200, TYPE) == (status, kind)
        assert 1 == value(values(text), "node_state", site="berlin", node="n1", state="healthy")
        server.stop(signal.SIGTERM)
        # `timeout` passes the signal on, so it may come twice.
        assert {"stopped", "cancelled"} & {*server.log.read_text().split()}
