"""Bills, statements and signatures beside images: read by their own tools, verified against the image."""

import base64
import hashlib
import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from tests.images.conftest import needs
from tests.site.conftest import Plan
from tests.site.test_verification import FORMATS, opened, put_in_cache

from edgefleet.errors import InvalidInput
from edgefleet.io.signing import PublicKey, Signing, read_public, signing
from edgefleet.io.store import DirectoryStore, StorePlace
from edgefleet.model import strict_json
from edgefleet.site import manifest, verification
from edgefleet.site.attestations import attested
from edgefleet.site.building import BuildContext, build_site

pytestmark = [pytest.mark.slow, needs("sfdisk", "mkfs.vfat", "mcopy", "mksquashfs", "openssl", "jq")]
VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)
TILL = "images/registry.example:5000+shop+till@1.4.tar".replace(":", "@")
PLATFORM = "sha256:" + "e" * 64
"""Digest of its manifest for the node's platform."""


def key(folder: Path, name: str, algorithm: str = "ed25519") -> Signing:
    """A new key to sign with."""
    kind = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"] if algorithm == "p256" else [algorithm]
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", *kind, "-out", private], check=True, capture_output=True
    )
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
    return signing(str(private), folder)


def verified(image: Path, *trusted: PublicKey) -> str:
    """The report of who signed."""
    there = attested(image, trusted)
    assert there.manifest == opened(image).manifest
    verification.check(opened(image), is_trusted=there.is_trusted)
    return there.signer


def beside(image: Path, ending: str) -> Any:
    """A file beside an image."""
    return json.loads(image.with_name(image.name + ending).read_bytes())


@pytest.mark.parametrize("name", FORMATS)
def test_the_bill_of_each_format_is_valid(name: str, shop: BuildContext, plan: Plan) -> None:
    """By CycloneDX's own strict schema; it is the image's, and speaks of no time."""
    wanted, file = FORMATS[name]
    extension = {"source": "https://files.example/nvidia-570.raw", "sha256": "0" * 64}
    build_site(plan(n1={"image": wanted, "extensions": {"nvidia": extension}}), context=shop)
    image = shop.out / "berlin" / file
    assert VALIDATOR.validate_str(image.with_name(f"{file}.cdx.json").read_text()) is None
    bill = beside(image, ".cdx.json")
    digest = hashlib.sha256(image.read_bytes()).hexdigest()
    assert [{"alg": "SHA-256", "content": digest}] == bill["metadata"]["component"]["hashes"]
    assert "timestamp" not in bill["metadata"]
    assert "pkg:github/k3s-io/k3s@v1.36.4%2Bk3s1" in {each.get("purl") for each in bill["components"]}
    (nvidia,) = [each for each in bill["components"] if each["name"] == "nvidia-570.raw"]
    assert "https://files.example/nvidia-570.raw" == nvidia["externalReferences"][0]["url"]
    assert "not signed" == verified(image)


@pytest.fixture
def carried(shop: BuildContext) -> list[dict[str, Any]]:
    """k3s, a shim, KubeEdge, a system extension and a container image, fetched already."""
    files = []
    for path, release in (
        ("bin/k3s", "v1.36.4+k3s1"),
        ("bin/containerd-shim-spin-v2", "v0.24.0"),
        ("bin/edgecore", "v1.23.1"),
        ("images/k3s-airgap-images-amd64.tar.zst", "v1.36.4+k3s1"),
        ("extensions/nvidia.raw", ""),
        (TILL, PLATFORM),
    ):
        files.append(put_in_cache(shop, path.encode() * 100) | {"path": path, "version": release})
    return files


@pytest.fixture(params=["copy", "reference"])
def raw(
    request: pytest.FixtureRequest, shop: BuildContext, plan: Plan, carried: list[dict[str, Any]]
) -> Path:
    """An image with all of it."""
    built = build_site(plan(n1={"payload": carried}), context=replace(shop, share=request.param))
    assert () == built.problems
    return shop.out / "berlin" / ("n1.raw" if request.param == "copy" else "n1.raw.json")


def test_what_others_made_is_in_the_bill(raw: Path, carried: list[dict[str, Any]]) -> None:
    """Base, programs and container images with releases and digests; the tools with their versions."""
    assert "not signed" == verified(raw)
    text = raw.with_name(f"{raw.name}.cdx.json").read_text()
    assert VALIDATOR.validate_str(text) is None
    bill = json.loads(text)
    found = {each["name"]: each for each in bill["components"]}
    digests = {each["path"]: each["digest"].removeprefix("sha256:") for each in carried}
    assert {
        "base.img": "operating-system",
        "k3s": "application",
        "containerd-shim-spin-v2": "application",
        "kubeedge": "application",
        "k3s-airgap-images-amd64.tar.zst": "file",
        "nvidia.raw": "file",
        "registry.example:5000/shop/till:1.4": "container",
    } == {name: each["type"] for name, each in found.items()}
    assert digests["bin/edgecore"] == found["kubeedge"]["hashes"][0]["content"]
    assert "pkg:github/kubeedge/kubeedge@v1.23.1" == found["kubeedge"]["purl"]
    shim = "pkg:github/spinframework/containerd-shim-spin@v0.24.0"
    assert shim == found["containerd-shim-spin-v2"]["purl"]
    till = found["registry.example:5000/shop/till:1.4"]
    assert (PLATFORM, digests[TILL]) == (till["version"], till["hashes"][0]["content"])
    assert "repository_url=registry.example:5000/shop/till" in till["purl"].replace("%2F", "/").replace(
        "%3A", ":"
    )
    tools = {each["name"]: each["version"] for each in bill["metadata"]["tools"]["components"]}
    assert {"edgefleet", "mcopy", "mkfs.vfat", "mksquashfs", "sfdisk"} == set(tools)
    assert all(tools.values())


def test_a_manifest_is_read_as_it_was_written(raw: Path) -> None:
    """No key of its JSON hides another: the node's name, for example, and the files on the node."""
    data = raw.with_name(f"{raw.name}.manifest.json").read_bytes()
    read = manifest.read_manifest(data, "n1.manifest.json")
    assert ("n1", beside(raw, ".manifest.json")["image"]) == (read.node, read.image)
    assert read.node_files
    assert data == strict_json.write(read)


def test_the_statement_is_of_in_toto_and_slsa(raw: Path) -> None:
    """The image is its subject; what it was made of has digests; what lies beside it is bound to it."""
    stated = beside(raw, ".intoto.json")
    assert ("https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1") == (
        stated["_type"],
        stated["predicateType"],
    )
    written = beside(raw, ".manifest.json")
    assert [{"name": raw.name, "digest": {"sha256": written["digest"][7:]}}] == stated["subject"]
    build = stated["predicate"]["buildDefinition"]
    assert {"arch", "keyGeneration", "fleet", "format", "node", "recipe", "region", "site"} == set(
        build["externalParameters"]
    )
    made_of = {each["name"]: each["digest"]["sha256"] for each in build["resolvedDependencies"]}
    assert {"seed", "base", "payload/SHA256SUMS", "payload/bin/k3s", f"payload/{TILL}"} < set(made_of)
    platforms = [each["annotations"] for each in build["resolvedDependencies"] if "annotations" in each]
    assert [{"platformManifest": PLATFORM}] == platforms
    run = stated["predicate"]["runDetails"]
    assert written["tools"].items() < run["builder"]["version"].items()
    for each in run["byproducts"]:
        data = raw.with_name(each["name"]).read_bytes()
        assert each["digest"]["sha256"] == hashlib.sha256(data).hexdigest()


def test_a_second_build_writes_nothing(raw: Path, shop: BuildContext, plan: Plan, carried: list[Any]) -> None:
    """All that stands beside an image follows from it; another machine writes the same."""
    before = {path: path.stat().st_mtime_ns for path in raw.parent.iterdir()}
    share: Any = "reference" if raw.suffix == ".json" else "copy"
    build_site(plan(n1={"payload": carried}), context=replace(shop, share=share))
    assert before == {path: path.stat().st_mtime_ns for path in raw.parent.iterdir()}
    build_site(plan(n1={"payload": carried}), context=replace(shop, share=share, out=shop.out / "elsewhere"))
    for ending in (".cdx.json", ".manifest.json", ".intoto.json"):
        other = shop.out / "elsewhere" / "berlin" / (raw.name + ending)
        assert other.read_bytes() == raw.with_name(raw.name + ending).read_bytes()


@pytest.mark.parametrize("algorithm", ["ed25519", "p256"])
def test_a_signature_is_checked_against_keys_that_are_trusted(
    algorithm: str, shop: BuildContext, plan: Plan, tmp_path: Path
) -> None:
    """Without one it is reported and not trusted; another key did not sign."""
    by, other = key(tmp_path, "by", algorithm), key(tmp_path, "other", algorithm)
    build_site(plan(n1={"image": {"format": "nocloud"}}), context=replace(shop, signing=by))
    image = shop.out / "berlin" / "n1.iso"
    assert verified(image).startswith(f"signed by {by.public.algorithm} {by.public.id}, not checked")
    assert verified(image, other.public, by.public).endswith("a trusted key")
    with pytest.raises(InvalidInput, match="is not signed by a trusted key"):
        verified(image, other.public)
    assert by.public == read_public(image.with_name("signing.pub"))
    (image.with_name("signing.pub")).write_text(other.public.pem)
    with pytest.raises(InvalidInput, match=r"not signed by signing\.pub"):
        verified(image)
    image.with_name("signing.pub").unlink()
    assert verified(image, by.public).endswith("a trusted key")


def test_openssl_checks_a_signature_without_us(shop: BuildContext, plan: Plan, tmp_path: Path) -> None:
    """By the commands that the documentation gives."""
    build_site(plan(n1={"image": {"format": "script"}}), context=replace(shop, signing=key(tmp_path, "by")))
    folder = shop.out / "berlin"
    text = (Path(__file__).parents[2] / "docs" / "images" / "provenance.md").read_text()
    script = text.partition("<!-- openssl -->\n```\n")[2].partition("```")[0]
    done = subprocess.run(
        [
            "bash",
            "-euo",
            "pipefail",
            "-c",
            script.replace("n1.raw", "n1.sh").replace("KEY.pub", f"{tmp_path}/by.pub"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, True, True) == (
        done.returncode,
        "Signature Verified Successfully" in done.stdout,
        "n1.sh: OK" in done.stdout,
    ), done.stderr


def test_a_build_without_a_key_leaves_what_was_signed(shop: BuildContext, plan: Plan, tmp_path: Path) -> None:
    """Unless the image is another one: then nothing signed is left."""
    by = key(tmp_path, "by", "p256")
    one = {"image": {"format": "nocloud"}}
    build_site(plan(n1=one), context=replace(shop, signing=by))
    image = shop.out / "berlin" / "n1.iso"
    build_site(plan(n1=one), context=shop)
    assert verified(image, by.public).endswith("a trusted key")
    build_site(plan(n1=one | {"memory": 4 * 2**30}), context=shop)
    assert "not signed" == verified(image)
    assert not image.with_name("n1.iso.dsse.json").exists()
    with pytest.raises(InvalidInput, match="is not signed, and --key requires a signature"):
        verified(image, by.public)


@pytest.mark.parametrize("ending", [".manifest.json", ".cdx.json", ".intoto.json", ".dsse.json"])
def test_a_build_without_a_key_mends_what_no_longer_fits(
    ending: str, shop: BuildContext, plan: Plan, tmp_path: Path
) -> None:
    """What was signed is of no use without one of its files: all are written again, unsigned."""
    one = {"image": {"format": "nocloud"}}
    build_site(plan(n1=one), context=replace(shop, signing=key(tmp_path, "by")))
    image = shop.out / "berlin" / "n1.iso"
    for change in (Path.unlink, lambda path: path.write_text("{}")):
        change(image.with_name(f"n1.iso{ending}"))
        build_site(plan(n1=one), context=shop)
        assert "not signed" == verified(image)
        build_site(plan(n1=one), context=replace(shop, signing=key(tmp_path, "by")))


def _other_payload(text: str) -> str:
    plain = json.loads(text)
    plain["payload"] = base64.b64encode(b"{}").decode()
    return json.dumps(plain)


TAMPERED: dict[str, tuple[str, Callable[[str], str], str]] = {
    "bill": (".cdx.json", lambda text: text.replace("v1.36.4", "v1.36.5"), "is not what .* states"),
    "manifest": (
        ".manifest.json",
        lambda text: text.replace('"recipe": 1', '"recipe": 3'),
        "is not what .* states",
    ),
    "statement": (
        ".intoto.json",
        lambda text: text.replace('"keyGeneration": 1', '"keyGeneration": 2'),
        "signature of other contents",
    ),
    "subject": (
        ".intoto.json",
        lambda text: text.replace('"name": "n1.iso"', '"name": "n2.iso"'),
        "signature of other contents",
    ),
    "not a statement": (".intoto.json", lambda _: "{}", "signature of other contents"),
    "envelope": (".dsse.json", _other_payload, "not signed by a trusted key"),
    "no envelope": (".dsse.json", lambda _: "{}", "not a signed statement"),
}
"""dict[what is changed -> (ending of the file, how, what is reported of it)]."""


@pytest.mark.parametrize("what", TAMPERED)
def test_what_was_tampered_with_is_named(what: str, shop: BuildContext, plan: Plan, tmp_path: Path) -> None:
    """Whichever of the files beside an image it is."""
    ending, change, said = TAMPERED[what]
    by = key(tmp_path, "by")
    build_site(plan(n1={"image": {"format": "nocloud"}}), context=replace(shop, signing=by))
    image = shop.out / "berlin" / "n1.iso"
    path = image.with_name(f"n1.iso{ending}")
    before = path.read_text()
    assert before != change(before)
    path.write_text(change(before))
    with pytest.raises(InvalidInput, match=said):
        verified(image, by.public)
    path.unlink()
    with pytest.raises(InvalidInput, match=r"is missing|there is no n1\.iso\.manifest"):
        verified(image, by.public)


def test_a_statement_whose_author_was_not_trusted_does_not_become_right(
    shop: BuildContext, plan: Plan, tmp_path: Path
) -> None:
    """Anyone who swaps image, documents and key all at once is found out by the key that somebody trusts."""
    by, thief = key(tmp_path, "by"), key(tmp_path, "thief")
    build_site(plan(n1={"image": {"format": "nocloud"}}), context=replace(shop, signing=thief))
    image = shop.out / "berlin" / "n1.iso"
    assert "not checked against a key you trust" in verified(image)
    with pytest.raises(InvalidInput, match=f"it names {thief.public.id}"):
        verified(image, by.public)


def test_what_is_in_the_store_has_its_documents_there(shop: BuildContext, plan: Plan, tmp_path: Path) -> None:
    """Signed ones stay so, whether the next build signs or not; of another image nothing old is left."""
    by = key(tmp_path, "by", "p256")
    place = StorePlace(uri="", root=tmp_path)
    one = replace(shop, upload=place, is_discarding=True, signing=by)
    store = DirectoryStore(tmp_path / "store")
    prefix = "sites/berlin/built/n1/"
    assert () == build_site(plan(), context=one).problems
    names = {
        f"{prefix}n1.raw{ending}" for ending in (".manifest.json", ".cdx.json", ".intoto.json", ".dsse.json")
    }
    assert names | {f"{prefix}signing.pub"} == set(store.list(prefix))
    before = store.get(f"{prefix}n1.raw.dsse.json")
    for number, signed in enumerate((by, None)):
        elsewhere = replace(one, out=tmp_path / f"pod-{number}", signing=signed)
        assert [False] == [image.is_new for image in build_site(plan(), context=elsewhere).images]
        assert before == store.get(f"{prefix}n1.raw.dsse.json")
    assert () == build_site(plan(n1={"memory": 4 * 2**30}), context=replace(one, signing=None)).problems
    assert f"{prefix}n1.raw.dsse.json" not in store.list(prefix)
