"""`up` signs and starts rollouts, and opens their first wave: a changed release reaches sites in waves.

Source: flightctl/flightctl#1186 (a new template version has to supersede a rollout that is stuck), and
rancher/fleet#2390 (clusters that are offline hold a rollout back, or are updated all at once).
"""

import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.field.test_effects import PROGRAM
from tests.keys.channel import DAY, pair, signer
from tests.rollout.signed import pointers

from edgefleet.io.store import DirectoryStore
from edgefleet.keys.channel_key import ChannelKey
from edgefleet.keys.delegation import Delegation, ReleaseKey
from edgefleet.keys.pointer import Addressee, Pointer, verified_pointer
from edgefleet.keys.signed_document import signed
from edgefleet.rollout.stored import newest

FLEET = """\
apiVersion: edgefleet.dev/v1
fleet: retail
region: dev
recipe: 1
controlPlane:
  kind: none
  bucket: retail-hub
  identity: {sites: true}
  cloud: {region: eu-central-1, endpoint: emulated}
channel:
  roots: ["file:root.pub"]
  access: {gateway: "https://updates.dev.retail.example"}
  signKey: file:release.key
rollout: {waves: [{name: canary, where: {sites: [berlin]}, bake: 24h}]}
images: {store: "file:images"}
profiles: {pos: {arch: amd64, cpus: 4, memory: 8Gi, disk: 64Gi}}
defaults: {profile: pos, timezone: Europe/Berlin, k3s: {version: v1.36.4+k3s1}}
sites:
  berlin: {network: {address: 10.20.1.10/24, gateway: 10.20.1.1}}
  hamburg: {network: {address: 10.20.2.10/24, gateway: 10.20.2.1}}
  munich: {network: {address: 10.20.3.10/24, gateway: 10.20.3.1}}
"""
SITES = {"berlin", "hamburg", "munich"}


def sign_with(fleet: Any, number: int) -> None:
    """Put a release key in its place, and delegate it alone."""
    pem = pair(number).signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (fleet.root / "release.key").write_bytes(pem)
    now = int(time.time())
    key = ReleaseKey(key=pair(number).key, expires=now + 90 * DAY)
    delegation = Delegation(fleet="retail", version=number, issued=now, keys=(key,))
    store_of(fleet).put("delegation.json", signed("delegation", delegation.payload, signer(9)))


@pytest.fixture
def fleet(stack: Any) -> Any:
    """Three sites with a channel, brought up once."""
    (stack.root / "root.pub").write_text(pair(9).key.pem)
    (stack.root / "dev.fleet.yaml").write_text(FLEET)
    sign_with(stack, 1)
    run = stack.up(PROGRAM)
    assert "succeeded" == run.result, run.text
    return stack


def store_of(fleet: Any) -> DirectoryStore:
    """The store of images and releases."""
    return DirectoryStore(fleet.root / "images")


def edit(fleet: Any, old: str, new: str) -> None:
    """Change the fleet file."""
    file = fleet.root / "dev.fleet.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def releases(fleet: Any) -> dict[str, str]:
    """dict[site -> digest of its release, by the state]."""
    state = fleet.state()
    return {site: state[f"shops/{site}"]["outputs"]["release"]["digest"] for site in SITES}


def led(fleet: Any) -> dict[str, str]:
    """dict[site -> the release that its pointer leads to]."""
    return {site: release for site, (_, release) in pointers(store_of(fleet)).items()}


def verified(fleet: Any, site: str, number: int = 1) -> Pointer:
    """The pointer of a site, as a node verifies it that has the delegation of a key."""
    key = ReleaseKey(key=pair(number).key, expires=int(time.time()) + DAY)
    delegation = Delegation(fleet="retail", version=1, issued=1, keys=(key,))
    whom = Addressee(fleet="retail", region="dev", site=site, generation=1)
    data = store_of(fleet).get(f"pointers/{site}.json")
    return verified_pointer(data or b"", delegation, whom, now=int(time.time()))


def test_a_first_release_has_its_pointer_at_once(fleet: Any) -> None:
    """The image brings it, so no wave waits; the pointer names what the state has."""
    assert releases(fleet) == led(fleet)
    pointer, state = verified(fleet, "berlin"), fleet.state()
    bundle = state["shops/berlin"]["outputs"]["release"]["bundles"]["n1"]
    (node,) = pointer.nodes
    assert (bundle["ciphertext"], bundle["size"], bundle["part"]) == (node.ciphertext, node.size, node.part)
    data = store_of(fleet).get(f"releases/berlin/n1/{node.ciphertext}")
    assert node.size == len(data or b"")
    running = newest(store_of(fleet))
    assert running is not None
    assert ((), "done") == (running.plan.waves, running.history.end and running.history.end.reason)
    assert running.id == state["shops/rollout"]["outputs"]["rollout"]
    assert [] == state["shops/rollout"].get("dependencies", [])
    again = fleet.up()
    assert ("succeeded", {}) == (again.result, again.ops)


def test_a_changed_release_reaches_the_first_wave(fleet: Any) -> None:
    """Preview shows the waves; the way back is signed with it."""
    before = releases(fleet)
    edit(fleet, "Europe/Berlin", "Europe/Vienna")
    planned = fleet.preview()
    assert {"shops/rollout", *(f"shops/{site}" for site in SITES)} == planned.ops.keys(), planned.text
    assert "WAVES - 3 sites\n  canary 1 now · others 2 from +24 h" in planned.text
    assert before == led(fleet)
    done = fleet.up()
    assert "succeeded" == done.result, done.text
    after = releases(fleet)
    assert {**before, "berlin": after["berlin"]} == led(fleet)
    running = newest(store_of(fleet))
    assert running is not None
    sites = {site.name: site for site in running.plan.sites}
    assert before == {name: site.previous for name, site in sites.items()}
    assert all(site.back and site.back_digest and site.digest for site in sites.values())
    assert verified(fleet, "berlin").digest == sites["berlin"].digest


def test_a_newer_up_supersedes(fleet: Any) -> None:
    """Sites go back to where the first of the two began; nothing that was not changed starts a rollout."""
    before = releases(fleet)
    edit(fleet, "Europe/Berlin", "Europe/Vienna")
    assert "succeeded" == fleet.up().result
    first = newest(store_of(fleet))
    edit(fleet, "bake: 24h", "bake: 2h")
    assert {"shops/rollout": "update"} == fleet.up().ops
    assert first == newest(store_of(fleet))
    edit(fleet, "Europe/Vienna", "Europe/Paris")
    assert "succeeded" == fleet.up().result
    second = newest(store_of(fleet))
    assert first is not None
    assert second is not None
    assert first.id != second.id
    assert {**before, "berlin": releases(fleet)["berlin"]} == led(fleet)
    assert before == {site.name: site.previous for site in second.plan.sites}


def test_what_nodes_would_refuse_is_not_signed(fleet: Any) -> None:
    """A key that no root has delegated: one error, and all pointers stay."""
    before = pointers(store_of(fleet))
    pem = pair(2).signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (fleet.root / "release.key").write_bytes(pem)
    edit(fleet, "Europe/Berlin", "Europe/Vienna")
    run = fleet.up()
    assert "failed" == run.result
    assert f"key {pair(2).key.id[:16]}, is not delegated: nodes refuse what it signs" in run.text
    assert "PRIVATE" not in run.text
    assert before == pointers(store_of(fleet))
    sign_with(fleet, 2)
    assert "succeeded" == fleet.up().result
    assert releases(fleet)["berlin"] == verified(fleet, "berlin", 2).release


def test_without_a_delegation_up_goes_on_and_warns(stack: Any) -> None:
    """A new stack has none before its store exists; nodes take nothing until there is one."""
    (stack.root / "root.pub").write_text(pair(9).key.pem)
    (stack.root / "dev.fleet.yaml").write_text(FLEET)
    sign_with(stack, 1)
    store_of(stack).delete("delegation.json")
    run = stack.up(PROGRAM)
    assert "succeeded" == run.result, run.text
    assert "no release key is delegated yet" in run.text
    assert SITES == led(stack).keys()


def test_another_key_signs_all_pointers_again(fleet: Any) -> None:
    """At once, as no site gets another release."""
    before = pointers(store_of(fleet))
    (fleet.root / "release.key").rename(fleet.root / "old.key")
    sign_with(fleet, 2)
    (fleet.root / "release.key").rename(fleet.root / "new.key")
    edit(fleet, "release.key", "new.key")
    assert {"shops/rollout": "update"} == fleet.up().ops
    for site in SITES:
        pointer = verified(fleet, site, 2)
        assert before[site][1] == pointer.release
        assert before[site][0] < pointer.sequence


def test_a_key_in_kms_signs(fleet: Any) -> None:
    """It never leaves KMS, and nodes verify its signatures as they do those of a file."""
    kms = fleet.cloud.aws().client("kms")
    made = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]
    public = ChannelKey.of_der(kms.get_public_key(KeyId=made["KeyId"])["PublicKey"])
    now = int(time.time())
    key = ReleaseKey(key=public, expires=now + 90 * DAY)
    delegation = Delegation(fleet="retail", version=2, issued=now, keys=(key,))
    store_of(fleet).put("delegation.json", signed("delegation", delegation.payload, signer(9)))
    edit(fleet, "file:release.key", f"awskms:{made['Arn']}")
    run = fleet.up()
    assert ("succeeded", {"shops/rollout": "update"}) == (run.result, run.ops), run.text
    data = store_of(fleet).get("pointers/munich.json")
    whom = Addressee(fleet="retail", region="dev", site="munich", generation=1)
    pointer = verified_pointer(data or b"", delegation, whom, now=now)
    assert releases(fleet)["munich"] == pointer.release


def test_a_lost_store_is_written_again(fleet: Any) -> None:
    """In waves, as sites may run another release."""
    edit(fleet, "Europe/Berlin", "Europe/Vienna")
    assert "succeeded" == fleet.up().result
    for folder in ("rollouts/", "pointers/"):
        store_of(fleet).clear(folder)
    run = fleet.up(refresh=True)
    assert {"shops/rollout": "create"} == run.ops, run.text
    running = newest(store_of(fleet))
    assert running is not None
    assert ["canary", "others"] == [wave.name for wave in running.plan.waves]
    assert {"berlin"} == led(fleet).keys()


def test_a_destroyed_stack_leaves_no_pointer(fleet: Any) -> None:
    """Nodes keep what they run."""
    assert "succeeded" == fleet.destroy().result
    assert ["delegation.json"] == [*store_of(fleet).list("")]
