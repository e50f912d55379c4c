"""The parsers of outside data: each with whole documents to begin from and the errors that it documents."""

import gzip
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from hypothesis import strategies as st
from tests.fuzz import wholes
from tests.fuzz.inputs import Input, documents, requests, texts, yaml_texts
from tests.keys.channel import POINTER, delegation, signer
from tests.pulumi_embedded.test_snapshot import CRYPTER, base_states

from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure
from edgefleet.fleetfile.artifacts_lock import lock_path, read_lock
from edgefleet.fleetfile.load import load_fleet
from edgefleet.images import FORMATS
from edgefleet.io import archives, extents, gpt, image_reading, manifests
from edgefleet.io.archives import read_tar, tar
from edgefleet.io.installer_iso import read_installer
from edgefleet.io.iso9660 import iso, read_iso
from edgefleet.io.logins import Logins
from edgefleet.io.seed_ledger import Ledger
from edgefleet.io.seed_server import SeedServer, Shelf
from edgefleet.io.store import open_store
from edgefleet.keys import dsse
from edgefleet.keys.delegation import read_delegation
from edgefleet.keys.pointer import read_pointer
from edgefleet.keys.signed_document import opened, signed
from edgefleet.model import strict_json
from edgefleet.provider import properties
from edgefleet.site import build_job, ledger, manifest, provenance, sbom
from edgefleet.site.artifact_locking import digests
from pulumi_embedded import backend, checkpoint, project, snapshot
from pulumi_embedded.errors import EngineError

Parse = Callable[[bytes], object]
SECRET = b"the secret of a seed"


@dataclass(frozen=True, kw_only=True)
class Parser:
    """One parser."""

    whole: Callable[[], Sequence[bytes]]
    """Documents that it accepts."""
    change: Callable[..., st.SearchStrategy[bytes]] = texts
    """Takes them, and gives hostile ones."""
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


def _consumed(files: Any) -> int:
    return sum(len(b"".join(file.pieces)) for file in files)


@contextmanager
def _fleet(folder: Path) -> Iterator[Parse]:
    (folder / "stacks" / "manifests").mkdir(parents=True)
    (folder / "stacks" / "manifests" / "labels.yaml").write_bytes(wholes.MANIFESTS)
    with of_file("dev.fleet.yaml", lambda file: load_fleet(file, folder))(folder) as parse:
        yield parse


@contextmanager
def _csv(folder: Path) -> Iterator[Parse]:
    (folder / "dev.fleet.yaml").write_bytes(wholes.SMALL)

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


def _project(file: Path) -> object:
    opened = project.open_project(file.parent, {"HOME": str(file.parent)})
    return project.load_config(project.stack_document(opened, "dev"), opened, CRYPTER)


@contextmanager
def _stack(folder: Path) -> Iterator[Parse]:
    (folder / "Pulumi.yaml").write_bytes(wholes.PROJECT)
    (folder / "stacks").mkdir()

    def parse(data: bytes) -> object:
        (folder / "stacks" / "Pulumi.dev.yaml").write_bytes(data)
        return _project(folder / "Pulumi.yaml")

    yield parse


@contextmanager
def _acknowledged(folder: Path) -> Iterator[Parse]:
    store = open_store("file:.", aws=None, root=folder)

    def parse(data: bytes) -> object:
        (folder / ledger.KEY).parent.mkdir(parents=True, exist_ok=True)
        (folder / ledger.KEY).write_bytes(data)
        return ledger.read(store)

    yield parse


def _fat(file: Path) -> object:
    return image_reading.read_fat(image_reading.Run(file=file, offset=0, size=file.stat().st_size))


def _docker(file: Path) -> object:
    logins = Logins({"DOCKER_CONFIG": str(file.parent), "NETRC": str(file.parent / "none")})
    return [logins.registry(host) for host in ("registry.example", "b")]


def _squashfs(file: Path) -> object:
    return image_reading.read_squashfs(image_reading.Run(file=file, offset=0, size=file.stat().st_size))


def _locked(file: Path) -> object:
    lock = backend._read_lock(file)
    return lock.is_dead, lock.age(wholes.NOW)


def _handed(file: Path) -> object:
    seeds = {wholes.MAC: "sha256:1"}
    record = Ledger(
        path=file,
        now=lambda: wholes.NOW,
        until=wholes.NOW + timedelta(hours=1),
        chance=lambda: "w",
        seeds=seeds,
    )
    return record.is_all_delivered()


def _state(data: bytes) -> object:
    read = checkpoint.read(data, "dev.json", lambda _: CRYPTER)
    return [(state.inputs.data, state.outputs.data) for state in read.resources]


def _journal(data: bytes) -> object:
    folded = snapshot.fold(base_states(), Path("j.jsonl"), CRYPTER, content=data)
    return [(state.name, state.inputs.data, state.outputs.data) for state in folded.resources]


def _message(data: bytes) -> object:
    """Properties as an engine's message has them; the wire's own form is protobuf's business."""
    try:
        message = json_format.Parse(data.decode(), Struct())
    except (json_format.ParseError, ValueError, RecursionError):
        return None
    plain = properties.decode(message)
    return properties.plain(plain), list(properties.unknowns(plain))


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
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError):
            self.errors.append(error)


@contextmanager
def _served(folder: Path) -> Iterator[Parse]:
    """Requests of a client that is no node: no answer has a seed in it."""
    record = Ledger(
        path=folder / "handed.json",
        now=lambda: wholes.NOW,
        until=wholes.NOW + timedelta(hours=1),
        chance=lambda: "word-0000",
        seeds={wholes.MAC: "sha256:1"},
    )
    record.address(wholes.MAC)
    (folder / "kernel").write_bytes(b"kernel")
    seed = {"boot.ipxe": b"#!ipxe\nboot\n" + SECRET, "user-data": SECRET, "meta-data": SECRET}
    shelf = Shelf(
        nodes={wholes.MAC: seed},
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


def _program(file: Path) -> object:
    return sum(len(piece) for piece in archives.member(file, "bin/a", limit=1024**2))


def _plans(*documents_: bytes) -> st.SearchStrategy[bytes]:
    inside = documents(*map(gzip.decompress, documents_)).map(lambda data: Input(gzip.compress(data, 1)))
    return st.one_of(texts(*documents_), inside)


PARSERS = {
    "fleet file": Parser(
        whole=lambda: (
            wholes.FLEET,
            wholes.SMALL.replace(b"{from: sites.csv}", b"{a: {}, b: {nodes: {n1: {}}}}"),
        ),
        change=yaml_texts,
        open=_fleet,
        raises=(InvalidInput,),
    ),
    "sites of a CSV file": Parser(whole=lambda: (wholes.CSV,), open=_csv, raises=(InvalidInput,)),
    "artifacts lock": Parser(
        whole=lambda: (wholes.LOCK,),
        change=yaml_texts,
        open=of_file("dev.artifacts.lock.yaml", _lock),
        raises=(InvalidInput,),
    ),
    "OCI manifest": Parser(
        whole=lambda: (wholes.MANIFEST, wholes.INDEX),
        change=documents,
        open=pure(_oci),
        raises=(EdgefleetError,),
    ),
    "list of digests": Parser(
        whole=lambda: (f"{'0' * 64}  k3s\n{'1' * 64} *k3s-arm64\n".encode(),),
        open=pure(lambda data: digests(data.decode(errors="replace"), "https://example.org")),
        raises=(OutsideFailure,),
    ),
    "JSON": Parser(
        whole=lambda: (wholes.MANIFEST, b"[[[]]]", b"{}"),
        change=documents,
        open=pure(strict_json.parse),
        raises=(ValueError,),
    ),
    "DSSE": Parser(
        whole=lambda: (wholes.ENVELOPE,), change=documents, open=pure(dsse.from_bytes), raises=(ValueError,)
    ),
    "signed document of the channel": Parser(
        whole=lambda: (signed("pointer", POINTER.payload, signer(1)),),
        open=pure(lambda data: opened(data, "pointer")),
        raises=(ValueError,),
    ),
    "pointer": Parser(whole=lambda: (POINTER.payload,), open=pure(read_pointer), raises=(ValueError,)),
    "delegation": Parser(
        whole=lambda: (delegation(1, 2).payload,), open=pure(read_delegation), raises=(ValueError,)
    ),
    "manifest of an image": Parser(
        whole=lambda: (wholes.DESCRIPTION,),
        change=documents,
        open=pure(lambda data: manifest.read_manifest(data, "n1.iso")),
        raises=(InvalidInput,),
    ),
    "index of a site": Parser(
        whole=lambda: (wholes.LISTED,),
        change=documents,
        open=of_file(manifest.MANIFEST, lambda file: manifest.read_index(file.parent)),
        raises=(InvalidInput,),
    ),
    "provenance": Parser(
        whole=lambda: (wholes.STATEMENT,),
        change=documents,
        open=pure(provenance.read_statement),
        raises=(ValueError,),
    ),
    "SBOM": Parser(
        whole=lambda: (wholes.BILL,), change=documents, open=pure(sbom.hashes), raises=(ValueError,)
    ),
    "plan of a build": Parser(
        whole=lambda: (wholes.PLAN,),
        change=_plans,
        open=pure(lambda data: build_job.from_bytes(data, "0.gz")),
        raises=(InvalidInput,),
    ),
    "acknowledgements": Parser(
        whole=lambda: (wholes.ACKNOWLEDGED,), change=documents, open=_acknowledged, raises=(OutsideFailure,)
    ),
    "descriptor of shared parts": Parser(
        whole=lambda: (wholes.SHARED,),
        change=documents,
        open=of_file("n1.raw.json", lambda file: extents.read_reference(file, lambda _, place: place)),
        raises=(InvalidInput,),
    ),
    "GPT": Parser(
        whole=lambda: (wholes.partitioned(),),
        open=of_file("base.img", gpt.read_table),
        raises=(InvalidInput, OutsideFailure),
    ),
    "ISO 9660": Parser(
        whole=lambda: (iso("cidata", {"user-data": b"#cloud-config\n", "meta-data": b"a" * 3000}),),
        open=pure(lambda data: _consumed(read_iso(data))),
        raises=(ValueError,),
    ),
    "squashfs": Parser(
        whole=lambda: (wholes.squashed(),),
        open=of_file("n1.squashfs", _squashfs),
        raises=(ValueError,),
    ),
    "FAT": Parser(whole=lambda: (wholes.fat(),), open=of_file("n1.fat", _fat), raises=(ValueError,)),
    "installer": Parser(
        whole=lambda: (wholes.installer(),),
        open=of_file("base.iso", lambda file: read_installer(file, ["/boot/grub.cfg"])),
        raises=(InvalidInput, OutsideFailure),
    ),
    "netrc": Parser(
        whole=lambda: (wholes.NETRC,),
        open=of_file("netrc", lambda file: Logins({"NETRC": str(file)}).web("mirror.example")),
        raises=(InvalidInput,),
    ),
    "logins of docker": Parser(
        whole=lambda: (wholes.DOCKER,),
        change=documents,
        open=of_file("config.json", _docker),
        raises=(InvalidInput, OutsideFailure),
    ),
    "tar": Parser(
        whole=lambda: (tar({"config.ign": b"{}", "user-data": b"x" * 600}),),
        open=pure(lambda data: _consumed(read_tar(data))),
        raises=(ValueError,),
    ),
    "archive of a program": Parser(
        whole=lambda: (wholes.PROGRAM, gzip.compress(wholes.PROGRAM, mtime=0)),
        open=of_file("a.tar", _program),
        raises=(ValueError,),
    ),
    "seed nocloud": Parser(
        whole=lambda: (wholes.seed_of("nocloud"),),
        open=pure(_read_back("nocloud", ".iso")),
        raises=(ValueError,),
    ),
    "seed ignition": Parser(
        whole=lambda: (wholes.seed_of("ignition"),),
        change=documents,
        open=pure(_read_back("ignition", ".ign")),
        raises=(ValueError,),
    ),
    "seed script": Parser(
        whole=lambda: (wholes.seed_of("script"),),
        open=pure(_read_back("script", ".sh")),
        raises=(ValueError,),
    ),
    "state": Parser(
        whole=lambda: (wholes.states()[0],), change=documents, open=pure(_state), raises=(EngineError,)
    ),
    "journal": Parser(whole=lambda: (wholes.states()[1],), open=pure(_journal), raises=(EngineError,)),
    "project": Parser(
        whole=lambda: (wholes.PROJECT,),
        change=yaml_texts,
        open=of_file("Pulumi.yaml", _project),
        raises=(EngineError,),
    ),
    "configuration of a stack": Parser(
        whole=lambda: (wholes.STACK,), change=yaml_texts, open=_stack, raises=(EngineError,)
    ),
    "lock of a stack": Parser(
        whole=lambda: (wholes.LOCKED,), change=documents, open=of_file("lock.json", _locked), raises=()
    ),
    "provider message": Parser(
        whole=lambda: (wholes.PROPERTIES,), change=documents, open=pure(_message), raises=(InvalidInput,)
    ),
    "record of served seeds": Parser(
        whole=lambda: (wholes.HANDED,),
        change=documents,
        open=of_file("handed.json", _handed),
        raises=(InvalidInput,),
    ),
    "request to the seed server": Parser(whole=lambda: wholes.GET, change=requests, open=_served, raises=()),
}
