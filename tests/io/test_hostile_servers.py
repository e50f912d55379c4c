"""Servers that attack their clients: each ends in one sentence, bounded time and memory.

The servers are on loopback, where another port or name stands for another host.
"""

import base64
import gzip
import io
import json
import re
import resource
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from ssl import PROTOCOL_TLS_CLIENT, SSLContext

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.io.servers import MANIFEST, FakeRegistry, FileServer, Handler, digest_of, serving, status

from edgefleet.errors import EdgefleetError
from edgefleet.io.artifact_cache import ArtifactCache, unpack
from edgefleet.io.logins import Logins
from edgefleet.io.manifests import manifest_of
from edgefleet.io.registry import Registry, check_realm
from edgefleet.io.sourcing import Sources
from edgefleet.io.web import Policy, Web
from edgefleet.model.references import parse_reference

MIB = 1024**2
POLICY = Policy(connect=2, stall=0.4, stalls=5, attempts=2, pause=0.01, file=2 * MIB, reserve=0)
DATA = b"genuine " * 1000
LOGIN = "me:hunter2"
SECRETS = ("hunter2", base64.b64encode(LOGIN.encode()).decode(), "refresh-me")
SECONDS, MEMORY = 20, 96 * MIB
"""What an attack may cost: seconds, and bytes beside those that the attacker itself needs in this process."""


@dataclass
class Field:
    """Where attacks happen: the attacker's server, that of a victim, and the user with logins for both."""

    folder: Path
    attacker: FileServer
    victim: FileServer
    tls: SSLContext
    logins: dict[str, object] = field(default_factory=dict)

    @property
    def web(self) -> Web:
        """The client, with netrc for every name of loopback and docker's file for the attacker's registry."""
        (self.folder / "netrc").write_text(
            "machine 127.0.0.1 login me password hunter2\nmachine localhost login me password hunter2\n"
        )
        (self.folder / "netrc").chmod(0o600)
        (self.folder / "config.json").write_text(json.dumps({"auths": self.logins}))
        environment = {"NETRC": str(self.folder / "netrc"), "DOCKER_CONFIG": str(self.folder)}
        return Web(Logins(environment), policy=POLICY, tls=self.tls)

    @property
    def sources(self) -> Sources:
        """Sources with an empty cache."""
        return Sources(ArtifactCache(self.folder / "cache", web=self.web, project=self.folder), {})

    def fetch(self, *, size: int | None = len(DATA), address: str = "") -> object:
        """Download a file whose digest is known."""
        return self.sources.fetch(address or f"{self.attacker.address}/file", digest_of(DATA), size=size)

    def read(self) -> object:
        """Read a small list."""
        return self.sources.read(f"{self.attacker.address}/list")

    def resolve(self) -> object:
        """Look an image up at the attacker's registry."""
        host = self.attacker.address.partition("://")[2]
        return Registry(self.attacker.address, self.web).manifest("shop/till", "1"), host


Attack = Callable[[Field], object]
ATTACKS: dict[str, tuple[Attack, str]] = {}
"""dict[name -> (what is tried, words of the sentence)]."""


def attack(words: str) -> Callable[[Attack], Attack]:
    """List a function as an attack that is refused with `words`."""

    def listed(tried: Attack) -> Attack:
        ATTACKS[tried.__name__] = (tried, words)
        return tried

    return listed


def answers(field: Field, status: int, data: bytes = b"", **headers: str) -> None:
    """Let the attacker answer everything so."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    field.attacker.faults = [lambda handler: handler.say(status, data, named)] * 99


def challenged(field: Field, realm: str, token: bytes = b'{"token": "t"}') -> object:
    """A registry that names `realm` as its token service."""

    def answer(handler: Handler) -> None:
        if "/token" in handler.path:
            handler.say(200, token)
        else:
            handler.say(401, b"{}", {"www-authenticate": f'Bearer realm="{realm}",service="victim"'})

    field.attacker.faults = [answer] * 99
    return field.resolve()


OTHER_HOST = "refused: it asks for the login on another host"
OWN_SCOPE = "refused: it chooses itself what the login is used for"
NO_TLS = "refused: it asks for the login at an address without TLS"
REALMS = {
    "of another host, whose login is in netrc": (
        "http://localhost:{victim}/token",
        f"{OTHER_HOST}, localhost:",
    ),
    "of another port": ("http://127.0.0.1:{victim}/token", f"{OTHER_HOST}, 127.0.0.1:"),
    "with a scope": ("{own}/token?scope=repository:private/secret:pull,push", OWN_SCOPE),
    "with a scope in percent-encoding": ("{own}/token?a=b&%73cope=repository:private:pull", OWN_SCOPE),
    "with its own name as the user": ("http://{host}@127.0.0.1:{victim}/token", OTHER_HOST),
    "without TLS": ("http://tokens.invalid/token", NO_TLS),
    "that is no address": ("//[/token", NO_TLS),
}
"""dict[what a registry names as its token service -> (its address, words of the sentence)]."""
TOKENS = {
    "with a header in it": b'{"token": "t\\r\\nx-evil: 1"}',
    "that is a list": b'{"token": ["t"]}',
    "in deep JSON": b"[" * 200_000,
    "that lasts for ever": b'{"token": "t", "expires_in": NaN}',
}


def realm(address: str, token: bytes = b'{"token": "t"}') -> Attack:
    """A registry that names `address` as its token service."""

    def tried(field: Field) -> object:
        host = field.attacker.address.partition("://")[2]
        victim = field.victim.address.rpartition(":")[2]
        named = address.format(own=field.attacker.address, host=host, victim=victim)
        return challenged(field, named, token)

    return tried


for name, (address, words) in REALMS.items():
    ATTACKS[f"realm: {name}"] = (realm(address), words)
for name, token in TOKENS.items():
    ATTACKS[f"token: {name}"] = (realm("{own}/token", token), "the registry denies access")


@attack("redirects a request that may hold a login")
def identity_token_sent_on(field: Field) -> object:
    """307 keeps the body of a POST."""
    host = field.attacker.address.partition("://")[2]
    field.logins = {host: {"identitytoken": "refresh-me"}}
    there = {"location": f"{field.victim.address}/token"}

    def answer(handler: Handler) -> None:
        if "/token" in handler.path:
            handler.say(307, b"", there)
        else:
            challenge = f'Bearer realm="{field.attacker.address}/token"'
            handler.say(401, b"{}", {"www-authenticate": challenge})

    field.attacker.faults = [answer] * 99
    return field.resolve()


@attack("redirects to an address without TLS")
def downgrade(field: Field) -> object:
    """From https to http on the same machine."""
    with serving(FileServer(), tls=field.folder / "server.pem") as secure:
        secure.faults = [lambda handler: handler.say(302, b"", {"location": f"{field.victim.address}/file"})]
        return field.fetch(address=f"{secure.address}/file")


REDIRECTS = {
    "from loopback to a host that nobody can authenticate": (
        "http://mirror.invalid/file",
        "redirects to an address without TLS",
    ),
    "to a file of the user's machine": ("file:///etc/passwd", "redirects to what is no web address"),
    "to nonsense": ("http://[::1/file", "redirects to what is no web address"),
    "to a host that cannot be decoded": ("https://xn--/file", "redirects to what is no web address"),
    "with a login": ("http://a:b@127.0.0.1:{victim}/file", "redirects to an address with a login in it"),
    "to itself": ("/file", "redirects endlessly"),
}
"""dict[what -> (the address that a server redirects to, words of the sentence)]."""


def redirect(address: str) -> Attack:
    """A server that redirects to `address`."""

    def tried(field: Field) -> object:
        answers(field, 302, location=address.format(victim=field.victim.address.rpartition(":")[2]))
        return field.fetch()

    return tried


for name, (address, words) in REDIRECTS.items():
    ATTACKS[f"redirect: {name}"] = (redirect(address), words)


@attack("is not a valid address")
def address_whose_host_cannot_be_decoded(field: Field) -> object:
    """Of a mirror, by a list of a stranger."""
    return field.fetch(address="https://xn--/file")


@attack("has 3,000,000 bytes, and 8,000 are expected")
def longer_than_locked(field: Field) -> object:
    """Refused before its first byte."""
    field.attacker.files = {"/file": b"x" * 3_000_000}
    return field.fetch()


@attack("has 80 bytes, and 8,000 are expected")
def shorter_than_locked(field: Field) -> object:
    """The client would ask for the rest for ever."""
    field.attacker.files = {"/file": DATA[:80]}
    return field.fetch()


@attack("broke off after 8 of 8,000 bytes")
def always_half(field: Field) -> object:
    """A byte with each attempt is no progress."""

    def part(handler: Handler) -> None:
        handler.say(200, DATA[:8], {"etag": f'"{time.monotonic()}"'}, length=len(DATA))

    field.attacker.faults = [part] * 99
    return field.fetch()


@attack("broke off after")
def never_the_same_twice(field: Field) -> object:
    """Many bytes with each attempt, and none of them can be kept."""

    def part(handler: Handler) -> None:
        handler.say(200, b"x" * 150_000, {"etag": f'"{time.monotonic()}"'}, length=200_000)

    field.attacker.faults = [part] * 99
    return field.fetch(size=None)


@attack("has more than 2,097,152 bytes, the limit for a file of unknown size")
def too_long_as_announced(field: Field) -> object:
    """No byte of it is read."""
    field.attacker.faults = [lambda handler: handler.say(200, b"", length=10**15)] * 9
    return field.fetch(size=None)


def endless(handler: Handler) -> None:
    """A body without a length and without an end."""
    handler.send_response(200)
    handler.send_header("connection", "close")
    handler.end_headers()
    handler.close_connection = True
    with suppress(OSError):
        for _ in range(2_000):
            handler.wfile.write(b"x" * 65_536)


@attack("has more than 2,097,152 bytes, the limit for a file of unknown size")
def endless_file(field: Field) -> object:
    """The disk would be filled."""
    field.attacker.faults = [endless] * 9
    return field.fetch(size=None)


@attack("has sha256")
def endless_file_of_known_size(field: Field) -> object:
    """Read up to its size."""
    field.attacker.faults = [endless] * 9
    return field.fetch()


@attack("answers with more than 4,194,304 bytes where a list was expected")
def endless_list(field: Field) -> object:
    """Memory would be filled."""
    field.attacker.faults = [endless] * 9
    return field.read()


@attack("answers with compressed bytes")
def gzip_bomb(field: Field) -> object:
    """1 GiB in 1 MiB."""
    answers(field, 200, gzip.compress(bytes(64 * MIB)), content_encoding="gzip")
    return field.read()


def raw(field: Field, *pieces: bytes, pause: float = 0.0, times: int = 1) -> None:
    """Let the attacker write `pieces` to the connection, over and over."""

    def answer(handler: Handler) -> None:
        handler.close_connection = True
        with suppress(OSError):
            handler.wfile.write(pieces[0])
            for _ in range(times):
                handler.wfile.write(b"".join(pieces[1:]))
                handler.wfile.flush()
                time.sleep(pause)

    field.attacker.faults = [answer] * 99


@attack("fewer than 64 bytes a second")
def slow_body_by_tls(field: Field) -> object:
    """The connection is ended below TLS, while a thread reads from it."""
    with serving(FileServer(), tls=field.folder / "server.pem") as secure:
        raw(field, b"HTTP/1.1 200 OK\r\ncontent-length: 8000\r\n\r\n", b"x", pause=0.1, times=300)
        secure.faults = field.attacker.faults
        return field.fetch(address=f"{secure.address}/file")


@attack("takes longer than 2 s")
def slow_list(field: Field) -> object:
    """Fast enough for a file, and a list has an end."""
    raw(field, b"HTTP/1.1 200 OK\r\ncontent-length: 4000000\r\n\r\n", b"x" * 64, pause=0.1, times=300)
    return field.read()


OK = b"HTTP/1.1 200 OK\r\n"
RAW: dict[str, tuple[tuple[bytes, ...], float, int, str]] = {
    "a slow body": ((OK + b"content-length: 8000\r\n\r\n", b"x"), 0.1, 300, "fewer than 64 bytes a second"),
    "a slow header": ((OK + b"x: ", b"x"), 0.1, 300, "sent nothing for 0.4 s"),
    "a slow size of a piece": (
        (OK + b"transfer-encoding: chunked\r\n\r\n1;", b"x"),
        0.1,
        300,
        "sent nothing for 0.4 s",
    ),
    "endless interim answers": (
        (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
        0.01,
        3000,
        "sent nothing for 0.4 s",
    ),
    "a million headers": ((OK, b"x: y\r\n" * 1000), 0, 1000, "answers with a header that is too large"),
    "one header of 10 MB": ((OK + b"x: ", b"x" * 10_000), 0, 1000, "answers with a header that is too large"),
    "two lengths": ((OK + b"content-length: 5\r\ncontent-length: 8000\r\n\r\n" + DATA,), 0, 1, "broke off"),
    "a length in Arabic digits": (
        (OK + "content-length: ٨٠٠٠\r\n\r\n".encode() + DATA,),
        0,
        1,
        "broke off",
    ),
}
"""dict[what -> (bytes: the first once, the rest over and over; pause, s; times; words of the sentence)]."""


def bare(pieces: tuple[bytes, ...], pause: float, times: int) -> Attack:
    """A server that writes `pieces` to the connection."""

    def tried(field: Field) -> object:
        raw(field, *pieces, pause=pause, times=times)
        return field.fetch()

    return tried


for name, (pieces, pause, times, words) in RAW.items():
    ATTACKS[f"answer: {name}"] = (bare(pieces, pause, times), words)


@attack("has sha256")
def a_part_that_starts_elsewhere(field: Field) -> object:
    """The part that is requested begins at 10^400."""
    field.attacker.faults = [
        lambda handler: handler.say(
            206, DATA[:-1] + b"?", {"content-range": f"bytes {'9' * 400}-/{'9' * 400}"}
        )
    ] * 9
    return field.fetch()


@attack("has no TLS, and no digest is known")
def a_list_without_tls(field: Field) -> object:
    """Anyone who changes it chooses the digests."""
    return field.sources.read("http://releases.invalid/sha256sum.txt")


@attack("has no TLS, and no digest is known")
def a_program_without_tls(field: Field) -> object:
    """Its digest is learned from what comes."""
    return field.sources.learn("http://releases.invalid/program.tar.gz")


@attack("has no TLS, and no digest is known")
def a_tag_without_tls(field: Field) -> object:
    """It may name any image."""
    mirrors = {"docker.io": ("oci+http://mirror.invalid/hub", "file:nowhere")}
    try:
        return Sources(field.sources.cache, mirrors).resolve(parse_reference("nginx:1.27"), "amd64")
    except EdgefleetError as error:
        raise type(error)(error.problem) from error


def manifest(data: bytes) -> Attack:
    """A registry's answer in a manifest's place."""

    def tried(field: Field) -> object:
        def answer(handler: Handler) -> None:
            handler.say(200, b"{}" if handler.path == "/v2/" else data, {"content-type": MANIFEST})

        field.attacker.faults = [answer] * 9
        return field.resolve()

    return tried


BLOB = b'{"digest": "sha256:%064d", "size": 1}' % 0
CONFIG = b'{"config": %s}' % BLOB
MANIFESTS = {
    "deep": (b'{"config": ' + b"[" * 200_000, "it has more than 32 levels|not an image manifest"),
    "large": (b'{"config": "' + b"x" * 5 * MIB + b'"}', "more than 4,194,304 bytes"),
    "no object": (b"[]", "the response is not an image manifest"),
    "layers of a number": (b'{"config": %s, "layers": 7}' % BLOB, "layers: input should be a valid list"),
    "layer of a text": (b'{"config": %s, "layers": ["x"]}' % BLOB, "layers.0: input should be"),
    "size of a text": (CONFIG.replace(b"1}", b'"1"}'), "config.size"),
    "size below zero": (CONFIG.replace(b"1}", b"-1}"), "config.size"),
    "size of 10^30": (
        CONFIG.replace(b"1}", b"1" + b"0" * 30 + b"}"),
        "config.size",
    ),
    "digest that is a path": (b'{"config": {"digest": "sha256:../../x", "size": 1}}', "config.digest"),
    "platform of a list": (
        b'{"manifests": [{"digest": "sha256:%064d", "size": 1, "platform": []}]}' % 0,
        "platf",
    ),
    "a key twice": (b'{"config": %s, "config": %s}' % (BLOB, BLOB), "it has a key twice"),
    "both kinds": (b'{"config": %s, "manifests": []}' % BLOB, "the response is not an image manifest"),
    "not a number": (b'{"config": NaN}', "NaN is not JSON"),
    "not text": (b"\xff\xfe{}", "the response is not an image manifest"),
}
for name, (data, words) in MANIFESTS.items():
    ATTACKS[f"manifest: {name}"] = (manifest(data), words)


def packed(name: str, size: int, content: bytes = b"", kind: bytes = tarfile.REGTYPE) -> bytes:
    """An entry of a tar that states `size`."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.type = size, kind
    return entry.tobuf(tarfile.GNU_FORMAT) + content


def bomb(size: int) -> bytes:
    """`size` zeroes as gzip, made a MiB at a time."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as file:
        for _ in range(size // MIB):
            file.write(bytes(MIB))
    return out.getvalue()


ARCHIVES: dict[str, tuple[Callable[[], bytes], str]] = {
    "another file of 7 GiB": (lambda: packed("other", 7 * 1024**3), "has more than 2,147,483,648 bytes"),
    "the program, of 7 GiB": (lambda: packed("program", 7 * 1024**3), "has more than 2,147,483,648 bytes"),
    "a pax header of 1 GiB": (lambda: packed("x", 1024**3, kind=b"x"), "has more than 2,147,483,648 bytes"),
    "a name of 100 MB": (lambda: packed("x", 10**8, kind=b"L"), "has more than 2,147,483,648 bytes"),
    "pax records without an end": (
        lambda: packed("x", 65_000, b"1" * 65_024, kind=b"x"),
        "is not a readable",
    ),
    "gzip of zeroes": (lambda: bomb(64 * MIB), "has no file program"),
    "cut gzip": (lambda: gzip.compress(packed("program", 9_000, b"x" * 9_000))[:-40], "is not a readable"),
    "cut in the program": (lambda: packed("program", 9_000, b"x" * 100), "is not a readable archive"),
    "a link": (lambda: packed("program", 0, kind=tarfile.SYMTYPE), "has no file program"),
    "a device": (lambda: packed("program", 0, kind=tarfile.CHRTYPE), "has no file program"),
    "a wrong sum": (
        lambda: packed("program", 9).replace(b"program", b"Program"),
        "is not a readable archive",
    ),
    "rubbish": (lambda: b"\x1f\x8b" + b"x" * 10_000, "is not a readable archive"),
}


def archive(make: Callable[[], bytes]) -> Attack:
    """A program's archive with the digest that is locked for it."""

    def tried(field: Field) -> object:
        path = field.folder / "archive"
        path.write_bytes(make())
        return unpack(field.sources.cache, path, "program", where="https://programs.example/archive")

    return tried


for name, (make, words) in ARCHIVES.items():
    ATTACKS[f"archive: {name}"] = (archive(make), words)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of 127.0.0.1."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "attacker")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def world(tmp_path: Path, certificate: Path) -> Iterator[Field]:
    """An attacker, a victim, and who is attacked."""
    trusted = SSLContext(PROTOCOL_TLS_CLIENT)
    trusted.load_verify_locations(certificate)
    (tmp_path / "server.pem").write_bytes(certificate.read_bytes())
    with serving(FileServer()) as attacker, serving(FileServer(files={"/file": DATA})) as victim:
        yield Field(tmp_path, attacker, victim, trusted)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_of_a_server_is_refused(
    world: Field, name: str, record_property: Callable[[str, object], None]
) -> None:
    """One sentence with a hint and without a secret; the victim is not even asked, and nothing is kept."""
    record_property("attack", "servers")
    tried, words = ATTACKS[name]
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(EdgefleetError) as caught:
        tried(world)
    assert time.monotonic() - start < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY // 1024
    assert 1 == len(caught.value.problems)
    assert re.search(words, caught.value.problem.problem), caught.value.problem.problem
    assert caught.value.problem.hint
    assert len(str(caught.value)) < 1_000
    assert not [secret for secret in SECRETS if secret in str(caught.value)]
    assert [] == world.victim.asked
    kept = [path for path in (world.folder / "cache/sha256").glob("*") if not path.name.startswith(".")]
    assert [] == kept


def test_a_login_is_no_one_elses(world: Field) -> None:
    """A redirect to another server goes on without the login of either; one to the same server keeps it."""
    elsewhere = world.victim.address.replace("127.0.0.1", "localhost")
    world.attacker.files = {"/moved": DATA}
    for there, logins in ((f"{elsewhere}/file", 0), ("/moved", 2)):
        world.attacker.asked.clear()
        world.attacker.faults = [status(302, {"location": there})]
        world.fetch().unlink()  # type: ignore[attr-defined]  # a path
        seen = [asked.headers.get("authorization") for asked in world.attacker.asked + world.victim.asked]
        assert max(1, logins) == len([login for login in seen if login])
    assert [None] == [asked.headers.get("authorization") for asked in world.victim.asked]


def test_no_login_goes_by_http(world: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anyone who is on the way, here a proxy, sees none; the error names the reason."""
    monkeypatch.setenv("HTTP_PROXY", world.attacker.address)
    monkeypatch.setenv("NO_PROXY", "")
    web = world.web
    netrc = world.folder / "netrc"
    netrc.write_text(netrc.read_text() + "machine mirror.invalid login me password hunter2\n")
    world.attacker.faults = [status(401)] * 2
    with pytest.raises(EdgefleetError, match="by http no login is sent but to this machine"):
        web.size("http://mirror.invalid/file")
    assert [None] == [asked.headers.get("authorization") for asked in world.attacker.asked]


def test_a_registrys_login_is_from_its_own_entry(world: Field) -> None:
    """Its own token service gets the login; all else gets what that answers."""
    with serving(FakeRegistry()) as registry:
        registry.login = LOGIN
        digest = registry.push("shop/till", "amd64", b"layer", tag="1")
        web = world.web
        assert digest == Registry(registry.address, web).manifest("shop/till", "1").digest
        logins = {asked.headers.get("authorization", "")[:6] for asked in registry.asked}
        assert {"", "Basic ", "Bearer"} == logins


def test_the_token_services_of_other_hosts_are_known() -> None:
    """docker.io has its tokens elsewhere; the manifest of a registry never names another one."""
    hub = "https://registry-1.docker.io"
    check_realm(hub, "https://auth.docker.io/token")
    for base, realm in (
        (hub, "https://auth.docker.io.example/token"),
        (hub, "https://auth.docker.io:444/token"),
        ("https://registry.example", "https://auth.docker.io/token"),
    ):
        with pytest.raises(EdgefleetError, match="on another host"):
            check_realm(base, realm)


def test_no_cookie_is_kept(world: Field) -> None:
    """A server does not recognise a later request."""
    world.attacker.files = {"/list": b"x"}
    web = world.sources
    world.attacker.faults = [lambda handler: handler.say(200, b"x", {"set-cookie": "seen=1"})]
    for _ in range(2):
        web.read(f"{world.attacker.address}/list")
    assert [None, None] == [asked.headers.get("cookie") for asked in world.attacker.asked]


def test_a_document_that_others_add_to() -> None:
    """Unknown fields and empty annotations are ignored, as the specification requires."""
    data = (
        b'{"schemaVersion": 2, "config": %s, "layers": null, "annotations": null, "new": {"a": [1]}}' % BLOB
    )
    assert not manifest_of(data, where="a registry").is_index
