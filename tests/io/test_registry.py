"""Registries are read as the distribution specification has it, with logins that nobody sees."""

import base64
import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.io.servers import INDEX, FakeRegistry, FileServer, digest_of, free_port, serving

from edgefleet.errors import EdgefleetError
from edgefleet.io.artifact_cache import ArtifactCache
from edgefleet.io.logins import Logins
from edgefleet.io.manifests import manifest_of
from edgefleet.io.sourcing import Sources
from edgefleet.io.web import Policy, Web
from edgefleet.model.references import Reference, parse_reference
from edgefleet.model.site import Arch

QUICK = Policy(connect=2, stall=2, attempts=2, pause=0.01)
LAYERS = (b"a layer" * 5000, b"another" * 300)
Made = Callable[..., Sources]


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A stand-in for a registry."""
    with serving(FakeRegistry()) as made:
        yield made


@pytest.fixture
def sources(tmp_path: Path) -> Made:
    """Sources with an empty cache, logged in by docker's file."""

    def made(login: str = "", host: str = "", mirrors: dict[str, tuple[str, ...]] | None = None) -> Sources:
        folder = tmp_path / "docker"
        folder.mkdir(exist_ok=True)
        auth = base64.b64encode(login.encode()).decode()
        known = {"auths": {host: {"auth": auth}}} if login else {}
        (folder / "config.json").write_text(json.dumps(known))
        web = Web(Logins({"DOCKER_CONFIG": str(folder), "HOME": str(tmp_path)}), policy=QUICK)
        return Sources(ArtifactCache(tmp_path / "cache", web=web, project=tmp_path), mirrors or {})

    return made


def named(registry: FakeRegistry, rest: str) -> Reference:
    """An image of the stand-in."""
    return parse_reference(f"{registry.host}/{rest}")


def pushed(registry: FakeRegistry) -> dict[str, str]:
    """An image for several platforms under ``shop/till:1``; dict[platform -> digest]."""
    digests = {
        "linux/amd64": registry.push("shop/till", "amd64", *LAYERS),
        "linux/arm64/v8": registry.push("shop/till", "arm64", b"arm"),
        "linux/arm/v6": registry.push("shop/till", "arm", b"arm6"),
        "linux/arm/v7": registry.push("shop/till", "arm", b"arm7"),
        "unknown/unknown": registry.push("shop/till", "unknown", b"attestation"),
    }
    registry.index("shop/till", "1", digests)
    return digests


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (
            b'{"config": {"digest": "sha256:%064d", "size": 2}}' % 0,
            "application/vnd.oci.image.manifest.v1+json",
        ),
        (b'{"manifests": []}', INDEX),
    ],
)
def test_a_manifest_that_does_not_say_what_it_is_is_ocis(data: bytes, kind: str) -> None:
    """Every archive of it has the same bytes each time."""
    assert kind == manifest_of(data, where="a folder").media_type


@pytest.mark.parametrize(
    ("arch", "platform"), [("amd64", "linux/amd64"), ("arm64", "linux/arm64/v8"), ("armhf", "linux/arm/v7")]
)
def test_the_platform_of_a_box(registry: FakeRegistry, sources: Made, arch: Arch, platform: str) -> None:
    """Of an index the best that the node runs; attestations are none."""
    digests = pushed(registry)
    found = sources().resolve(named(registry, "shop/till:1"), arch)
    assert digests[platform] == found.manifest.digest
    assert arch in sources().architectures(named(registry, "shop/till:1"))


def said(ask: Callable[[], object]) -> str:
    """What is wrong with it."""
    with pytest.raises(EdgefleetError) as caught:
        ask()
    return str(caught.value)


def test_no_platform_for_a_box(registry: FakeRegistry, sources: Made) -> None:
    """What there is is named."""
    registry.index("shop/till", "1", {"linux/s390x": registry.push("shop/till", "s390x")})
    registry.push("shop/one", "arm64", tag="1")
    assert (
        f"{registry.host}/shop/till:1: has no image for amd64; there is linux/s390x; use an image that is "
        "built for it, or place the workload on other nodes (where)"
    ) == said(lambda: sources().resolve(named(registry, "shop/till:1"), "amd64"))
    assert "has no image for amd64; there is linux/arm64" in said(
        lambda: sources().resolve(named(registry, "shop/one:1"), "amd64")
    )
    found = [sources().architectures(named(registry, name)) for name in ("shop/till:1", "shop/one:1")]
    assert [(), ("arm64",)] == found


def test_webassembly_runs_anywhere(registry: FakeRegistry, sources: Made) -> None:
    """An image of modules is one for every node, with an index or without."""
    digest = registry.push("shop/module", "wasm", b"module", tag="1", os="wasip1")
    registry.index("shop/module", "2", {"wasip1/wasm": digest})
    for tag in ("1", "2"):
        found = sources().resolve(named(registry, f"shop/module:{tag}"), "armhf")
        assert digest == found.manifest.digest


def test_an_index_is_no_platform(registry: FakeRegistry, sources: Made) -> None:
    """Its digest is refused where a platform's is meant, at the top and inside another index."""
    index = registry.index("shop/till", "1", {"linux/amd64": registry.push("shop/till", "amd64", b"x")})
    registry.index("shop/till", "2", {"linux/amd64": index})
    name = str(named(registry, "shop/till:1"))
    words = f"{index} is an index of platforms, where the digest of a platform is meant"
    assert words in said(lambda: sources().archive(name, index))
    assert words in said(lambda: sources().resolve(named(registry, "shop/till:2"), "amd64"))


def test_a_manifest_that_is_another(registry: FakeRegistry, sources: Made) -> None:
    """A registry that answers a digest with something else is not believed."""
    digest = registry.push("shop/till", "amd64", b"x")
    registry.manifests["shop/till", digest] = (INDEX, b'{"manifests": []}')
    assert "answers with a manifest whose digest is" in said(
        lambda: sources().archive(f"{registry.host}/shop/till:1", digest)
    )


def test_what_is_no_manifest(registry: FakeRegistry, sources: Made) -> None:
    """A page, or schema 1 of 2015."""
    registry.name("shop/page", "text/html", b"<html>", "1")
    registry.name(
        "shop/old", "application/vnd.docker.distribution.manifest.v1+json", b'{"fsLayers": []}', "1"
    )

    def found(name: str) -> str:
        return said(lambda: sources().resolve(named(registry, f"shop/{name}:1"), "amd64"))

    assert "the response is not an image manifest" in found("page")
    assert "as schema 1 (2015) only" in found("old")


def content(tar: tarfile.TarFile, name: str) -> bytes:
    """A file of an archive."""
    found = tar.extractfile(name)
    assert found is not None
    return found.read()


def test_an_archive(registry: FakeRegistry, sources: Made, tmp_path: Path) -> None:
    """Its bytes are the same every time, and containerd finds the image's name."""
    digest = pushed(registry)["linux/amd64"]
    mine, name = sources(), str(named(registry, "shop/till:1"))
    image = mine.resolve(parse_reference(name), "amd64")
    found = mine.archive(name, digest)
    with tarfile.open(found) as tar:
        index = json.loads(content(tar, "index.json"))
        blobs = {each.name for each in tar if each.isfile() and each.name.startswith("blobs/")}
        assert {(0, 0, 0)} == {(each.mtime, each.uid, each.gid) for each in tar}
    assert [(digest, name)] == [
        (each["digest"], each["annotations"]["io.containerd.image.name"]) for each in index["manifests"]
    ]
    wanted = {digest, *map(digest_of, LAYERS), json.loads(image.manifest.data)["config"]["digest"]}
    assert {f"blobs/{each.replace(':', '/')}" for each in wanted} == blobs
    other = Sources(ArtifactCache(tmp_path / "other", web=mine.cache.web), {})
    assert found.name == other.archive(name, digest).name


@pytest.mark.parametrize("kind", ["bearer", "basic"])
def test_a_private_registry(registry: FakeRegistry, sources: Made, kind: str) -> None:
    """By docker's file, with tokens or without; a wrong or missing login is reported without showing it."""
    digests = pushed(registry)
    registry.login, registry.kind = "me:hunter2", kind
    name = str(named(registry, "shop/till:1"))
    for login in ("", "me:wrong-hunter"):
        found = said(lambda login=login: sources(login, registry.host).archive(name, digests["linux/amd64"]))  # type: ignore[misc]  # a lambda with a default
        assert f"docker login {registry.host}" in found or "docker login" in found
        assert "hunter" not in found
    mine = sources("me:hunter2", registry.host)
    assert mine.archive(name, digests["linux/amd64"]).is_file()


def test_a_token_that_ends(registry: FakeRegistry, sources: Made) -> None:
    """Another one is requested, also where the registry forgets the last one early."""
    digests = pushed(registry)
    registry.login, registry.lasts = "me:hunter2", 1
    mine = sources("me:hunter2", registry.host)
    mine.resolve(named(registry, "shop/till:1"), "amd64")
    registry.tokens += 1
    assert digests["linux/arm64/v8"] == mine.resolve(named(registry, "shop/till:1"), "arm64").manifest.digest


def test_an_identity_token(registry: FakeRegistry, tmp_path: Path) -> None:
    """As `docker login` of some clouds leaves it: it is posted for a token."""
    pushed(registry)
    registry.login = "me:hunter2"
    known = {"auths": {registry.host: {"identitytoken": "refresh-me"}}}
    (tmp_path / "config.json").write_text(json.dumps(known))
    web = Web(Logins({"DOCKER_CONFIG": str(tmp_path)}), policy=QUICK)
    Sources(ArtifactCache(tmp_path / "cache", web=web), {}).resolve(named(registry, "shop/till:1"), "amd64")
    asked = next(each for each in registry.asked if each.path.startswith("/token"))
    assert ("POST", True) == (asked.method, "refresh_token=refresh-me" in asked.path)


def test_a_mirror_of_a_registry(registry: FakeRegistry, sources: Made) -> None:
    """It is queried first, below its prefix; the node knows the image by its own name."""
    digest = registry.push("hub/library/nginx", "amd64", b"nginx", tag="1.27")
    mirror = registry.address.replace("http://", "oci+http://") + "/hub"
    for place in (f"{registry.address}/hub", mirror):
        mine = sources(mirrors={"docker.io": (place,)})
        assert digest == mine.resolve(parse_reference("nginx:1.27"), "amd64").manifest.digest
    archive = sources(mirrors={"docker.io": (mirror,)}).archive("docker.io/library/nginx:1.27", digest)
    with tarfile.open(archive) as tar:
        listed = content(tar, "manifest.json")
    assert ["docker.io/library/nginx:1.27"] == json.loads(listed)[0]["RepoTags"]


def test_a_folder_of_images(registry: FakeRegistry, sources: Made, tmp_path: Path) -> None:
    """OCI layouts as skopeo copies them, without any network."""
    digest = registry.push("library/nginx", "amd64", b"nginx", tag="1.27")
    layout = tmp_path / "vendor/library/nginx"
    for each, data in (registry.blobs | {digest: registry.manifests["library/nginx", digest][1]}).items():
        path = layout / "blobs" / each.replace(":", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    entry = {"digest": digest, "size": 1, "annotations": {"org.opencontainers.image.ref.name": "1.27"}}
    (layout / "index.json").write_text(json.dumps({"manifests": [entry]}))
    mine = sources(mirrors={"docker.io": ("file:vendor",)})
    assert digest == mine.resolve(parse_reference("nginx:1.27"), "amd64").manifest.digest
    assert mine.archive("docker.io/library/nginx:1.27", digest).is_file()


RELEASE = "https://releases.invalid/k3s/v1.36.4%2Bk3s1/k3s"


def test_files_from_mirrors(registry: FakeRegistry, sources: Made, tmp_path: Path) -> None:
    """A web server, a folder and a registry (as oras pushes it) are alike; the first that has it is taken."""
    sha256 = digest_of(b"binary")
    (tmp_path / "vendor/v1.36.4+k3s1").mkdir(parents=True)
    (tmp_path / "vendor/v1.36.4+k3s1/k3s").write_bytes(b"binary")
    registry.push_files("a/k3s", "v1.36.4-k3s1", {"k3s": b"binary", "sha256sum-amd64.txt": b"sums"})
    oci = registry.address.replace("http://", "oci+http://") + "/a/k3s"
    nothing = f"http://127.0.0.1:{free_port()}"
    with serving(FileServer(files={"/a/v1.36.4%2Bk3s1/k3s": b"binary"})) as web:
        for place in (f"{web.address}/a", "file:vendor", oci):
            mine = sources(mirrors={"https://releases.invalid/k3s/": (nothing, place)})
            assert (len(b"binary"), b"binary") == (mine.size(RELEASE), mine.read(RELEASE))
            assert b"binary" == mine.fetch(RELEASE, sha256).read_bytes()
            assert (sha256.removeprefix("sha256:"), 6) == mine.learn(RELEASE)
            (mine.cache.root / "sha256" / sha256.removeprefix("sha256:")).unlink()


def test_nobody_has_it(sources: Made) -> None:
    """The answer of each place is reported."""
    nothing = f"http://127.0.0.1:{free_port()}"
    mine = sources(mirrors={"https://releases.invalid/": (nothing, "file:vendor")})
    found = said(lambda: mine.fetch(RELEASE, "0" * 64)).splitlines()
    assert [nothing, "/", "https://releases.invalid"] == [
        "/" if each.startswith("/") else each[: len(start)]
        for each, start in zip(found, (nothing, "/", "https://releases.invalid"), strict=True)
    ]


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="needs skopeo: apt-get install skopeo")
def test_what_skopeo_makes_of_it(registry: FakeRegistry, sources: Made, tmp_path: Path) -> None:
    """An archive is one to others, with the digest kept; and a folder that skopeo fills is a mirror."""
    digest = pushed(registry)["linux/amd64"]
    archive = sources().archive(str(named(registry, "shop/till:1")), digest)
    layout = tmp_path / "vendor/shop/till"
    layout.parent.mkdir(parents=True)
    for command in (
        ["inspect", "--raw", f"oci-archive:{archive}"],
        ["inspect", "--config", f"docker-archive:{archive}"],
        ["--insecure-policy", "copy", "--preserve-digests", f"oci-archive:{archive}", f"oci:{layout}:1"],
    ):
        done = subprocess.run(["skopeo", *command], capture_output=True, text=True, check=False)
        assert (0, "") == (done.returncode, done.stderr)
    mine = sources(mirrors={"shop.invalid": ("file:vendor",)})
    found = mine.resolve(parse_reference("shop.invalid/shop/till:1"), "amd64")
    assert digest == found.manifest.digest
    assert mine.archive("shop.invalid/shop/till:1", digest).is_file()
