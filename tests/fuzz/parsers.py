"""The parsers of outside data: each with whole documents to begin from and the errors that it documents."""

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from tests.fuzz.inputs import documents, requests, texts, yaml_texts
from tests.images.test_formats import boot_of
from tests.pulumi_embedded.test_snapshot import CRYPTER, base_states, work

from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure
from edgefleet.fleetfile.artifacts_lock import lock_path, read_lock
from edgefleet.fleetfile.load import load_fleet
from edgefleet.images import FORMATS
from edgefleet.io import artifact_cache, extents, gpt, image_reading, manifests
from edgefleet.io.archives import read_tar, tar
from edgefleet.io.iso9660 import iso, read_iso
from edgefleet.io.seed_ledger import Ledger
from edgefleet.io.seed_server import SeedServer, Shelf
from edgefleet.io.store import open_store
from edgefleet.keys import dsse
from edgefleet.model import strict_json
from edgefleet.provider import properties
from edgefleet.site import build_job, ledger, manifest, provenance, sbom
from edgefleet.site.artifact_locking import digests
from pulumi_embedded import checkpoint, snapshot
from pulumi_embedded.errors import EngineError
from pulumi_embedded.journal import Journal
from pulumi_embedded.values import Bag, secret

ROOT = Path(__file__).resolve().parents[2]
Parse = Callable[[bytes], object]
MAC = "02:00:00:00:00:01"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
SECRET = b"the secret of a seed"


@dataclass(frozen=True, kw_only=True)
class Parser:
    """One parser."""

    inputs: Callable[[], st.SearchStrategy[bytes]]
    open: Callable[[Path], Any]
    """A context in which it parses bytes; takes an empty folder."""
    raises: tuple[type[Exception], ...]
    """The errors that it documents."""


def pure(parse: Parse) -> Callable[[Path], Any]:
    """A parser of bytes, which needs no folder."""

    @contextmanager
    def opened(_: Path) -> Iterator[Parse]:
        yield parse

    return opened


def of_file(name: str, parse: Callable[[Path], object]) -> Callable[[Path], Any]:
    """A parser of a file called `name`."""

    @contextmanager
    def opened(folder: Path) -> Iterator[Parse]:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)

        def write_and_parse(data: bytes) -> object:
            file.write_bytes(data)
            return parse(file)

        yield write_and_parse

    return opened


FLEET = (ROOT / "stacks" / "dev.fleet.yaml").read_bytes()
SMALL = b"""\
apiVersion: edgefleet.dev/v1
fleet: retail
region: dev
recipe: 1
profiles: {box: {arch: amd64, cpus: 4, memory: 8Gi, disk: 128Gi}}
defaults: {profile: box, k3s: {version: v1.36.4+k3s1}}
sites: {from: sites.csv}
"""
CSV = b"""\
name,keyGeneration,location.city,labels.tier,nodes.n1.network.address,nodes.n1.network.dns
store-0001,1,Berlin,store,10.0.0.2/24,9.9.9.9 1.1.1.1
"store-0002",2,"K\xc3\xb6ln, am Rhein",,,
"""
LOCK = f"""\
apiVersion: edgefleet.dev/v1
k3s:
  v1.36.4+k3s1:
    k3s: {{sha256: {"1" * 64}, size: 70000000, url: "https://example.org/k3s"}}
programs:
  wasmtime:
    v0.6.0:
      amd64:
        archive: {{sha256: {"2" * 64}, size: 10}}
        member: bin/wasmtime
        sha256: {"3" * 64}
        size: 5
images:
  docker.io/library/nginx:1.27:
    amd64: {{digest: "sha256:{"4" * 64}", size: 1024}}
bases:
  {"5" * 64}: {{source: "https://example.org/base.img", size: 1024}}
""".encode()
DESCRIPTOR = {"mediaType": "x", "digest": "sha256:" + "0" * 64, "size": 1, "annotations": {"a": "b"}}
MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": manifests.OCI_MANIFEST,
        "config": DESCRIPTOR,
        "layers": [DESCRIPTOR, DESCRIPTOR],
    }
).encode()
INDEX = json.dumps(
    {
        "schemaVersion": 2,
        "manifests": [DESCRIPTOR | {"platform": {"os": "linux", "architecture": "arm", "variant": "v7"}}],
    }
).encode()
STATEMENT = json.dumps(
    {
        "_type": provenance.STATEMENT,
        "predicateType": provenance.PREDICATE,
        "subject": [{"name": "n1.iso", "digest": {"sha256": "0" * 64}}],
        "predicate": {
            "runDetails": {"byproducts": [{"name": "n1.cdx.json", "digest": {"sha256": "1" * 64}}]}
        },
    }
).encode()
BILL = json.dumps(
    {"bomFormat": "CycloneDX", "metadata": {"component": {"hashes": [{"alg": "SHA-256", "content": "00"}]}}}
).encode()
ENTRY = {"path": "user-data", "size": 1, "digest": "sha256:" + "0" * 64, "mode": "0600", "owner": "root:root"}
IMAGE = {"image": "n1.iso", "node": "n1", "digest": "sha256:" + "0" * 64, "size": 1, "files": [ENTRY]}
DESCRIPTION = json.dumps(
    IMAGE
    | {
        "version": manifest.VERSION,
        "fleet": "retail",
        "region": "dev",
        "site": "store-0001",
        "siteNodes": ["n1"],
        "keyGeneration": 1,
        "recipe": 1,
        "format": "nocloud",
        "arch": "amd64",
        "nodeFiles": [ENTRY],
    }
).encode()
LISTED = json.dumps(
    {"site": "a", "images": {"n1.iso": {"node": "n1", "digest": "sha256:" + "0" * 64, "size": 1}}}
).encode()
ENVELOPE = dsse.to_bytes(dsse.Envelope(payload=b"{}", key="sha256:" + "0" * 64, signature=b"s" * 64))
ACKNOWLEDGED = json.dumps(
    {"store-0001": {"n1": {"digest": "sha256:" + "0" * 64, "at": "2026-11-25T00:00:00Z"}}}
).encode()
HANDED = json.dumps(
    {
        MAC: {
            "seed": "sha256:1",
            "addresses": {"0" * 64: {"expires": NOW.isoformat(), "given": ["user-data"]}},
        }
    }
).encode()
PROPERTIES = json.dumps(
    {
        "a": [1, {properties.SIGNATURE: properties.SECRET, "value": "x"}],
        "b": {properties.SIGNATURE: properties.OUTPUT, "value": 1, "secret": True, "dependencies": ["u"]},
        "c": {properties.SIGNATURE: properties.REFERENCE, "urn": "u", "id": "", "packageVersion": "1"},
        "d": properties.UNKNOWN_TEXT,
        "e": {properties.SIGNATURE: "c44067f5952c0a294b673a41bacd8c17"},
    }
).encode()
PLAN = gzip.compress(b'{"version": 1, "sites": []}', mtime=0)


@cache
def partitioned() -> bytes:
    """A small disk with a GPT of one partition, made without a tool."""
    import struct  # noqa: PLC0415 - of this function alone
    import zlib  # noqa: PLC0415 - the same

    sectors = 256
    entry = b"\xaf=\xc6\x0f\x83\x84rG\x8ey=i\xd8G}\xe4" + bytes(range(16))
    entry += struct.pack("<QQQ", 40, 60, 0) + "root".encode("utf-16-le").ljust(72, b"\0")
    entries = entry.ljust(128 * 128, b"\0")

    def header(own: int, other: int, table: int) -> bytes:
        fields = struct.pack(
            "<8sIIIIQQQQ16sQIII",
            gpt.SIGNATURE,
            0x10000,
            92,
            0,
            0,
            own,
            other,
            34,
            sectors - 34,
            bytes(range(16)),
            table,
            128,
            128,
            zlib.crc32(entries),
        )
        return (fields[:16] + struct.pack("<I", zlib.crc32(fields)) + fields[20:]).ljust(512, b"\0")

    protective = bytes(446) + b"\0\0\2\0\xee\xff\xff\xff" + struct.pack("<II", 1, sectors - 1)
    start = protective.ljust(510, b"\0") + b"\x55\xaa" + header(1, sectors - 1, 2) + entries
    end = entries + header(sectors - 1, 1, sectors - 33)
    return start + bytes(sectors * 512 - len(start) - len(end)) + end


def _consumed(files: Any) -> int:
    return sum(len(b"".join(file.pieces)) for file in files)


def _fleet(file: Path) -> object:
    return load_fleet(file, file.parent)


@contextmanager
def _csv(folder: Path) -> Iterator[Parse]:
    (folder / "dev.fleet.yaml").write_bytes(SMALL)

    def parse(data: bytes) -> object:
        (folder / "sites.csv").write_bytes(data)
        return load_fleet(folder / "dev.fleet.yaml", folder)

    yield parse


def _lock(file: Path) -> object:
    fleet = file.with_name("dev.fleet.yaml")
    assert file == lock_path(fleet)
    return read_lock(fleet, file.parent)


def _oci(data: bytes) -> object:
    found = manifests.manifest_of(data, where="registry.example/a")
    return [str(entry.platform) for entry in found.entries], manifests.platform_of(data, where="a")


@contextmanager
def _acknowledged(folder: Path) -> Iterator[Parse]:
    store = open_store("file:.", aws=None, root=folder)

    def parse(data: bytes) -> object:
        (folder / ledger.KEY).parent.mkdir(parents=True, exist_ok=True)
        (folder / ledger.KEY).write_bytes(data)
        return ledger.read(store)

    yield parse


def _handed(file: Path) -> object:
    seeds = {MAC: "sha256:1"}
    record = Ledger(
        path=file, now=lambda: NOW, until=NOW + timedelta(hours=1), chance=lambda: "w", seeds=seeds
    )
    return record.is_all_delivered()


@cache
def _states() -> tuple[bytes, bytes]:
    """(a checkpoint, the journal of a run that was interrupted)."""
    import tempfile  # noqa: PLC0415 - of this function alone

    base = base_states()
    base.resources[0].inputs = Bag({"password": secret("x"), "list": [1, {"a": None}]})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "j.jsonl"
        journal = Journal(path, {})
        state = checkpoint.write(base, "organization/fleet/dev", CRYPTER)
        work(snapshot.Snapshot(base, journal, CRYPTER), base)
        journal.flush()
        return state, path.read_bytes()


def _state(data: bytes) -> object:
    read = checkpoint.read(data, "dev.json", lambda _: CRYPTER)
    return [(state.inputs.data, state.outputs.data) for state in read.resources]


def _journal(data: bytes) -> object:
    folded = snapshot.fold(base_states(), Path("j.jsonl"), CRYPTER, content=data)
    return [(state.name, state.inputs.data, state.outputs.data) for state in folded.resources]


def _message(data: bytes) -> object:
    """Properties as an engine's message has them; the wire's own form is protobuf's business."""
    try:
        members = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(members, dict):
        return None
    plain = properties.decode(properties.encode(members))
    return properties.plain(plain), list(properties.unknowns(plain))


def _seed_of(format_: str) -> bytes:
    return FORMATS[format_].seed(boot_of("server-static")).data


def _read_back(format_: str, suffix: str) -> Parse:
    def parse(data: bytes) -> object:
        contents = image_reading.read_seed(f"n1{suffix}", data, FORMATS[format_].only)
        return FORMATS[format_].read_back({path: content for path, (_, content) in contents.items()})

    return parse


class Answering(SeedServer):
    """A seed server that notes what its threads raise."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.errors: list[BaseException] = []

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's
        import sys  # noqa: PLC0415 - of this function alone

        error = sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError):
            self.errors.append(error)


@contextmanager
def _served(folder: Path) -> Iterator[Parse]:
    """Requests of a client that is no node: no answer has a seed in it."""
    record = Ledger(
        path=folder / "handed.json",
        now=lambda: NOW,
        until=NOW + timedelta(hours=1),
        chance=lambda: "word-0000",
        seeds={MAC: "sha256:1"},
    )
    record.address(MAC)
    (folder / "kernel").write_bytes(b"kernel")
    seed = {"boot.ipxe": b"#!ipxe\nboot\n" + SECRET, "user-data": SECRET, "meta-data": SECRET}
    shelf = Shelf(
        nodes={MAC: seed},
        files={"1" * 64: folder / "kernel"},
        ledger=record,
        say=lambda _: None,
        neighbour=lambda _: None,
    )
    server = Answering(("127.0.0.1", 0), shelf)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()

    def ask(data: bytes) -> object:
        answer = b""
        with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=10) as client:
            with suppress(OSError):
                client.sendall(data)
                client.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):
                while piece := client.recv(65536):
                    answer += piece
        assert SECRET not in answer
        if server.errors:
            raise server.errors.pop()
        return answer

    try:
        yield ask
    finally:
        server.shutdown()
        server.server_close()


GET = [
    f"GET {path} HTTP/1.{minor}\r\nHost: a\r\n\r\n".encode()
    for minor, path in enumerate(
        [
            "/boot.ipxe",
            f"/boot/{MAC.replace(':', '-')}.ipxe",
            "/boot/seed/word-0000/user-data",
            f"/boot/files/{'1' * 64}",
        ]
    )
]

PARSERS = {
    "fleet file": Parser(
        inputs=lambda: yaml_texts(
            FLEET, SMALL.replace(b"{from: sites.csv}", b"{a: {}, b: {nodes: {n1: {}}}}")
        ),
        open=of_file("dev.fleet.yaml", _fleet),
        raises=(InvalidInput,),
    ),
    "sites of a CSV file": Parser(inputs=lambda: texts(CSV), open=_csv, raises=(InvalidInput,)),
    "artifacts lock": Parser(
        inputs=lambda: yaml_texts(LOCK),
        open=of_file("dev.artifacts.lock.yaml", _lock),
        raises=(InvalidInput,),
    ),
    "OCI manifest": Parser(
        inputs=lambda: documents(MANIFEST, INDEX), open=pure(_oci), raises=(EdgefleetError,)
    ),
    "list of digests": Parser(
        inputs=lambda: texts(f"{'0' * 64}  k3s\n{'1' * 64} *k3s-arm64\n".encode()),
        open=pure(lambda data: digests(data.decode(errors="replace"), "https://example.org")),
        raises=(OutsideFailure,),
    ),
    "JSON": Parser(
        inputs=lambda: documents(MANIFEST, b"[[[]]]", b"{}"),
        open=pure(strict_json.parse),
        raises=(ValueError,),
    ),
    "DSSE": Parser(inputs=lambda: documents(ENVELOPE), open=pure(dsse.from_bytes), raises=(ValueError,)),
    "manifest of an image": Parser(
        inputs=lambda: documents(DESCRIPTION),
        open=pure(lambda data: manifest.read_manifest(data, "n1.iso")),
        raises=(InvalidInput,),
    ),
    "index of a site": Parser(
        inputs=lambda: documents(LISTED),
        open=of_file(manifest.MANIFEST, lambda file: manifest.read_index(file.parent)),
        raises=(InvalidInput,),
    ),
    "provenance": Parser(
        inputs=lambda: documents(STATEMENT), open=pure(provenance.subjects), raises=(ValueError,)
    ),
    "SBOM": Parser(inputs=lambda: documents(BILL), open=pure(sbom.hashes), raises=(ValueError,)),
    "plan of a build": Parser(
        inputs=lambda: st.one_of(
            texts(PLAN), documents(gzip.decompress(PLAN)).map(lambda data: gzip.compress(data, 1))
        ),
        open=pure(lambda data: build_job.from_bytes(data, "0.gz")),
        raises=(InvalidInput,),
    ),
    "acknowledgements": Parser(
        inputs=lambda: documents(ACKNOWLEDGED), open=_acknowledged, raises=(OutsideFailure,)
    ),
    "descriptor of shared parts": Parser(
        inputs=lambda: documents(
            json.dumps(
                {
                    "format": extents.FORMAT,
                    "own": "n1.own",
                    "extents": [["own", 0, 512], ["base", 512, 1024]],
                    "shared": {"base": {"path": "base.img", "sha256": "0" * 64}},
                }
            ).encode()
        ),
        open=of_file("n1.raw.json", lambda file: extents.read_reference(file, lambda _: None)),
        raises=(InvalidInput,),
    ),
    "GPT": Parser(
        inputs=lambda: texts(partitioned()),
        open=of_file("base.img", gpt.read_table),
        raises=(InvalidInput, OutsideFailure),
    ),
    "ISO 9660": Parser(
        inputs=lambda: texts(iso("cidata", {"user-data": b"#cloud-config\n", "meta-data": b"a" * 3000})),
        open=pure(lambda data: _consumed(read_iso(data))),
        raises=(ValueError,),
    ),
    "tar": Parser(
        inputs=lambda: texts(tar({"config.ign": b"{}", "user-data": b"x" * 600})),
        open=pure(lambda data: _consumed(read_tar(data))),
        raises=(ValueError,),
    ),
    "archive of a program": Parser(
        inputs=lambda: st.one_of(
            texts(tar({"bin/a": b"program"})), texts(gzip.compress(tar({"bin/a": b"program"}), mtime=0))
        ),
        open=of_file(
            "a.tar",
            lambda file: artifact_cache.unpack(
                artifact_cache.ArtifactCache(file.parent / "cache", project=file.parent),
                file,
                "bin/a",
                where="a",
            ),
        ),
        raises=(OutsideFailure,),
    ),
    "seed nocloud": Parser(
        inputs=lambda: texts(_seed_of("nocloud")),
        open=pure(_read_back("nocloud", ".iso")),
        raises=(ValueError,),
    ),
    "seed ignition": Parser(
        inputs=lambda: documents(_seed_of("ignition")),
        open=pure(_read_back("ignition", ".ign")),
        raises=(ValueError,),
    ),
    "seed script": Parser(
        inputs=lambda: texts(_seed_of("script")), open=pure(_read_back("script", ".sh")), raises=(ValueError,)
    ),
    "state": Parser(inputs=lambda: documents(_states()[0]), open=pure(_state), raises=(EngineError,)),
    "journal": Parser(inputs=lambda: texts(_states()[1]), open=pure(_journal), raises=(EngineError,)),
    "provider message": Parser(
        inputs=lambda: documents(PROPERTIES), open=pure(_message), raises=(InvalidInput,)
    ),
    "record of served seeds": Parser(
        inputs=lambda: documents(HANDED), open=of_file("handed.json", _handed), raises=(InvalidInput,)
    ),
    "request to the seed server": Parser(inputs=lambda: requests(*GET), open=_served, raises=()),
}
