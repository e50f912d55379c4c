"""Whole documents of every kind that a parser of outside data reads."""

import gzip
import json
import socket
import struct
import subprocess
import tempfile
import zlib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from tests.images.test_formats import boot_of
from tests.pulumi_embedded.test_snapshot import CRYPTER, base_states, work

from edgefleet.images import FORMATS
from edgefleet.io import extents, gpt, manifests, tools
from edgefleet.io.archives import tar
from edgefleet.keys import dsse
from edgefleet.model import strict_json
from edgefleet.provider import properties
from edgefleet.site import manifest, provenance
from pulumi_embedded import checkpoint, snapshot
from pulumi_embedded.journal import Journal
from pulumi_embedded.values import Bag, secret

ROOT = Path(__file__).resolve().parents[2]
MAC = "02:00:00:00:00:01"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
FLEET = (ROOT / "stacks" / "dev.fleet.yaml").read_bytes()
MANIFESTS = (ROOT / "stacks" / "manifests" / "labels.yaml").read_bytes()
"""What `FLEET` names."""
SMALL = b"""\
apiVersion: edgefleet.dev/v1
fleet: retail
region: dev
recipe: 1
profiles: {pos: {arch: amd64, cpus: 4, memory: 8Gi, disk: 128Gi}}
defaults: {profile: pos, k3s: {version: v1.36.4+k3s1}}
sites: {from: sites.csv}
"""
CSV = b"""\
name,keyGeneration,location.city,labels.tier,nodes.n1.network.address,nodes.n1.network.gateway,nodes.n1.network.dns
store-0001,1,Berlin,store,10.0.0.2/24,10.0.0.1,9.9.9.9 1.1.1.1
"store-0002",2,"K\xc3\xb6ln, am Rhein",,,,
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
    amd64: {{digest: "sha256:{"4" * 64}", sha256: {"6" * 64}, size: 1024}}
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
            "buildDefinition": {"externalParameters": {"site": "store-0001"}},
            "runDetails": {"byproducts": [{"name": "n1.cdx.json", "digest": {"sha256": "1" * 64}}]},
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
LISTED = strict_json.write(
    {"site": "a", "images": {"n1.iso": {"node": "n1", "digest": "sha256:" + "0" * 64, "size": 1}}}
)
ENVELOPE = dsse.to_bytes(
    dsse.Envelope(payload=b"{}", signatures=(dsse.Signature(data=b"s" * 64, key="sha256:" + "0" * 64),))
)
LOCKED = json.dumps(
    {
        "pid": 1,
        "username": "a",
        "hostname": socket.gethostname(),
        "timestamp": "2026-11-25T00:00:00.123456789Z",
    }
).encode()
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
    }
).encode()
PLAN = gzip.compress(b'{"version": 1, "sites": []}', mtime=0)


@cache
def partitioned() -> bytes:
    """A small disk with a GPT of one partition, made without a tool."""
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


PROJECT = b"""\
name: fleet
runtime: {name: python, options: {virtualenv: .venv}}
backend: {url: "file://."}
stackConfigDir: stacks
plugins: {providers: [{name: edgefleet, path: .}]}
"""
STACK = b"""\
encryptionsalt: 'v1:c2FsdA==:v1:'
config:
  fleet:stack: dev
  fleet:list: [1, {a: true}]
"""
SHARED = json.dumps(
    {
        "format": extents.FORMAT,
        "own": "n1.raw.parts",
        "extents": [["own", 0, 512], ["base", 512, 1024], ["", 0, 512]],
        "shared": {"base": {"path": "base.img", "sha256": "0" * 64}},
    }
).encode()
PROGRAM = tar({"bin/a": b"program"})


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


def squashed() -> bytes:
    """A small squashfs."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "bin").mkdir()
        (Path(folder) / "bin" / "k3s").write_bytes(b"k3s" * 100)
        image = Path(folder) / "out"
        command = ["mksquashfs", str(Path(folder) / "bin"), str(image), "-quiet", "-no-progress", "-all-root"]
        subprocess.run(command, check=True, capture_output=True)
        return image.read_bytes()


@cache
def installer() -> bytes:
    """A small ISO with a menu, as xorriso makes it."""
    with tempfile.TemporaryDirectory() as folder:
        tree, image = Path(folder) / "tree", Path(folder) / "out.iso"
        (tree / "boot").mkdir(parents=True)
        (tree / "boot" / "grub.cfg").write_bytes(b"menuentry 'a' {}\n")
        command = ["xorriso", "-outdev", f"stdio:{image}", "-map", str(tree), "/", "-commit"]
        subprocess.run(command, check=True, capture_output=True)
        return image.read_bytes()


@cache
def fat() -> bytes:
    """A small FAT with a seed."""
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "fat"
        files = {"user-data": b"#cloud-config\n", "meta-data": b"a" * 3000}
        tools.fat(files, label="CIDATA", serial="0" * 8, scratch=Path(folder), image=image)
        return image.read_bytes()


@cache
def states() -> tuple[bytes, bytes]:
    """(a checkpoint, the journal of a run that was interrupted)."""
    base = base_states()
    base.resources[0].inputs = Bag({"password": secret("x"), "list": [1, {"a": None}]})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "j.jsonl"
        journal = Journal(path, {})
        state = checkpoint.write(base, "organization/fleet/dev", CRYPTER)
        work(snapshot.Snapshot(base, journal, CRYPTER), base)
        journal.flush()
        return state, path.read_bytes()


def seed_of(format_: str) -> bytes:
    return FORMATS[format_].seed(boot_of("server-static")).data


NETRC = b"machine mirror.example login me password hunter2\nmacdef init\ncd a\n\ndefault login a password b\n"
DOCKER = json.dumps(
    {
        "auths": {
            "registry.example": {"auth": "bWU6aHVudGVyMg==", "email": "a"},
            "b": {"identitytoken": "t"},
        },
        "credHelpers": {"c": "none"},
        "credsStore": None,
    }
).encode()
