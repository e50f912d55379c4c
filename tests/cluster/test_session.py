"""session: Valkey with the rendered configuration and command keeps what it confirmed."""

from collections.abc import Callable
from signal import SIGKILL
from typing import Any

import pytest
from tests.cluster.pods import Pod

from edgefleet.model.spec import from_plain
from edgefleet.model.syntax import reference
from edgefleet.workloads.base.kind import Place
from edgefleet.workloads.session import KIND, Session

pytestmark = pytest.mark.cluster

PASSWORD = 'it\'s a "word" $HOME #1'  # noqa: S105 - of this test


def objects(**fields: Any) -> list[Any]:
    """The objects of a session store of a fleet file."""
    spec = from_plain(Session, {"kind": "session", "secrets": {"PASSWORD": "carts"}} | fields)
    return list(KIND.objects(spec, Place(name="carts")))


@pytest.fixture
def carts(pod: Callable[..., Pod]) -> Pod:
    """A store with a password."""
    return pod("carts.carts", objects(), secrets={reference("carts"): PASSWORD})


def ask(carts: Pod, *words: str) -> str:
    """What valkey-cli prints, which has the password from its environment."""
    return carts.execute("valkey-cli", "-h", "carts.carts", *words).strip()


def test_sessions_survive_that_the_server_is_killed(carts: Pod) -> None:
    script = "for i = 1, 1000 do redis.call('SET', 'cart:' .. i, i, 'EX', 3600) end"
    ask(carts, "EVAL", script, "0")
    assert "OK" == ask(carts, "SET", "last", "one")
    carts.stop(SIGKILL)
    carts.start()
    assert ["1001", "one", "1000"] == [
        ask(carts, "DBSIZE"),
        ask(carts, "GET", "last"),
        ask(carts, "GET", "cart:1000"),
    ]
    assert 3500 < int(ask(carts, "TTL", "cart:1")) <= 3600


def test_a_file_with_an_incomplete_end_is_read_up_to_there(carts: Pod) -> None:
    """As a loss of power may leave it."""
    ask(carts, "SET", "first", "one")
    ask(carts, "SET", "second", "two")
    carts.stop(SIGKILL)
    (file,) = (carts.folder / "data").rglob("*.incr.aof")
    file.write_bytes(file.read_bytes()[:-5])
    carts.start()
    assert ["one", ""] == [ask(carts, "GET", "first"), ask(carts, "GET", "second")]


def test_only_who_has_the_password_is_let_in(carts: Pod) -> None:
    assert "PONG" == ask(carts, "PING")
    assert "NOAUTH" in ask(carts, "-a", "another", "PING")
    assert "NOAUTH" in carts.execute(
        "env", "-u", "VALKEYCLI_AUTH", "-u", "REDISCLI_AUTH", "valkey-cli", "-h", "carts.carts", "PING"
    )


def test_what_does_not_fit_is_an_error_and_loses_nothing(pod: Callable[..., Pod]) -> None:
    """The bound of the data holds, and what was there stays."""
    carts = pod(
        "carts.carts", objects(data="8Mi", eviction="noeviction"), secrets={reference("carts"): PASSWORD}
    )
    ask(carts, "SET", "first", "one")
    fill = "for i in 1 2 3 4 5 6 7 8 9; do head -c 1M /dev/zero | valkey-cli -x SET big:$i; done"
    assert "OOM" in carts.execute("sh", "-c", fill)
    assert "one" == ask(carts, "GET", "first")
