"""`edgefleet image` and `edgefleet explain`: rendering without an engine."""

import base64
import gzip
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from edgefleet.fleetfile.load import load_fleet
from edgefleet.keys.derivation import site_key, token
from edgefleet.site.masked_files import without_secrets
from edgefleet.site.render import render_tree

if TYPE_CHECKING:
    from tests.commands.conftest import World

KEYS = 'images: {store: "file:images", signKey: "file:key.pem", trustedKeys: ["file:key.pub"]}'
SECRET = "c2VjcmV0IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXMgbG9uZw=="  # noqa: S105 - made up for the tests


def test_built_images_are_what_up_stores(known: "World") -> None:
    """The same bytes, private, with a manifest that they are verified against."""
    ran = known.run("image", "build", "-s", "dev", "--target", "hamburg", "--out", "out")
    assert 0 == ran.code
    stored = known.engine.resources["hamburg"].outputs["images"]
    assert [stored[node]["seed"] for node in ("n1", "n2")] == [
        line.split()[1] for line in ran.out.splitlines() if line.startswith("    image sha256:")
    ]
    assert 0o600 == (known.project / "out" / "hamburg" / "n1.iso").stat().st_mode & 0o777
    verified = known.run("image", "verify", "out")
    assert (0, 2) == (verified.code, verified.out.count("as built"))
    assert 0 == known.run("image", "verify", "out/hamburg/n1.iso").code


def test_an_altered_image_is_named_with_the_first_file_that_differs(known: "World") -> None:
    """Exit 1; what is in the image is compared file by file."""
    known.run("image", "build", "-s", "dev", "--target", "berlin", "--out", "out")
    image = known.project / "out" / "berlin" / "n1.iso"
    data = image.read_bytes()
    image.write_bytes(data.replace(b"local-hostname: berlin", b"local-hostname: munich"))
    ran = known.run("image", "verify", "out")
    assert (1, True) == (ran.code, "meta-data differs" in ran.err.replace("\n  ", " "))
    image.write_bytes(data[:3000])
    assert "cannot be read as an image" in known.run("image", "verify", "out").err.replace("\n  ", " ")
    image.unlink()
    assert "does not exist" in known.run("image", "verify", "out").err


@pytest.mark.parametrize("path", ["nowhere", "stacks", "stacks/dev.fleet.yaml"])
def test_what_was_not_built_cannot_be_verified(known: "World", path: str) -> None:
    """There is no manifest; the hint states how to get one."""
    ran = known.run("image", "verify", path)
    assert (1, True) == (ran.code, "edgefleet image build" in ran.err.replace("\n  ", " "))


def test_a_damaged_manifest_is_reported(known: "World") -> None:
    """No traceback for a file that is no manifest."""
    (known.project / "out").mkdir()
    for text in ("", "[]", '{"images": {"n1.iso": 1}}', "\x00"):
        (known.project / "out" / "manifest.json").write_text(text)
        assert 1 == known.run("image", "verify", "out").code


def test_building_needs_the_stacks_secret(up: "World") -> None:
    """Without one, the command that writes it."""
    ran = up.run("image", "build", "-s", "dev", "--target", "berlin", "--out", "out")
    assert (1, True) == (ran.code, "edgefleet init -s dev" in ran.err.replace("\n  ", " "))
    assert not (up.project / "out").exists()


def test_explain_shows_what_changes_inside_an_image(known: "World") -> None:
    """Both digests and each file that differs, as a diff; secrets are masked."""
    old = known.engine.resources["berlin"].outputs["images"]["n1"]["seed"]
    known.edit("10.20.1.10/24", "10.20.1.11/24")
    ran = known.run("explain", "-s", "dev", "--target", "berlin")
    assert 0 == ran.code
    assert f"- {old}" in ran.out
    assert "cidata/network-config  changed" in ran.out
    assert "-    - 10.20.1.10/24" in ran.out
    assert "+    - 10.20.1.11/24" in ran.out
    assert "hamburg" not in ran.out
    assert [] == known.operations
    known.run("preview", "-s", "dev")
    numbered = known.run("explain", "-s", "dev", "#1")
    assert "#1  1 site  network.address: 10.20.1.10/24 -> 10.20.1.11/24" in numbered.out
    assert numbered.out.endswith(ran.out)
    assert (["preview"], "") == (known.operations, numbered.err)


@pytest.mark.parametrize(
    "image",
    [
        "{format: raw, base: {source: 'file:b.raw', sha256: " + 64 * "a" + "}}",
        "{format: iso, installer: debian, base: {source: 'file:b.iso', sha256: " + 64 * "a" + "}}",
    ],
)
def test_explain_shows_the_digests_of_the_preview(known: "World", image: str) -> None:
    """Of an image that is composed the preview shows its identity; so does explain."""
    known.edit("munich: {nodes: {n1: {}}}", f"munich: {{image: {image}, nodes: {{n1: {{}}}}}}")
    known.run("preview", "-s", "dev", "--json", "preview.json")
    sites = json.loads((known.project / "preview.json").read_text())["sites"]
    (digests,) = (site["images"]["n1"] for site in sites if site["name"] == "munich")
    explained = known.run("explain", "-s", "dev", "--target", "munich").out.splitlines()
    assert [f"    - {digests['old']}", f"    + {digests['new']}"] == explained[1:3]


def test_explain_takes_its_numbers_from_the_last_preview(known: "World") -> None:
    """Also of targets alone; what changed since is noted, and nothing is left of it once it was applied."""
    known.edit("10.20.1.10/24", "10.20.1.11/24")
    known.edit("munich: {nodes: {n1: {}}}", "munich: {timezone: Europe/Berlin, nodes: {n1: {}}}")
    known.run("preview", "-s", "dev")
    shown = json.loads((known.project / ".edgefleet" / "previews" / "dev.json").read_text())["document"]
    assert [1, 2] == [group["number"] for group in shown["groups"]]
    for group in shown["groups"]:
        explained = known.run("explain", "-s", "dev", f"#{group['number']}")
        (change,) = group["changes"]
        first = explained.out.splitlines()[0]
        assert first.startswith(f"  #{group['number']}  1 site  {change['path']}: {change['old']} -> ")
        assert f"{group['sites'][0]} n1" in explained.out
    known.edit("10.20.1.11/24", "10.20.1.12/24")
    stale = known.run("explain", "-s", "dev", "#1")
    assert "note: the fleet file has changed since that preview" in stale.err
    known.run("preview", "-s", "dev")
    known.engine.resources["berlin"].outputs["images"]["n1"]["seed"] = "sha256:" + 64 * "0"
    assert "note: the stack has changed since that preview" in known.run("explain", "-s", "dev", "#1").err
    assert 0 == known.run("up", "-s", "dev", "-y").code
    assert "no preview has been shown" in known.run("explain", "-s", "dev", "#1").err.replace("\n  ", " ")


def test_explain_shows_no_secret(known: "World") -> None:
    """No word of what is derived from a key is printed, even where all of a site goes or comes."""
    resource = known.engine.resources["munich"]
    known.edit("munich: {nodes: {n1: {}}}", "bremen: {nodes: {n1: {}}}")
    out = (
        known.run("explain", "-s", "dev", "--target", "munich").out
        + known.run("explain", "-s", "dev", "--target", "bremen").out
    )
    assert "munich n1" in out
    fleet = load_fleet(known.fleet_file, known.project)
    spec = fleet.sites["bremen"]
    keys = [
        site_key(SECRET, fleet="shops", region="dev", site=name, generation=1)
        for name in ("munich", "bremen")
    ]
    assert resource.inputs["key"] == keys[0]
    files = render_tree(spec, keys[1], {}, shows_secrets=True)["n1"]
    others = render_tree(spec, keys[0], {}, shows_secrets=True)["n1"]
    private = _key_lines(files) - _key_lines(others)
    assert len(private) >= 3
    assert [] == [secret for secret in (*keys, _token(files), *private, "correct horse") if secret in out]
    assert "[secret]" in out


@pytest.mark.parametrize("secret", [":x", "xyx:"])
def test_half_a_login_is_refused_as_a_secret(known: "World", secret: str) -> None:
    """Where it is set, without being repeated."""
    proxy = "proxy: {https: 'http://proxy.example:3128', credentials: {secret: it}}"
    known.edit("defaults: {", f"defaults: {{{proxy}, ")
    ran = known.run("init", "-s", "dev", "--passphrase", "it", piped=f"{secret}\n")
    assert (1, False) == (ran.code, secret in ran.out + ran.err)
    assert "error[bad-passphrase]" in ran.err


@pytest.mark.parametrize("secret", ["till-proxy:p@ss:word/9 xyx", "xxxx:yyyy", "4f7-activation:x/y+Code=="])
def test_explain_shows_no_login_of_a_proxy_and_no_activation_code(known: "World", secret: str) -> None:
    """They have a form, `<name>:<rest>`, that rendering verifies; neither half is printed, quoted or not."""
    proxy = "proxy: {https: 'http://proxy.example:3128', credentials: {secret: it}}"
    known.edit("defaults: {", f"defaults: {{{proxy}, ")
    ssm = "breakGlass: {ssm: {region: eu-west-1, activation: {secret: it}}}"
    known.edit("munich: {nodes", f"munich: {{{ssm}, nodes")
    assert 0 == known.run("init", "-s", "dev", "--passphrase", "it", piped=f"{secret}\n").code
    ran = known.run("explain", "-s", "dev", "--target", "munich")
    assert (0, True) == (ran.code, "[secret]" in ran.out), ran.err
    halves = [half for half in secret.split(":", 1) if len(half) > 2]
    words = {secret, *halves, *(quote(half, safe="") for half in halves)}
    assert [] == [word for word in words if len(word) > 2 and word in ran.out]


def _key_lines(files: dict[str, bytes]) -> set[str]:
    """The lines of the SSH host's private key."""
    key = yaml.safe_load(files["cidata/user-data"])["ssh_keys"]["ed25519_private"]
    return {line for line in key.splitlines() if line}


def _token(files: dict[str, bytes]) -> str:
    lines = files["/etc/rancher/k3s/config.yaml"].decode().splitlines()
    (token,) = [line.partition(": ")[2].strip("'\"") for line in lines if line.startswith("token:")]
    assert len(token) > 20
    return token


@pytest.mark.parametrize(
    ("what", "before", "after"),
    [
        ("#7", "no preview has been shown since the stack was last changed", "no change is planned"),
        ("berlin", "for a site: --target berlin", "for a site: --target berlin"),
    ],
)
def test_explain_of_what_is_not_there(known: "World", what: str, before: str, after: str) -> None:
    """The nearest names, or the numbers that the last preview showed."""
    for said in (before, after):
        ran = known.run("explain", "-s", "dev", what)
        assert (1, True) == (ran.code, said in ran.err.replace("\n  ", " "))
        known.run("preview", "-s", "dev")


def test_secrets_are_found_by_rendering_with_others() -> None:
    """Whatever differs under another key is masked from its word on; unequal shapes are not shown at all."""
    assert b"a: 1\ntoken: [secret]\n" == without_secrets(b"a: 1\ntoken: abc\n", b"a: 1\ntoken: abd\n")
    assert b'x="[secret]' == without_secrets(b'x="s1"', b'x="s2"')
    assert without_secrets(b"a\nb", b"a") is None


def test_all_sites_are_built_and_finished_ones_skipped(known: "World") -> None:
    """In one account at the end; the sites must be named."""
    ran = known.run("image", "build", "-s", "dev", "--all", "--out", "out", "--jobs", "1")
    assert (0, True) == (ran.code, "images built;" in ran.err)
    again = known.run("image", "build", "-s", "dev", "--all", "--out", "out", "--jobs", "1")
    assert "0 images built, " in again.err
    assert " were finished before" in again.err
    for wrong in ([], ["--all", "--target", "berlin"]):
        refused = known.run("image", "build", "-s", "dev", "--out", "out", *wrong)
        assert (1, True) == (refused.code, "--all" in refused.err)


def test_a_job_of_the_hub_builds_the_same(known: "World") -> None:
    """Each shard has its own sites' keys, and builds what the workstation builds."""
    file = known.project / "stacks" / "dev.fleet.yaml"
    known.run("image", "build", "-s", "dev", "--all", "--out", "here", "--jobs", "1")
    refused = known.run("image", "job", "-s", "dev", "--image", "builder:1")
    assert (1, True) == (refused.code, "s3://" in refused.err)
    plain = yaml.safe_load(file.read_text())
    plain["images"] = {"store": "s3://a-bucket/images"}
    file.write_text(yaml.safe_dump(plain))
    ran = known.run("image", "job", "-s", "dev", "--image", "builder:1", "--shards", "2", "--out", "job.yaml")
    assert 0 == ran.code, ran.err
    *secrets, job = yaml.safe_load_all((known.project / "job.yaml").read_text())
    assert (2, 2) == (len(secrets), job["spec"]["completions"])
    keys: list[set[str]] = [set(), set()]
    for number, secret in enumerate(secrets):
        shard = base64.b64decode(secret["data"]["plan.json.gz"])
        (known.project / f"{number}.gz").write_bytes(shard)
        keys[number] = {site["key"] for site in json.loads(gzip.decompress(shard))["sites"]}
        built = known.run("image", "build-plan", f"{number}.gz", "--out", "there", "--jobs", "1")
        assert 0 == built.code, built.err
    assert (set(), True) == (keys[0] & keys[1], all(keys))
    images = [path.relative_to(known.project / "here") for path in (known.project / "here").rglob("*.iso")]
    assert images
    for image in images:
        assert (known.project / "here" / image).read_bytes() == (known.project / "there" / image).read_bytes()
    assert 1 == known.run("image", "build-plan", "stacks/dev.fleet.yaml", "--out", "there").code


def test_a_job_for_no_sites_is_refused(known: "World") -> None:
    """A region that is only begun."""
    plain = yaml.safe_load(known.fleet_file.read_text())
    known.fleet_file.write_text(yaml.safe_dump(plain | {"images": {"store": "s3://a-bucket"}, "sites": {}}))
    ran = known.run("image", "job", "-s", "dev", "--image", "builder:1")
    assert (1, True) == (ran.code, "the fleet has no sites to build" in ran.err)


def test_a_missing_plan_is_reported(known: "World") -> None:
    """And not to be no plan."""
    ran = known.run("image", "build-plan", "0.gz", "--out", "there")
    assert (1, True) == (ran.code, "does not exist\n  --> 0.gz" in ran.err)


def test_an_image_that_its_medium_has_no_room_for_is_not_built(known: "World") -> None:
    """As `up` and `validate` say it, before anything is made."""
    base = "{source: 'file:base.raw', sha256: " + "0" * 64 + "}"
    known.edit("munich: {", f"munich: {{image: {{format: raw, size: 1Mi, base: {base}}}, ")
    ran = known.run("image", "build", "-s", "dev", "--target", "munich", "--out", "here")
    assert (1, True) == (
        ran.code,
        "the medium has 1,048,576 bytes and would hold" in " ".join(ran.err.split()),
    )
    assert 0 == known.run("image", "build", "-s", "dev", "--target", "berlin", "--out", "here").code


def test_an_image_is_written_to_no_file(known: "World") -> None:
    """A device is a disk; what is wrong with it is reported before anything is built."""
    (known.project / "file").touch()
    ran = known.run("image", "write", "-s", "dev", "--target", "berlin", "--device", "file")
    assert (1, True) == (ran.code, "is not a disk" in ran.err)
    assert not (known.project / ".edgefleet" / "built").exists()


def test_an_image_is_written_and_read_back(known: "World", loop: Path) -> None:
    """After a yes; without one nothing is; the other node must be named where there are two."""
    before = loop.read_bytes()
    wanted = ["image", "write", "-s", "dev", "--device", str(loop)]
    assert "--fixed" in known.run(*wanted, "--target", "berlin").err
    refused = known.run(*wanted, "--fixed", "--target", "berlin", typed="no\n")
    assert (1, before) == (refused.code, loop.read_bytes())
    ran = known.run(*wanted, "--fixed", "--target", "berlin", typed="y\n")
    assert (0, True) == (ran.code, "verified" in ran.out), ran.err
    assert "sites ack -s dev --target berlin" in ran.err
    image = (known.project / ".edgefleet" / "built" / "dev" / "berlin" / "n1.iso").read_bytes()
    assert image == loop.read_bytes()[: len(image)]
    assert "--node" in known.run(*wanted, "--fixed", "--target", "hamburg").err


def test_a_box_that_nobody_has_cannot_have_its_seed_again(known: "World") -> None:
    """A slip of the pen in a hardware address would be noticed at the site only."""
    (known.project / "kernel").write_bytes(b"kernel")
    base = f"{{source: 'file:kernel', sha256: {hashlib.sha256(b'kernel').hexdigest()}}}"
    image = f"{{format: ipxe, netboot: {{kernel: {base}, initrd: [{base}], arguments: quiet}}}}"
    known.environment["XDG_CACHE_HOME"] = str(known.project / "cache")
    known.edit(
        "munich: {nodes: {n1: {",
        f"munich: {{image: {image}, nodes: {{n1: {{network: {{mac: '02:00:00:00:00:01'}}",
    )
    ran = known.run("image", "serve", "-s", "dev", "--target", "munich", "--again", "02-00-00-00-00-01")
    assert 1 == ran.code
    assert "has the hardware address 02-00-00-00-00-01" in " ".join(ran.err.split())
    assert "did you mean 02:00:00:00:00:01?" in " ".join(ran.err.split())
    (known.project / "elsewhere").mkdir()
    (known.project / ".edgefleet").symlink_to("elsewhere")
    linked = known.run("image", "serve", "-s", "dev", "--target", "munich", "--again", "02:00:00:00:00:01")
    assert (2, True) == (linked.code, "symbolic link" in linked.err)


def test_a_site_that_starts_nothing_over_the_network_is_not_served(known: "World") -> None:
    """With what is to be set."""
    ran = known.run("image", "serve", "-s", "dev", "--target", "berlin")
    assert (1, True) == (
        ran.code,
        "no node of these sites starts over the network" in ran.err.replace("\n  ", " "),
    )
    assert 1 == known.run("image", "serve", "-s", "dev", "--target", "berlin", "--cert", "x.pem").code


def test_images_are_signed_and_checked_against_a_key(known: "World") -> None:
    """By an option, or by what the fleet file says for everybody; without a key the report states so."""
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (known.project / "key.pem").write_bytes(pem)
    (known.project / "key.pub").write_bytes(public)
    build = ("image", "build", "-s", "dev", "--target", "berlin", "--out", "out")
    assert "not signed: name a key with --sign-key" in known.run(*build).err
    assert "not signed" in known.run("image", "verify", "out").out
    refused = known.run("image", "verify", "out", "--key", "key.pub")
    assert (1, True) == (refused.code, "is not signed" in refused.err)
    assert "signed by ed25519" in known.run(*build, "--sign-key", "key.pem").err
    assert "a trusted key" in known.run("image", "verify", "out", "--key", "key.pub").out.replace("\n", " ")
    assert "names no trusted key" in known.run("image", "verify", "out", "-s", "dev").err
    wrong = known.run(*build, "--sign-key", "key.pub")
    assert (1, True) == (wrong.code, "is a public key" in wrong.err)
    known.edit('images: {store: "file:images"}', KEYS)
    assert "signed by ed25519" in known.run(*build).err
    trusted = known.run("image", "verify", "out/berlin/n1.iso", "-s", "dev")
    assert (0, True) == (trusted.code, "a trusted key" in trusted.out.replace("\n", " "))


def test_two_images_are_compared(known: "World") -> None:
    """0 where they are the same, 1 where not; JSON says the same."""
    known.run("image", "build", "-s", "dev", "--all", "--out", "out", "--jobs", "1")
    same = known.run("image", "diff", "out/berlin", "out/berlin/n1.iso")
    assert (0, "the same image\n") == (same.code, same.out)
    ran = known.run("image", "diff", "out/berlin", "out/munich")
    assert (1, True) == (ran.code, "  site: berlin -> munich" in ran.out)
    told = known.run("image", "diff", "out/berlin", "out/munich", "--json", "-")
    assert (1, False) == (told.code, told.json["same"])
    assert {"name": "site", "old": "berlin", "new": "munich"} in told.json["about"]
    assert {"path", "change", "secret", "old", "new", "diff"} == set(told.json["nodeFiles"][0])
    several = known.run("image", "diff", "out/hamburg", "out/munich")
    assert (1, True) == (several.code, "has 2 images" in several.err)
    assert 1 == known.run("image", "diff", "out/nobody", "out/munich").code


def test_an_image_with_a_secret_of_another_site_is_not_built(known: "World") -> None:
    """A guard refuses, and says whose and what, not the secret; without it all is built."""
    munich = token(
        site_key(SECRET, fleet="shops", region="dev", site="munich", generation=1), "k3s-server-token"
    )
    good = known.fleet_file.read_text()
    config = f"{{kubelet-arg: ['x={munich}']}}"
    known.edit("  munich: {", f"  berlin-2: {{k3s: {{config: {config}}}, nodes: {{n1: {{}}}}}}\n  munich: {{")
    ran = known.run(
        "image",
        "build",
        "-s",
        "dev",
        "--target",
        "berlin-2",
        "--target",
        "berlin",
        "--out",
        "out",
        "--jobs",
        "1",
    )
    said = ran.err.replace("\n  ", " ")
    assert (3, True) == (ran.code, "a secret of site munich in n1.iso: a k3s server token" in said), ran.err
    assert munich not in ran.err + ran.out
    assert ["n1.iso"] == [path.name for path in (known.project / "out").rglob("*.iso")]
    known.fleet_file.write_text(good)
    assert 0 == known.run("image", "build", "-s", "dev", "--all", "--out", "out", "--jobs", "2").code
