"""`edgefleet artifacts`: from versions to a lock, to a cache, to what a node finds."""

import hashlib
import io
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from tests.commands.conftest import URN
from tests.io.servers import FakeRegistry, FileServer, page, serving, status
from tests.keys.channel import pair

from edgefleet.engine.api import Resource
from edgefleet.fleetfile.artifacts_lock import binaries, read_lock
from edgefleet.fleetfile.closure import wanted_by_all
from edgefleet.fleetfile.load import load_fleet
from edgefleet.io.artifact_cache import ArtifactCache, lay_out
from edgefleet.io.sourcing import Sources
from edgefleet.model.site_resource import TOKEN
from edgefleet.site import artifact_fetching
from edgefleet.site.composed_node import Supplies

if TYPE_CHECKING:
    from tests.commands.conftest import World

K3S = b"a stand-in for k3s" * 1000
AIRGAP = b"a stand-in for its images" * 4000
SHIM = b"a stand-in for a shim"
BASE = b"a stand-in for a base" * 100
VERSION = "/a/v1.36.4%2Bk3s1"
SHIM_PATH = "/a/containerd/runwasi/releases/download/containerd-shim-wasmtime%2Fv0.6.0"
FLEET = """\
apiVersion: edgefleet.dev/v1
fleet: retail
region: dev
recipe: 1
profiles: {{pos: {{arch: amd64, cpus: 4, memory: 8Gi, disk: 1Gi}}}}
defaults:
  profile: pos
  k3s: {{version: v1.36.4+k3s1, releaseUrl: "{files}/a"}}
artifacts: {{mirrors: {{"https://github.com/": ["{files}/a"]}}}}
workloads:
  till: {{kind: payload, images: ["{registry}/shop/till:1"], where: {{sites: [hamburg]}}}}
  sense: {{kind: payload, runtime: {{name: wasmtime, version: v0.6.0}}}}
sites:
  hamburg:
    airgap: true
    image: {{format: raw, base: {{source: "file:base.raw", sha256: {base}}}}}
  berlin: {{}}
"""


def sha256(data: bytes) -> str:
    """Hex."""
    return hashlib.sha256(data).hexdigest()


def archive(name: str, data: bytes) -> bytes:
    """A release's archive."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        entry = tarfile.TarInfo(f"./{name}")
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    return made.getvalue()


@dataclass
class Shop:
    """A project whose releases and registry are on loopback."""

    world: "World"
    files: FileServer
    registry: FakeRegistry
    digest: str
    """Of the container image for amd64."""

    @property
    def lock(self) -> Path:
        """The artifacts lock."""
        return self.world.project / "stacks" / "dev.artifacts.lock.yaml"

    @property
    def cache(self) -> ArtifactCache:
        """The cache of this project's user."""
        return ArtifactCache(self.world.project / "cache" / "edgefleet")


@pytest.fixture
def shop(world: "World") -> Iterator[Shop]:
    """All that the fleet file names is there."""
    with serving(FileServer()) as files, serving(FakeRegistry()) as registry:
        sums = f"{sha256(AIRGAP)}  k3s-airgap-images-amd64.tar.zst\n{sha256(K3S)}  k3s\n"
        files.files = {
            f"{VERSION}/sha256sum-amd64.txt": sums.encode(),
            f"{VERSION}/k3s": K3S,
            f"{VERSION}/k3s-airgap-images-amd64.tar.zst": AIRGAP,
            f"{SHIM_PATH}/containerd-shim-wasmtime-x86_64-linux-musl.tar.gz": archive(
                "containerd-shim-wasmtime-v1", SHIM
            ),
        }
        digest = registry.push("shop/till", "amd64", b"layer" * 9999)
        registry.index("shop/till", "1", {"linux/amd64": digest})
        (world.project / "base.raw").write_bytes(BASE)
        text = FLEET.format(files=files.address, registry=registry.host, base=sha256(BASE))
        world.fleet_file.write_text(text)
        world.environment["XDG_CACHE_HOME"] = str(world.project / "cache")
        yield Shop(world, files, registry, digest)


CHANNEL = """
controlPlane: {{cloud: {{region: eu-central-1}}, bucket: retail-dev, identity: {{sites: true}}}}
images: {{store: s3://retail-dev/images}}
channel:
  roots: ["{root}"]
  signKey: file:keys/release.key
  access:
    rolesAnywhere:
      trustAnchor: {arn}:trust-anchor/0f8fad5b-d9cb-469f-a165-70867728950e
      profile: {arn}:profile/0f8fad5b-d9cb-469f-a165-70867728950e
      role: arn:aws:iam::123456789012:role/sites
"""
FILE = "stacks/dev.fleet.yaml"


def test_from_a_fleet_file_to_a_box(shop: Shop, tmp_path: Path) -> None:
    """Lock, fetch, lay out: each file where the node looks for it, with the digest that sha256sum gives."""
    locked = shop.world.run("artifacts", "lock", "-s", "dev")
    assert (0, "stacks/dev.artifacts.lock.yaml: 5 changed\n") == (locked.code, locked.err)
    known = yaml.safe_load(shop.lock.read_text())
    assert sha256(K3S) == known["k3s"]["v1.36.4+k3s1"]["k3s"]["sha256"]
    assert len(AIRGAP) == known["k3s"]["v1.36.4+k3s1"]["k3s-airgap-images-amd64.tar.zst"]["size"]
    assert sha256(SHIM) == known["programs"]["wasmtime"]["v0.6.0"]["amd64"]["sha256"]
    till = known["images"][f"{shop.registry.host}/shop/till:1"]["amd64"]
    assert shop.digest == till["digest"]
    assert len(BASE) == known["bases"][sha256(BASE)]["size"]
    fetched = shop.world.run("artifacts", "fetch", "-s", "dev")
    assert (0, True) == (fetched.code, "all files are in" in fetched.err)
    fleet = load_fleet(shop.world.fleet_file, shop.world.project)
    node = fleet.sites["hamburg"].nodes["n1"]
    assert () == fleet.sites["berlin"].nodes["n1"].payload
    folder = tmp_path / "payload"
    supplies = Supplies(cache=shop.cache.root, project=shop.world.project)
    lay_out(supplies.open(), node.payload, folder)
    made = {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}
    assert {*(file.path for file in node.payload), "SHA256SUMS"} == made
    assert [K3S, SHIM] == [
        (folder / "bin" / name).read_bytes() for name in ("k3s", "containerd-shim-wasmtime-v1")
    ]
    assert {file.path: (file.digest, file.size) for file in node.payload} == {
        file.path: (f"sha256:{sha256(data)}", len(data))
        for file in node.payload
        for data in ((folder / file.path).read_bytes(),)
    }
    assert f"sha256:{till['sha256']}" in {file.digest for file in node.payload}
    checked = subprocess.run(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True, check=False
    )
    assert 0 == checked.returncode
    assert (folder / "bin/k3s").stat().st_ino == (shop.cache.root / "sha256" / sha256(K3S)).stat().st_ino
    lay_out(supplies.open(), node.payload, folder)  # again is as well
    base = node.image.base or pytest.fail("no base")
    assert BASE == supplies.open().fetch(base.source, base.sha256).read_bytes()


def test_the_credential_helper_of_the_channel_is_locked(shop: Shop) -> None:
    """A program that is no archive: nodes download it by its digest, and an air-gapped one carries it."""
    shop.files.files["/a/releases/1.4.0/X86_64/Linux/aws_signing_helper"] = SHIM
    arn = "arn:aws:rolesanywhere:eu-central-1:123456789012"
    text = shop.world.fleet_file.read_text() + CHANNEL.format(
        arn=arn, root=pair(1).key.pem.replace("\n", "\\n")
    )
    mirror = f'"https://rolesanywhere.amazonaws.com/": ["{shop.files.address}/a"]'
    shop.world.fleet_file.write_text(text.replace("{mirrors: {", f"{{mirrors: {{{mirror}, "))
    ran = shop.world.run("validate", "-s", "dev")
    assert "rolesanywhere-credential-helper v1.4.0 for amd64 is not in the artifacts lock" in " ".join(
        ran.err.split()
    )
    locked = shop.world.run("artifacts", "lock", "-s", "dev")
    assert 0 == locked.code, locked.err
    known = yaml.safe_load(shop.lock.read_text())["programs"]["rolesanywhere-credential-helper"]
    assert {"archive", "sha256", "size"} == known["v1.4.0"]["amd64"].keys()
    fetched = shop.world.run("artifacts", "fetch", "-s", "dev")
    assert (0, True) == (fetched.code, "all files are in" in fetched.err)
    assert SHIM == (shop.cache.root / "sha256" / sha256(SHIM)).read_bytes()
    fleet = load_fleet(shop.world.fleet_file, shop.world.project)
    carried = {file.path: file.digest for file in fleet.sites["hamburg"].nodes["n1"].payload}
    assert f"sha256:{sha256(SHIM)}" == carried["bin/aws_signing_helper"]
    assert fleet.channel is not None
    roles = fleet.channel.access.roles_anywhere
    assert roles is not None
    assert (roles.store, roles.sha256) == ("s3://retail-dev/images", {"amd64": sha256(SHIM)})


def test_seed_and_payload_go_onto_a_medium_each(shop: Shop, loop: Path) -> None:
    """A node with a system of its own and no link has two: the output names which one is written."""
    for tool in ("mksquashfs", "sfdisk"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}: apt-get install squashfs-tools fdisk")
    world = shop.world
    world.edit("  berlin: {}", "  berlin: {airgap: true}")
    world.environment["PULUMI_CONFIG_PASSPHRASE"] = "shop"  # noqa: S105 - of a test
    for command in (
        ["artifacts", "lock", "-s", "dev"],
        ["artifacts", "fetch", "-s", "dev"],
        ["init", "-s", "dev"],
    ):
        assert 0 == world.run(*command).code
    wanted = ["image", "write", "-s", "dev", "--target", "berlin", "--device", str(loop), "--fixed", "-y"]
    built = world.project / ".edgefleet" / "built" / "dev" / "berlin"
    for options, name in ((["--seed"], "n1.iso"), ([], "n1.payload.raw")):
        ran = world.run(*wanted, *options)
        assert 0 == ran.code, ran.err
        image = (built / name).read_bytes()
        assert f"sha256:{sha256(image)}" in ran.out
        assert image == loop.read_bytes()[: len(image)]
    assert 0 == world.run("sites", "sheet", "-s", "dev", "--target", "berlin", "--out", "s.html").code
    page = (world.project / "s.html").read_text()
    assert [True, False] == [
        line.endswith("--seed</pre>") for line in page.splitlines() if " image write " in line
    ]


def test_what_boxes_start_over_the_network_is_fetched_too(shop: Shop) -> None:
    """`image serve` hands it out where there is no link."""
    kernel, initrd = b"a kernel", b"an initial file system"
    for name, data in (("kernel", kernel), ("initrd", initrd)):
        (shop.world.project / name).write_bytes(data)
    started = ", ".join(
        f"{key}: {opening}{{source: 'file:{name}', sha256: {sha256(data)}}}{closing}"
        for key, name, data, opening, closing in (
            ("kernel", "kernel", kernel, "", ""),
            ("initrd", "initrd", initrd, "[", "]"),
        )
    )
    image = f"{{format: ipxe, netboot: {{{started}, arguments: quiet}}}}"
    shop.world.edit("berlin: {}", f"berlin: {{network: {{mac: '02:00:00:00:00:01'}}, image: {image}}}")
    ran = shop.world.run("artifacts", "lock", "-s", "dev")
    assert 0 == ran.code, ran.err
    assert {sha256(BASE), sha256(kernel), sha256(initrd)} == set(
        yaml.safe_load(shop.lock.read_text())["bases"]
    )
    assert 0 == shop.world.run("artifacts", "fetch", "-s", "dev").code
    (shop.world.project / "kernel").unlink()
    found = shop.cache.path(sha256(kernel))
    assert found is not None
    assert kernel == found.read_bytes()


def test_a_system_extension_is_in_the_payload(shop: Shop, tmp_path: Path) -> None:
    """Locked, fetched and laid out as all that an air-gapped node needs."""
    (shop.world.project / "nvidia.raw").write_bytes(BASE + BASE)
    extension = f"{{source: 'file:nvidia.raw', sha256: {sha256(BASE + BASE)}}}"
    node = f"airgap: true, image: {{format: ignition}}, extensions: {{nvidia: {extension}}}"
    shop.world.edit("berlin: {}", f"berlin: {{{node}}}")
    for command in ("lock", "fetch"):
        ran = shop.world.run("artifacts", command, "-s", "dev")
        assert 0 == ran.code, ran.err
    (shop.world.project / "nvidia.raw").unlink()
    payload = load_fleet(shop.world.fleet_file, shop.world.project).sites["berlin"].nodes["n1"].payload
    supplies = Supplies(cache=shop.cache.root, project=shop.world.project)
    lay_out(supplies.open(), payload, tmp_path / "payload")
    assert BASE + BASE == (tmp_path / "payload/extensions/nvidia.raw").read_bytes()


def test_a_lock_stays_until_somebody_asks(shop: Shop) -> None:
    """A tag that is moved changes nothing; --upgrade looks again; what nothing needs goes."""
    shop.world.run("artifacts", "lock", "-s", "dev")
    before = shop.lock.read_text()
    shop.registry.index("shop/till", "1", {"linux/amd64": shop.registry.push("shop/till", "amd64", b"new")})
    shop.registry.asked.clear()
    shop.files.asked.clear()
    again = shop.world.run("artifacts", "lock", "-s", "dev")
    assert ("", "stacks/dev.artifacts.lock.yaml: unchanged\n") == (again.out, again.err)
    assert ([], [], before) == (shop.registry.asked, shop.files.asked, shop.lock.read_text())
    upgraded = shop.world.run("artifacts", "lock", "-s", "dev", "--upgrade")
    assert f"changed  {shop.registry.host}/shop/till:1 for amd64\n" == upgraded.out
    shop.world.edit("  sense: {kind: payload, runtime: {name: wasmtime, version: v0.6.0}}\n", "")
    assert "removed  wasmtime v0.6.0 for amd64\n" == shop.world.run("artifacts", "lock", "-s", "dev").out


def test_a_k3s_that_sites_run_already_is_recorded(shop: Shop) -> None:
    """To pin the same bytes changes no image of theirs, until someone asks for it; new media carry it."""
    inputs = {"k3s": {"version": "v1.36.4+k3s1"}, "store": "file:images", "name": "berlin"}
    shop.world.engine.resources["berlin"] = Resource(urn=URN + "berlin", type=TOKEN, inputs=inputs)
    for arguments, changed, pinned in (((), 5, 0), ((), 0, 0), (("--pin",), 1, 1), ((), 0, 1)):
        ran = shop.world.run("artifacts", "lock", "-s", "dev", *arguments)
        assert (0, changed, not pinned) == (ran.code, len(ran.out.splitlines()), "--pin" in ran.err), ran.err
        lock = read_lock(shop.world.fleet_file, shop.world.project)
        assert pinned == len(binaries(lock)["v1.36.4+k3s1"])
        assert sha256(K3S) == lock["k3s"]["v1.36.4+k3s1"]["k3s"]["sha256"]
    fleet = load_fleet(shop.world.fleet_file, shop.world.project)
    assert {"amd64": sha256(K3S)} == fleet.sites["berlin"].k3s.sha256


def test_what_cannot_be_locked_is_reported_together(shop: Shop) -> None:
    """Each thing that is missing, and no lock is written."""
    shop.registry.manifests.clear()
    del shop.files.files[f"{SHIM_PATH}/containerd-shim-wasmtime-x86_64-linux-musl.tar.gz"]
    ran = shop.world.run("artifacts", "lock", "-s", "dev")
    assert (2, False) == (ran.code, shop.lock.exists())
    assert "there is no such file (404)" in ran.err
    assert f"{shop.registry.address}/v2/shop/till/manifests/1" in ran.err.replace("\n", "").replace("  ", "")


def test_an_image_without_the_platform_of_a_node_is_an_error_with_its_line(shop: Shop) -> None:
    """At a site that carries it and at one that downloads it; the lock states what it is built for."""
    shop.world.edit("profiles: {pos: {arch: amd64", "profiles: {pos: {arch: arm64")
    shop.files.files[f"{VERSION}/sha256sum-arm64.txt"] = (
        f"{sha256(AIRGAP)}  k3s-airgap-images-arm64.tar.zst\n{sha256(K3S)}  k3s-arm64\n".encode()
    )
    shop.files.files |= {f"{VERSION}/k3s-arm64": K3S, f"{VERSION}/k3s-airgap-images-arm64.tar.zst": AIRGAP}
    image = f"{shop.registry.host}/shop/till:1"
    web = f"  shop: {{kind: web, image: {image}, port: 8080, where: {{sites: [berlin]}}}}\n"
    shop.world.edit("  sense: {kind: payload, runtime: {name: wasmtime, version: v0.6.0}}\n", web)
    for command in (("artifacts", "lock"), ("validate",)):
        ran = shop.world.run(*command, "-s", "dev")
        assert 1 == ran.code, ran.err
        words = " ".join(ran.err.split())
        name = f"{image} is not built for arm64, as nodes have at"
        assert f"workloads.till.images[0]: {name} hamburg; it is for amd64 --> {FILE}:11:34" in words
        assert f"workloads.shop.image: {name} berlin; it is for amd64 --> {FILE}:12:28" in words
        assert "not in the artifacts lock" not in words
    known = yaml.safe_load(shop.lock.read_text())
    assert {image: ["amd64"]} == known["platforms"]


def test_the_platforms_of_an_image_of_nodes_alone_may_be_unknown(shop: Shop) -> None:
    """Its registry may be one that only they reach."""
    web = "  shop: {kind: web, image: registry.invalid/shop:1, port: 8080, where: {sites: [berlin]}}\n"
    shop.world.edit("  sense: {kind: payload, runtime: {name: wasmtime, version: v0.6.0}}\n", web)
    assert 0 == shop.world.run("artifacts", "lock", "-s", "dev").code
    assert [f"{shop.registry.host}/shop/till:1"] == [*yaml.safe_load(shop.lock.read_text())["platforms"]]


def test_a_list_that_is_a_page(shop: Shop) -> None:
    """A login page in place of the list of digests."""
    shop.files.faults = [page]
    ran = shop.world.run("artifacts", "lock", "-s", "dev")
    assert (2, True) == (ran.code, "is not a list of digests" in " ".join(ran.err.split()))


def test_nothing_is_fetched_without_a_lock(shop: Shop) -> None:
    """The command that makes it is named."""
    ran = shop.world.run("artifacts", "fetch", "-s", "dev")
    assert (1, True) == (ran.code, "edgefleet artifacts lock -s dev" in " ".join(ran.err.split()))


def test_what_fails_does_not_keep_the_others_from_coming(shop: Shop) -> None:
    """And the next run brings what is missing, nothing twice."""
    shop.world.run("artifacts", "lock", "-s", "dev")
    airgap = shop.files.files.pop(f"{VERSION}/k3s-airgap-images-amd64.tar.zst")
    ran = shop.world.run("artifacts", "fetch", "-s", "dev")
    assert (2, 1) == (ran.code, ran.err.count("there is no such file (404)"))
    assert shop.cache.path(sha256(K3S)) is not None
    supplies = Supplies(cache=shop.cache.root, project=shop.world.project)
    node = load_fleet(shop.world.fleet_file, shop.world.project).sites["hamburg"].nodes["n1"]
    with pytest.raises(
        Exception, match=r"not in the cache of artifacts: images/k3s-airgap-images-amd64\.tar\.zst"
    ):
        lay_out(supplies.open(), node.payload, shop.world.project / "payload")
    assert not (shop.world.project / "payload").exists()
    shop.files.files[f"{VERSION}/k3s-airgap-images-amd64.tar.zst"] = airgap
    shop.files.asked.clear()
    assert 0 == shop.world.run("artifacts", "fetch", "-s", "dev").code
    assert [f"{VERSION}/k3s-airgap-images-amd64.tar.zst"] == [each.path for each in shop.files.asked]


def test_an_archive_that_is_not_the_locked_one_is_refused(shop: Shop) -> None:
    """The lock states the digest of the archive, as its bytes run on the node."""
    shop.world.run("artifacts", "lock", "-s", "dev")
    known = yaml.safe_load(shop.lock.read_text())
    (till,) = known["images"].values()
    till["amd64"]["sha256"] = "0" * 64
    shop.lock.write_text(yaml.safe_dump(known))
    ran = shop.world.run("artifacts", "fetch", "-s", "dev")
    assert (2, 1) == (ran.code, " ".join(ran.err.split()).count("and the lock says 0000000000"))


def test_a_damaged_cache_is_mended(shop: Shop) -> None:
    """--verify holds all of it against its digests and fetches again what differs."""
    shop.world.run("artifacts", "lock", "-s", "dev")
    shop.world.run("artifacts", "fetch", "-s", "dev")
    kept = shop.cache.root / "sha256" / sha256(K3S)
    kept.write_bytes(b"x" + K3S[1:])
    ran = shop.world.run("artifacts", "fetch", "-s", "dev", "--verify")
    assert (0, K3S) == (ran.code, kept.read_bytes())
    assert f"{sha256(K3S)} in the cache is damaged" in " ".join(ran.err.split())


def test_a_medium_that_is_too_small_is_reported_before(shop: Shop) -> None:
    """By validate, in the line that says how large it is."""
    shop.world.run("artifacts", "lock", "-s", "dev")
    shop.world.edit("format: raw, base", "format: raw, size: 16Mi, base")
    ran = shop.world.run("validate", FILE)
    assert 1 == ran.code
    assert "the medium has 16,777,216 bytes and would hold" in " ".join(ran.err.split())
    assert f"{FILE}:16:" in ran.err


def test_an_answer_that_passes(shop: Shop) -> None:
    """A server that is busy for a moment costs a moment."""
    shop.files.faults = [status(503, {"retry-after": "0"})]
    assert 0 == shop.world.run("artifacts", "lock", "-s", "dev").code


def test_a_mirror_that_takes_over(shop: Shop) -> None:
    """Another address for releases changes addresses in the lock, and no digest."""
    shop.world.run("artifacts", "lock", "-s", "dev")
    before = yaml.safe_load(shop.lock.read_text())["k3s"]["v1.36.4+k3s1"]["k3s"]
    shop.world.edit('/a"}', '/a/"}')
    shop.world.edit(shop.files.address + "/a/", "https://releases.invalid/")
    assert "changed  k3s v1.36.4+k3s1\n" in shop.world.run("artifacts", "lock", "-s", "dev").out
    after = yaml.safe_load(shop.lock.read_text())["k3s"]["v1.36.4+k3s1"]["k3s"]
    assert before | {"url": "https://releases.invalid/v1.36.4%2Bk3s1/k3s"} == after


def test_a_fetch_that_is_stopped(shop: Shop) -> None:
    """What is under way ends at its next bytes, and what comes then goes on there."""
    shop.world.run("artifacts", "lock", "-s", "dev")
    fleet = load_fleet(shop.world.fleet_file, shop.world.project)
    sources = Sources(shop.cache, fleet.mirrors)
    needs = list(wanted_by_all(fleet.sites))
    wanted = list(artifact_fetching.items(needs, (), sources, fleet.lock))

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        artifact_fetching.fetch(wanted, at_once=2, report=stop)
    assert [None] * 2 == [shop.cache.path(sha256(data)) for data in (K3S, AIRGAP)]
    artifact_fetching.fetch(wanted, at_once=2, report=lambda *_: None)
    assert [K3S, AIRGAP] == [
        (shop.cache.root / "sha256" / sha256(data)).read_bytes() for data in (K3S, AIRGAP)
    ]
