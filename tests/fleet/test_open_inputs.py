"""Every argument of a component takes an output: known, not known yet, or secret."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi
import pytest
from cryptography import x509
from pulumi.runtime.rpc import UNKNOWN
from tests.fleet.test_control_plane import HUB, SECRET
from tests.fleet.test_fleet import SIGNATURE

import edgefleet
from edgefleet.cloud.bucket import BucketSpec
from edgefleet.fleet.control_plane import ControlPlaneArgs
from edgefleet.fleet.open_inputs import STAND_INS
from edgefleet.fleet.plainly import ProgramError
from edgefleet.fleet.site import SiteArgs
from edgefleet.keys.derivation import site_key
from edgefleet.model.hub import Hub
from edgefleet.model.site import K3s, SiteSpec
from edgefleet.model.type_introspection import fields_of, is_record, shape_of

pytestmark = pytest.mark.slow

Record = Callable[..., Sequence[Any]]
Make = Callable[[Any], Any]
PLAIN = {
    "channel.credentials",
    "channel.gateway.annotations",
    "channel.gateway.credentials",
    "channel.gateway.image",
    "channel.image",
    "channel.monitor",
    "kind",
    "network.zones",
    "network.nat",
    "identity.sites",
    "identity.chain",
    "kubeconfig",
    "kubeedge.address",
    "kubeedge.applications",
    "kubeedge.deviceModels",
    "kubeedge.devices",
    "kubeedge.nodeGroups",
    "kubeedge.upgrades",
    "kubeedge.version",
    "renderObjects",
    "protect",
}
"""Values that decide which resources there are, enter images, or name a file."""
PUBLIC = {
    ("edgefleet:aws:Crl", "data"),
    ("edgefleet:aws:TrustAnchor", "certificates"),
    ("pulumi:providers:edgefleet", "holder"),
}
"""Inputs that are derived from the fleet secret and reveal nothing of it."""
UNUSED = {"identity.validUntil"}
"""Values that nothing of the hub is made from."""
ARGS: Mapping[str, Any] = {
    "bucket": "retail-hub",
    "tags": {"team": "shops"},
    "fleet": "retail",
    "region": "eu",
    "secret": SECRET,
    "pins": {"k3s": "cd" * 32},
    "revoked": {"store-0007": 1},
    "store": "s3://retail-hub/images",
    "objects": [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "till"}}],
}
OWN = {"vpcId": "vpc-00000000", "subnets": STAND_INS["network.subnets"]}
VALUES = {
    "dns.zone": "retail.example",
    "cloud.endpoint": "http://127.0.0.1:5000",
    "cloud.region": "eu-central-1",
    "servers": 3,
    "volume.iops": 4000,
    "volume.type": "io2",
}


def known(value: Any) -> Any:
    return pulumi.Output.from_input(value)


def unknown(value: Any) -> Any:
    del value
    data: list[asyncio.Future[Any]] = [asyncio.Future(), asyncio.Future()]
    data[0].set_result(UNKNOWN)
    data[1].set_result(False)
    return pulumi.Output(set(), data[0], data[1])


def put(whole: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    key, _, rest = path.partition(".")
    return {**whole, key: put(whole.get(key, {}), rest, value) if rest else value}


def paths(of: Any, at: str = "") -> list[str]:
    """All values of a spec, by path."""
    found = []
    for name, hint in fields_of(of).items():
        bare, path = shape_of(hint).bare, f"{at}{name}"
        found += paths(bare, f"{path}.") if is_record(bare) else [path]
    return found


def args_of(path: str, make: Make) -> dict[str, Any]:
    """The arguments of a hub that has `path`, made by `make`."""
    hub: dict[str, Any] = HUB
    if path.startswith("eks."):
        hub = HUB | {"kind": "eks"}
    if path in {"network.vpcId", "network.subnets", "network.publicSubnets"}:
        hub = HUB | {"network": OWN}
    if path == "dns.zone":
        hub = HUB | {"dns": {"name": "hub.retail.example"}}
    if path.startswith("costLimit."):
        hub = HUB | {"costLimit": {"monthly": 9, "notify": ["a@example.org"]}}
    if path in {"cloud.externalId", "cloud.sessionName"}:
        hub = HUB | {"cloud": {"region": "eu-central-1", "roleArn": STAND_INS["cloud.roleArn"]}}
    if path.startswith("volume."):
        hub = HUB | {"volume": {"size": "40Gi", "type": "io2", "iops": 4000}}
    value = VALUES.get(path, STAND_INS[path])
    return {**ARGS, "hub": put(hub, path, make(value))} | {"bucket": None}


def test_each_value_of_a_hub_is_open_or_plain_by_decision() -> None:
    assert {*paths(Hub)} == {*STAND_INS} | PLAIN
    assert set() == PLAIN & set(STAND_INS)


def shown(found: Sequence[Any]) -> dict[tuple[str, str, str], Any]:
    """dict[(type, name, input) -> value] of all that is registered."""
    assert "Calling __str__" not in repr(found)
    return {
        (each.type, each.name, name): normal(value)
        for each in found
        for name, value in each.inputs.items()
        if value is not None
    }


def normal(value: Any) -> Any:
    """`value` with a text for each unknown part."""
    if isinstance(value, dict):
        return {name: normal(member) for name, member in value.items()}
    if isinstance(value, list):
        return [normal(member) for member in value]
    if isinstance(value, str) and "BEGIN X509 CRL" in value:  # its signature is another each time
        return [each.serial_number for each in x509.load_pem_x509_crl(value.encode())]
    return "UNKNOWN" if isinstance(value, pulumi.output.Unknown) else value


def bare(value: Any) -> Any:
    """`value` without marks of secrets."""
    if isinstance(value, dict):
        if SIGNATURE.items() <= value.items():
            return bare(value["value"])
        members = {name: bare(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member is not None}
    return [bare(member) for member in value] if isinstance(value, list) else value


def is_hidden(value: Any) -> bool:
    """Whether a secret or an unknown value is in `value`."""
    text = json.dumps(value)
    return next(iter(SIGNATURE)) in text or "UNKNOWN" in text


def run(record: Record, args: Callable[[], dict[str, Any]], *, preview: bool) -> dict[Any, Any]:
    return shown(record(lambda: edgefleet.ControlPlane("hub", args()), preview=preview))  # type: ignore[arg-type]  # made of a table


CASES = [*(f"hub.{path}" for path in STAND_INS), *ARGS]


def arguments(case: str, make: Make) -> dict[str, Any]:
    """The arguments of a hub whose argument `case` is made by `make`."""
    if case == "bucket":
        return {"bucket": make("retail-hub"), "tags": {}}
    if case.startswith("hub."):
        return args_of(case.removeprefix("hub."), make)
    return {**ARGS, "bucket": None, "hub": HUB, case: make(ARGS[case])}


Plain = Callable[[str], dict[Any, Any]]


@pytest.fixture(scope="module")
def plainly(record: Record) -> Plain:
    """``plainly(case)``: what the plain arguments of a case make; most cases have the same ones."""
    known_by: dict[str, dict[Any, Any]] = {}

    def made(case: str) -> dict[Any, Any]:
        args = arguments(case, lambda value: value)
        if (key := json.dumps(args, sort_keys=True)) not in known_by:
            known_by[key] = run(record, lambda: args, preview=True)
        return known_by[key]

    return made


@pytest.mark.parametrize("case", CASES)
def test_an_argument_takes_an_output(case: str, record: Record, plainly: Plain) -> None:
    """Known, it is the same as plain; unknown, what depends on it is unknown; secret, that is secret."""
    plain = plainly(case)
    planned = run(record, lambda: arguments(case, unknown), preview=True)
    affected = {key for key in plain if planned.get(key) != plain[key]}
    assert (case.removeprefix("hub.") not in UNUSED) == bool(affected)
    assert {kind for kind, *_ in plain} == {kind for kind, *_ in planned}
    hidden = run(record, lambda: arguments(case, pulumi.Output.secret), preview=True)
    assert bare(plain) == bare(hidden)
    shown = {key for key in affected if not is_hidden(hidden[key])}
    assert (PUBLIC if case == "secret" else set()) == {(kind, name) for kind, _, name in shown}


@pytest.mark.parametrize("path", sorted({*PLAIN, "network", "cloud"}))
def test_what_decides_which_resources_there_are_is_plain(path: str, record: Record) -> None:
    def program() -> None:
        args: Any = {**ARGS, "bucket": None, "hub": put(HUB, path, known(None))}
        edgefleet.ControlPlane("hub", args)

    with pytest.raises(ProgramError) as caught:
        record(program)
    assert [f"hub.{path}"] == [problem.path for problem in caught.value.problems]
    assert "cannot be an output" in str(caught.value)


def test_a_wrong_output_is_named_once_it_is_known(record: Record) -> None:
    def program() -> None:
        args: Any = {**ARGS, "bucket": None, "hub": put(HUB, "network", {**OWN, "vpcId": known("subnet")})}
        edgefleet.ControlPlane("hub", args)

    with pytest.raises(ProgramError, match=r"hub\.network\.vpcId"):
        record(program)


def test_the_table_has_all_arguments() -> None:
    """A key of an intermediate authority needs a chain, and is tried with one elsewhere."""
    assert {*ControlPlaneArgs.__annotations__} == {*ARGS, "hub", "hubKey"}
    assert {*SiteArgs.__annotations__} == {*SITE, "declaredIn"}
    assert {*fields_of(BucketSpec)} == set(BUCKET)


SPEC = SiteSpec(fleet="retail", region="eu", name="store-0007", recipe=1, k3s=K3s(version="v1"), nodes={})
PLACE = {"fleet": "retail", "region": "eu", "site": "store-0007"}
SITE: Mapping[str, Any] = {
    "store": "file:images",
    "secret": SECRET,
    "key": site_key(SECRET, **PLACE, generation=1),
    "passphrases": {"shop": "correct horse"},
    "identity": {"certificate": "c", "authority": "a"},
}
BUCKET: Mapping[str, Any] = {
    "region": "eu-central-1",
    "tags": {"team": "shops"},
    "name": "retail-hub",
    "forceDestroy": True,
    "versioning": True,
    "lifecycle": [{"prefix": "x/", "earlierDays": 9}],
    "policy": {"Version": "2012-10-17"},
    "encryption": "aws:kms",
    "keyArn": "arn:aws:kms:eu-central-1:123456789012:key/x",
}


def site(name: str, value: Any) -> Callable[[], object]:
    args: Any = {"store": "file:images", "secret": SECRET, name: value}
    args |= {"secret": None} if name == "key" else {}
    return lambda: edgefleet.Site("store-0007", SPEC, args)


@pytest.mark.parametrize(
    ("kind", "name"), [*(("Site", name) for name in SITE), *(("Bucket", name) for name in BUCKET)]
)
def test_an_input_of_a_resource_takes_an_output(kind: str, name: str, record: Record) -> None:
    """A key that is derived from an unknown secret is unknown."""

    def given(make: Make) -> Any:
        def program() -> None:
            value = make({**SITE, **BUCKET}[name])
            args: Any = {"name": "retail-hub", name: value}
            site(name, value)() if kind == "Site" else edgefleet.Bucket("b", args)

        (found,) = record(program, preview=True)
        return normal(found.inputs["key" if name == "secret" else name])

    plain = given(lambda value: value)
    assert bare(plain) == bare(given(known)) == bare(given(pulumi.Output.secret))
    assert is_hidden(given(pulumi.Output.secret))
    assert "UNKNOWN" in json.dumps(given(unknown))
