"""Seeds over a LAN: once, for the node that they are for, until they expire."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPSConnection
from ipaddress import ip_address
from pathlib import Path
from time import monotonic, sleep

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edgefleet.errors import InvalidInput
from edgefleet.io.seed_ledger import MOST, Ledger
from edgefleet.io.seed_server import OF_ONE, PATIENCE, SLOWEST, SeedServer, Shelf

MAC = "02:00:00:00:00:01"
START = datetime(2026, 11, 25, tzinfo=UTC)
SEED = {
    "boot.ipxe": b"#!ipxe\nboot\n",
    "user-data": b"secret\n",
    "meta-data": b"m\n",
    "network-config": b"n\n",
}


class Lan:
    """A server on loopback, whose clock and table of neighbours a test sets."""

    def __init__(
        self, place: Path, tls: ssl.SSLContext | None = None, words: dict[str, str] | None = None
    ) -> None:
        self.words_of_nodes, self.seconds = words, 0.0
        self.place, self.now, self.mac, self.tls = place, START, MAC, tls
        self.words = iter(f"word-{number:04}" for number in range(100))
        self.seed = "sha256:1"
        self.nodes = {MAC: dict(SEED)}
        self.said: list[str] = []
        kernel = place / "kernel"
        kernel.write_bytes(b"k" * 100_000)
        self.files = {"1" * 64: kernel}
        self.server = self._served()

    def _served(self) -> SeedServer:
        ledger = Ledger(
            path=self.place / "handed.json",
            now=lambda: self.now,
            until=START + timedelta(hours=1),
            chance=lambda: next(self.words),
            seeds={MAC: self.seed},
        )
        self.ledger = ledger
        shelf = Shelf(
            nodes=self.nodes,
            files=self.files,
            ledger=ledger,
            say=self.said.append,
            neighbour=lambda address: self.mac,  # noqa: ARG005 - a test says who asks
            words=self.words_of_nodes,
        )
        server = SeedServer(("127.0.0.1", 0), shelf, tls=self.tls, clock=lambda: self.seconds)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return server

    def again(self) -> None:
        """Another run of the server."""
        self.close()
        self.server = self._served()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def get(self, path: str, source: str = "127.0.0.1") -> tuple[int, bytes]:
        """(status, body) that a client at the address `source` receives."""
        port = self.server.server_address[1]
        connection = HTTPConnection("127.0.0.1", port, timeout=10, source_address=(source, 0))
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def connect(self, sent: bytes = b"", *, receive_buffer: int | None = None) -> socket.socket:
        """A connection of its own, on which a test sends `sent`."""
        connection = socket.socket()
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", self.server.server_address[1]))
        connection.sendall(sent)
        return connection

    def waits_for(self, is_so: Callable[[], bool]) -> bool:
        """Whether something that the server's threads do happens within ten seconds."""
        end = monotonic() + 10
        while not is_so() and monotonic() < end:
            sleep(0.01)
        return is_so()

    def script(self) -> tuple[int, bytes]:
        """The script of the node."""
        return self.get(f"/boot/{MAC.replace(':', '-')}.ipxe")


@pytest.fixture
def lan(tmp_path: Path) -> Iterator[Lan]:
    """A LAN with one node."""
    made = Lan(tmp_path)
    yield made
    made.close()


def test_a_box_starts_and_has_its_seed_once(lan: Lan) -> None:
    """Each file once, then 410; so has the script, and the node goes on from its own disk."""
    status, script = lan.script()
    base = lan.server.base
    wanted = f"#!ipxe\nset base {base}\nset seed {base}/boot/seed/word-0000/\nboot\n"
    assert (200, wanted) == (status, script.decode())
    for name in ("meta-data", "user-data", "network-config"):
        assert (200, SEED[name]) == lan.get(f"/boot/seed/word-0000/{name}")
        assert (410, b"") == lan.get(f"/boot/seed/word-0000/{name}")
    assert (200, b"") == lan.get("/boot/seed/word-0000/vendor-data")
    assert (410, b"") == lan.script()
    assert f"{MAC}: has user-data" in lan.said


def test_what_was_handed_is_known_to_the_next_run(lan: Lan) -> None:
    """The record is on disk, and has no one-time address in it; another seed is handed again."""
    lan.script()
    lan.get("/boot/seed/word-0000/user-data")
    lan.again()
    assert 410 == lan.script()[0]
    kept = (lan.place / "handed.json").read_text()
    assert "word-0000" not in kept
    lan.seed = "sha256:2"
    lan.again()
    assert 200 == lan.script()[0]


def test_a_box_that_is_forgotten_gets_its_seed_once_more(lan: Lan) -> None:
    """As somebody asked for, who set it up again; what other nodes were handed stays handed."""
    lan.script()
    assert 200 == lan.get("/boot/seed/word-0000/user-data")[0]
    lan.ledger.forget(["02:00:00:00:00:99"])
    assert 410 == lan.script()[0]
    lan.ledger.forget([MAC])
    assert 200 == lan.script()[0]
    lan.again()
    assert 200 == lan.script()[0]


def test_another_box_gets_nothing(lan: Lan) -> None:
    """Neither a script nor, with a one-time address that it saw, the seed; the node itself still does."""
    lan.script()
    lan.mac = "02:00:00:00:00:99"
    assert [403] * 3 == [lan.script()[0] for _ in range(3)]
    assert [f"{MAC}: starts", f"{MAC}: 127.0.0.1 is not this node; refused"] == lan.said
    assert (403, b"") == lan.get("/boot/seed/word-0000/user-data")
    lan.mac = MAC
    assert 200 == lan.get("/boot/seed/word-0000/user-data")[0]


def test_an_address_is_valid_for_half_an_hour(lan: Lan) -> None:
    """After that the node starts again for another; after the end of serving there is none."""
    lan.script()
    lan.now = START + timedelta(minutes=31)
    assert (410, b"") == lan.get("/boot/seed/word-0000/user-data")
    assert 200 == lan.script()[0]
    lan.now = START + timedelta(hours=1)
    assert (410, b"") == lan.script()


def test_another_start_ends_no_address_until_one_is_used(lan: Lan) -> None:
    """A second request for the script stops no node that starts; the use of one address ends the other."""
    lan.script()
    lan.script()
    assert 200 == lan.get("/boot/seed/word-0000/meta-data")[0]
    assert 404 == lan.get("/boot/seed/word-0001/user-data")[0]
    assert 200 == lan.script()[0]
    assert 200 == lan.get("/boot/seed/word-0000/user-data")[0]
    assert 404 == lan.get("/boot/seed/word-0002/user-data")[0]
    assert 410 == lan.script()[0]


def test_addresses_of_a_node_are_limited(lan: Lan) -> None:
    """Anyone who asks without end fills no memory and ends no address; expired ones leave room."""
    assert [200] * MOST == [lan.script()[0] for _ in range(MOST)]
    assert 410 == lan.script()[0]
    lan.now = START + timedelta(minutes=29)
    assert 200 == lan.get("/boot/seed/word-0000/meta-data")[0]
    lan.ledger.forget([MAC])
    assert [200] * MOST == [lan.script()[0] for _ in range(MOST)]
    lan.now = START + timedelta(minutes=59, seconds=59)
    assert 200 == lan.script()[0]


def test_behind_a_router_a_node_gives_the_word_of_its_sheet(tmp_path: Path) -> None:
    """Anyone who knows the hardware address alone gets neither the script nor the seed."""
    lan = Lan(tmp_path, words={MAC: "bcdef-ghijk-nprst"})
    lan.mac = "02:00:00:00:00:99"
    start = f"/boot/{MAC.replace(':', '-')}"
    try:
        assert b"chain /boot/${mac:hexhyp}/${word}.ipxe" in lan.get("/boot.ipxe")[1]
        for path in (f"{start}.ipxe", f"{start}/bcdef-ghijk-nprss.ipxe", f"{start}/b.ipxe"):
            assert (403, b"") == lan.get(path), path
        assert 404 == lan.get("/boot/02-00-00-00-00-99/bcdef-ghijk-nprst.ipxe")[0]
        assert b"/boot/seed/word-0000/" in lan.get(f"{start}/bcdef-ghijk-nprst.ipxe")[1]
        assert (200, SEED["user-data"]) == lan.get("/boot/seed/word-0000/user-data")
        assert 410 == lan.get(f"{start}/bcdef-ghijk-nprst.ipxe")[0]
    finally:
        lan.close()


def test_a_broken_connection_counts_as_a_delivery(tmp_path: Path, lan: Lan) -> None:
    """Who resets it may have read all of it; the person who serves learns of it and may serve it again."""
    assert tmp_path == lan.place
    lan.nodes[MAC]["user-data"] = b"s" * 8 * 1024**2
    lan.script()
    request = b"GET /boot/seed/word-0000/user-data HTTP/1.0\r\n\r\n"
    with lan.connect(request, receive_buffer=4096) as thief:
        assert b"200" in thief.recv(64)
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert lan.waits_for(lambda: any("was not received whole" in line for line in lan.said))
    assert (410, b"") == lan.get("/boot/seed/word-0000/user-data")
    assert (410, b"") == lan.script()
    assert f"{MAC}: has user-data" not in lan.said
    lan.again()
    assert (410, b"") == lan.script()


def test_slow_clients_keep_no_node_from_its_seed(lan: Lan) -> None:
    """One address has few connections, and each of them ends at its deadline, whatever is sent meanwhile."""
    slow = [lan.connect(b"GET /boot") for _ in range(OF_ONE)]
    refused = lan.connect(b"GET /boot.ipxe HTTP/1.0\r\n\r\n")
    assert b"" == refused.recv(100)
    lan.seconds = PATIENCE - 1.0
    for connection in slow:
        connection.sendall(b"x")
    lan.seconds = PATIENCE + 0.0
    assert [b""] * OF_ONE == [connection.recv(100) for connection in slow]

    def is_served() -> bool:
        """Whether a node is served: the server counts a connection until its own thread has ended."""
        with suppress(ConnectionError):
            return lan.script()[0] == 200
        return False

    assert lan.waits_for(is_served)
    for connection in (*slow, refused):
        connection.close()


def test_a_kernel_has_the_time_that_its_size_needs(lan: Lan) -> None:
    """But no client holds a connection by reading a byte now and then."""
    size = 64 * 1024**2
    with (lan.place / "kernel").open("r+b") as file:
        file.truncate(size)
    request = f"GET /boot/files/{'1' * 64} HTTP/1.0\r\n\r\n".encode()
    with lan.connect(request, receive_buffer=4096) as client:
        assert b"200" in client.recv(64)
        lan.seconds = PATIENCE + size / SLOWEST - 1
        sleep(0.1)
        client.recv(1024**2)
        lan.seconds += 1
        received = 0
        while piece := client.recv(1024**2):
            received += len(piece)
        assert received < size - 1024**2


def test_kernels_are_for_anybody_and_nothing_else_is(lan: Lan) -> None:
    """By digest alone; no other path leads anywhere."""
    assert (200, b"k" * 100_000) == lan.get(f"/boot/files/{'1' * 64}")
    assert b"chain /boot/${mac:hexhyp}.ipxe" in lan.get("/boot.ipxe")[1]
    lan.script()
    for path in (
        "/",
        f"/boot/files/{'2' * 64}",
        "/boot/files/../handed.json",
        "/boot/seed/word-0000/boot.ipxe",
        "/boot/seed/word-0000/else",
        "/boot/seed/no-such-word/user-data",
        "/boot/02-00-00-00-00-99.ipxe",
    ):
        assert 404 == lan.get(path)[0], path


def test_of_many_who_ask_at_once_one_gets_it(lan: Lan) -> None:
    """However the requests fall."""
    lan.script()
    found: list[int] = []
    threads = [
        threading.Thread(
            target=lambda host=f"127.0.0.{host}": found.append(
                lan.get("/boot/seed/word-0000/user-data", source=host)[0]
            )
        )
        for host in range(1, 21)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [200, *[410] * 19] == sorted(found)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of this machine's address and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "provisioning")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
    made = made.not_valid_after(datetime(2099, 1, 1, tzinfo=UTC)).add_extension(address, critical=False)
    file = tmp_path / "certificate.pem"
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(
        made.sign(key, hashes.SHA256()).public_bytes(encoding)
        + key.private_bytes(encoding, form, serialization.NoEncryption())
    )
    return file


def test_with_a_certificate_nobody_else_in_the_network_reads_a_seed(
    certificate: Path, tmp_path: Path
) -> None:
    """Addresses in scripts are https; what speaks no TLS gets nothing, and keeps nobody waiting."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    lan = Lan(tmp_path, tls)
    try:
        with socket.create_connection(lan.server.server_address[:2], timeout=10) as plain:  # type: ignore[arg-type]  # an IPv4 address
            trusted = ssl.create_default_context(cafile=certificate)
            got = []
            for path in (f"/boot/{MAC.replace(':', '-')}.ipxe", "/boot/seed/word-0000/user-data"):
                asked = HTTPSConnection(
                    "127.0.0.1", lan.server.server_address[1], timeout=10, context=trusted
                )
                asked.request("GET", path)
                got.append(asked.getresponse().read())
                asked.close()
            assert SEED["user-data"] == got[1]
            plain.sendall(b"GET /boot.ipxe HTTP/1.1\r\n\r\n")
            assert b"ipxe" not in plain.recv(1000)
        assert lan.server.base.startswith("https://127.0.0.1:")
    finally:
        lan.close()


def test_a_client_that_does_not_finish_its_handshake_is_cut_off(certificate: Path, tmp_path: Path) -> None:
    """The deadline is of the connection, so that TLS gives no way round it."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    lan = Lan(tmp_path, tls)
    try:
        with lan.connect(b"\x16\x03\x01") as slow:
            assert lan.waits_for(lambda: bool(lan.server._connections))
            lan.seconds = PATIENCE - 1.0
            slow.sendall(b"\x02")
            lan.seconds = PATIENCE + 0.0
            assert b"" == slow.recv(100)
    finally:
        lan.close()


def test_a_record_that_is_none_is_reported(tmp_path: Path) -> None:
    """It is not taken for an empty one: what was handed would be handed again."""
    for text in ("[1]", "[" * 100_000, '{"a": {"seed": "s", "addresses": {}, "given": []}}'):
        (tmp_path / "handed.json").write_text(text)
        with pytest.raises(InvalidInput, match="is not a record of served seeds"):
            Ledger(path=tmp_path / "handed.json", now=lambda: START, until=START, chance=str, seeds={})
