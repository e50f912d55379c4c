"""A cache never gives what is not whole and right, whatever server, disk or another process does."""

import hashlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.io.servers import FileServer, Handler, free_port, half, page, serving, silence, status

from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure
from edgefleet.io.artifact_cache import ArtifactCache
from edgefleet.io.logins import Logins
from edgefleet.io.user_cache import root_of
from edgefleet.io.web import Policy, Web

DATA = random.Random(1).randbytes(1_000_000)  # noqa: S311 - no secret
SHA256 = hashlib.sha256(DATA).hexdigest()
QUICK = Policy(connect=2, stall=0.3, attempts=3, pause=0.01, longest_pause=0.05)


@pytest.fixture
def server() -> Iterator[FileServer]:
    """A server that has the file."""
    with serving(FileServer(files={"/file": DATA})) as made:
        yield made


@pytest.fixture
def cache(tmp_path: Path) -> ArtifactCache:
    """An empty cache whose waits are short."""
    return ArtifactCache(tmp_path / "cache", web=Web(Logins({}), policy=QUICK), project=tmp_path)


@pytest.fixture
def says(cache: ArtifactCache) -> Callable[..., str]:
    """What the cache says when it cannot have a file; nothing has the file's name then."""

    def said(source: str, size: int | None = None) -> str:
        with pytest.raises(EdgefleetError) as caught:
            cache.fetch(source, SHA256, size=size)
        assert cache.path(SHA256) is None
        return str(caught.value)

    return said


def files_of(cache: ArtifactCache) -> list[str]:
    """All files of the cache but locks."""
    found = (each.relative_to(cache.root) for each in cache.root.rglob("*") if each.is_file())
    return sorted(str(each) for each in found if each.parts[0] != "locks")


def test_where_it_is() -> None:
    """The standard's variable where it is absolute, else the usual place."""
    assert Path("/a/b/edgefleet") == root_of({"XDG_CACHE_HOME": "/a/b", "HOME": "/a"})
    assert Path("/a/.cache/edgefleet") == root_of({"XDG_CACHE_HOME": "x", "HOME": "/a"})


def test_a_file_is_brought_once(cache: ArtifactCache, server: FileServer) -> None:
    """Then it is there under its digest, however that is written, and nothing else is."""
    seen: list[tuple[int, int | None]] = []
    found = cache.fetch(f"{server.address}/file", SHA256, progress=lambda done, of: seen.append((done, of)))
    assert DATA == found.read_bytes()
    assert (len(DATA), len(DATA)) == seen[-1]
    assert found == cache.fetch(f"{server.address}/file", f"sha256:{SHA256}") == cache.path(SHA256)
    assert 1 == len(server.asked)
    assert [f"sha256/{SHA256}"] == files_of(cache)


def test_a_file_of_the_project(cache: ArtifactCache, tmp_path: Path) -> None:
    """It is copied, so that a later change of it changes nothing here."""
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor/file").write_bytes(DATA)
    found = cache.fetch("file:vendor/file", SHA256)
    (tmp_path / "vendor/file").write_bytes(b"other")
    assert DATA == found.read_bytes()


def test_a_file_that_is_not_there(says: Callable[..., str], tmp_path: Path) -> None:
    """Its whole path is named."""
    assert f"{tmp_path}/nothing: there is no such file; put the file there, or name another place" == says(
        "file:nothing"
    )


def test_what_ends_in_the_middle_goes_on_there(cache: ArtifactCache, server: FileServer) -> None:
    """An attempt that brings something lets the next one go on."""
    server.faults = [half(DATA, 300_000)]
    found = cache.fetch(f"{server.address}/file", SHA256, size=len(DATA))
    assert DATA == found.read_bytes()
    assert ["bytes=300000-"] == [each.headers["range"] for each in server.asked[1:]]
    assert ['"v1"'] == [each.headers["if-range"] for each in server.asked[1:]]


def test_a_file_that_changed_meanwhile_starts_anew(cache: ArtifactCache, server: FileServer) -> None:
    """The server says by If-Range that the part is of another file."""
    server.faults = [half(b"x" * len(DATA), 300_000)]
    server.tags = {"/file": '"v2"'}
    assert DATA == cache.fetch(f"{server.address}/file", SHA256).read_bytes()


def test_a_part_of_something_else_costs_one_attempt(cache: ArtifactCache, server: FileServer) -> None:
    """A server whose tags do not tell its files apart is caught by the digest; all is fetched again."""
    server.faults = [half(b"x" * len(DATA), 300_000)]
    with pytest.raises(OutsideFailure, match="broke off after 300,000 of 1,000,000 bytes"):
        ArtifactCache(cache.root, web=Web(Logins({}), policy=Policy(attempts=1, stall=1))).fetch(
            f"{server.address}/file", SHA256
        )
    assert DATA == cache.fetch(f"{server.address}/file", SHA256).read_bytes()
    assert [None, "bytes=300000-", None] == [each.headers.get("range") for each in server.asked]


def test_a_server_that_knows_no_ranges(cache: ArtifactCache, server: FileServer) -> None:
    """The whole is taken again."""
    server.faults = [half(DATA, 300_000), lambda handler: handler.say(200, DATA)]
    assert DATA == cache.fetch(f"{server.address}/file", SHA256).read_bytes()


def test_half_a_file(says: Callable[..., str], server: FileServer, cache: ArtifactCache) -> None:
    """Where it never comes whole that is reported, and the part is kept for another time."""

    def cut(handler: Handler) -> None:
        handler.say(
            206 if handler.headers.get("range") else 200, b"", {"content-range": "bytes 9-"}, length=9
        )

    server.faults = [half(DATA, 9), *[cut] * 9]
    address = f"{server.address}/file"
    words = "broke off after 9 of 1,000,000 bytes, again and again; run again to resume"
    assert f"{address}: {words}; or add another mirror" == says(address, len(DATA))
    assert [f"parts/{SHA256}", f"parts/{SHA256}.from"] == files_of(cache)
    server.faults = []
    assert DATA == cache.fetch(address, SHA256).read_bytes()
    assert [f"sha256/{SHA256}"] == files_of(cache)


def test_another_file_is_kept_apart(
    says: Callable[..., str], server: FileServer, cache: ArtifactCache
) -> None:
    """What has another digest is never used, and there to be looked at."""
    server.files = {"/file": b"something else"}
    other = hashlib.sha256(b"something else").hexdigest()
    assert (
        f"{server.address}/file: has sha256 {other}, wanted {SHA256}: not used, kept as "
        f"{cache.root}/quarantine/{SHA256}; if the file was released again: edgefleet artifacts lock "
        "-s STACK --upgrade; or add another mirror"
    ) == says(f"{server.address}/file")
    assert [f"quarantine/{SHA256}"] == files_of(cache)


def test_more_than_the_file(says: Callable[..., str], server: FileServer) -> None:
    """Another size is refused before a byte is read; what says none is read up to the size that is known."""
    server.files = {"/file": DATA + b"x"}
    words = "has 1,000,001 bytes, and 1,000,000 are expected; if the file was released again"
    assert words in says(f"{server.address}/file", len(DATA))

    def unstated(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("connection", "close")
        handler.end_headers()
        with suppress(OSError):
            handler.wfile.write(DATA + b"x" * 9_000_000)

    server.faults = [unstated]
    assert "has sha256" in says(f"{server.address}/file", len(DATA))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (status(404), "there is no such file (404); check version and address"),
        (status(403), "access denied (403); put the login into ~/.netrc"),
        (page, "answers with a web page instead of the file: a login, an error or a portal of the network"),
        (status(503), "answers with 503, again and again; wait until the server is healthy"),
        (silence(1), "sent nothing for 0.3 s; check the address"),
        (lambda handler: handler.say(302, b"", {"location": "/file"}), "redirects endlessly"),
        (status(418), "answers with 418 where a file was expected; check the address"),
    ],
)
def test_answers_that_are_no_file(
    says: Callable[..., str], server: FileServer, fault: Callable[[Handler], None], words: str
) -> None:
    """Each is one sentence: where, what, what to do."""
    server.faults = [fault] * 40
    assert says(f"{server.address}/file").startswith(f"{server.address}/file: {words}")


def test_a_page_that_does_not_say_that_it_is_one(says: Callable[..., str], server: FileServer) -> None:
    """Portals of hotels answer everything."""
    server.files = {"/file": b"<html>log in"}
    assert "answers with a web page instead of the file" in says(f"{server.address}/file")


def test_nobody_answers(says: Callable[..., str]) -> None:
    """A port that is closed."""
    address = f"http://127.0.0.1:{free_port()}/file"
    assert says(address).startswith(f"{address}: cannot be reached: connection refused; check the address")


def test_bytes_that_come_too_slowly(says: Callable[..., str], server: FileServer) -> None:
    """A server that drips is one that has stalled."""

    def drip(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("content-length", str(len(DATA)))
        handler.end_headers()
        with suppress(OSError):  # it hangs up
            for _ in range(40):
                handler.wfile.write(b"x")
                handler.wfile.flush()
                time.sleep(0.05)

    server.faults = [drip, *[status(503)] * 9]
    assert "answers with 503, again and again" in says(f"{server.address}/file")


def test_a_server_that_recovers(cache: ArtifactCache, server: FileServer) -> None:
    """Two failures are waited out."""
    server.faults = [status(503, {"retry-after": "0"}), status(429)]
    assert DATA == cache.fetch(f"{server.address}/file", SHA256).read_bytes()


def test_no_place(says: Callable[..., str]) -> None:
    """An address that cannot be queried is reported."""
    assert "is not a valid address" in says("ftp://mirror.example/file")


def test_no_digest(cache: ArtifactCache) -> None:
    """A digest is never a path."""
    with pytest.raises(InvalidInput, match="is not a SHA-256 digest"):
        cache.path("../../etc/passwd")


def test_a_file_that_was_written_to(cache: ArtifactCache, server: FileServer) -> None:
    """It is seen by its time, put apart, and fetched again."""
    kept = cache.fetch(f"{server.address}/file", SHA256)
    with kept.open("r+b") as file:
        file.write(b"x")
    assert cache.path(SHA256) is None
    assert DATA == cache.fetch(f"{server.address}/file", SHA256).read_bytes()


def test_a_disk_that_forgets(cache: ArtifactCache, server: FileServer) -> None:
    """Bits that flip without a change of time are found when all is looked at."""
    kept = cache.fetch(f"{server.address}/file", SHA256)
    with kept.open("r+b") as file:
        file.write(b"x")
    os.utime(kept, ns=(0, 0))
    assert [SHA256] == cache.damaged()
    assert cache.path(SHA256) is None


def test_a_login_is_sent_to_its_host_only(tmp_path: Path, server: FileServer) -> None:
    """By netrc; a server that it sends on to does not get it, and no message shows it."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    netrc.chmod(0o600)
    web = Web(Logins({"NETRC": str(netrc)}), policy=QUICK)
    mine = ArtifactCache(tmp_path / "cache", web=web)
    with serving(FileServer(files={"/file": DATA})) as other:
        elsewhere = other.address.replace("127.0.0.1", "localhost")
        server.faults = [lambda handler: handler.say(302, b"", {"location": f"{elsewhere}/file"})]
        mine.fetch(f"{server.address}/file", SHA256)
    assert ["Basic bWU6aHVudGVyMg=="] == [each.headers.get("authorization") for each in server.asked]
    assert [None] == [each.headers.get("authorization") for each in other.asked]
    server.faults = [status(403)]
    with pytest.raises(OutsideFailure) as caught:
        mine.fetch(f"{server.address}/other?token=hunter2", "0" * 64)
    assert "hunter2" not in str(caught.value)


FETCH = """
import sys
from pathlib import Path
from edgefleet.io.artifact_cache import ArtifactCache
print(ArtifactCache(Path(sys.argv[1])).fetch(sys.argv[2], sys.argv[3]))
"""


def started(cache: ArtifactCache, address: str, **environment: str) -> "subprocess.Popen[str]":
    """Another process that fetches the file."""
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, str(cache.root), address, SHA256],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )


def test_several_processes_at_once(cache: ArtifactCache, server: FileServer) -> None:
    """One of them brings the file, and all have it."""
    processes = [started(cache, f"{server.address}/file") for _ in range(4)]
    found = {each.communicate(timeout=60)[0].strip() for each in processes}
    assert {str(cache.root / "sha256" / SHA256)} == found
    assert 1 == len(server.asked)
    assert DATA == (cache.root / "sha256" / SHA256).read_bytes()


def test_killed_in_the_middle(cache: ArtifactCache, server: FileServer) -> None:
    """The next one goes on where it was, and waits for nobody."""

    def stall(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("content-length", str(len(DATA)))
        handler.send_header("etag", '"v1"')
        handler.end_headers()
        handler.wfile.write(DATA[:400_000])
        handler.wfile.flush()
        handler.close_connection = True
        time.sleep(30)

    server.faults = [stall]
    process = started(cache, f"{server.address}/file")
    part = cache.root / "parts" / SHA256
    end = time.monotonic() + 30
    while (not part.exists() or part.stat().st_size < 65_536) and time.monotonic() < end:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    have = part.stat().st_size
    assert cache.path(SHA256) is None
    assert DATA == cache.fetch(f"{server.address}/file", SHA256).read_bytes()
    assert f"bytes={have}-" == server.asked[1].headers["range"]


def test_a_proxy_of_the_environment(cache: ArtifactCache, server: FileServer) -> None:
    """As everywhere: the proxy gets a request for an address that nobody else could answer."""
    server.files = {"http://files.invalid/file": DATA}
    through = {"HTTP_PROXY": server.address, "NO_PROXY": ""}
    process = started(cache, "http://files.invalid/file", **through)
    out, errors = process.communicate(timeout=60)
    assert (str(cache.root / "sha256" / SHA256), "") == (out.strip(), errors)
    assert ["http://files.invalid/file"] == [each.path for each in server.asked]


FULL = """
import sys
from pathlib import Path
from edgefleet.errors import EdgefleetError
from edgefleet.io.artifact_cache import ArtifactCache
from edgefleet.io.logins import Logins
from edgefleet.io.web import Policy, Web
web = Web(Logins({}), policy=Policy(reserve=int(sys.argv[4])))
try:
    ArtifactCache(Path(sys.argv[1]), web=web).fetch(sys.argv[2], sys.argv[3])
except EdgefleetError as error:
    print(error)
print([str(each) for each in Path(sys.argv[1]).rglob("*") if each.is_file() and each.name != ".lock"])
"""


@pytest.mark.parametrize("spared", [16_777_216, -2_000_000])
def test_a_full_disk(cache: ArtifactCache, server: FileServer, spared: int) -> None:
    """Seen beforehand by the file's size, or met while writing: one sentence, and no part takes the room."""
    cache.root.mkdir()
    script = f'mount -t tmpfs -o size=600k none {cache.root} && exec "$@"'
    inside = ["unshare", "-rm", "sh", "-c", script, "sh", sys.executable, "-c", FULL]
    done = subprocess.run(
        [*inside, str(cache.root), f"{server.address}/file", SHA256, str(spared)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip("this machine lets nobody mount a small disk: unshare -rm")
    said, left = done.stdout.splitlines()
    assert "[]" == left
    words = "1,000,000 bytes are to be written, and" if spared > 0 else "cannot be written: the disk is full"
    assert words in said
