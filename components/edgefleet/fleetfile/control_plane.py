"""The key ``controlPlane``: the hub that it describes, and the problems between its values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from pydantic import ValidationError

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.hub_kubeedge import check_hub
from edgefleet.fleetfile.partial import build, partial
from edgefleet.fleetfile.validation import keys_below
from edgefleet.model.cloud import problems_of
from edgefleet.model.hub import Hub, zone_letter
from edgefleet.model.k3s_config import SUBNETS, USERS
from edgefleet.model.k3s_flags import KNOWN, unknown_release
from edgefleet.model.pydantic_errors import translated
from edgefleet.model.spec import adapter

SERVER_COUNTS = (1, 3, 5)
UNKNOWN_DOMAIN = "invalid"
"""Domain of names that stand in for what a program does not know yet (RFC 2606 reserves it)."""
QUORUM_ZONES = 3
"""Zones for three or more members of etcd, so that a majority survives the loss of one."""


def read_hub(given: Mapping[str, Any], *, default_k3s: str) -> tuple[Hub, list[Problem]]:
    """The hub that `given` describes and its problems, with paths below ``controlPlane``.

    Args:
        given: the validated part.
        default_k3s: release that sites run by default; empty if none is given.
    """
    hub = build(Hub, given)
    has_hub = hub.kind in {"k3s", "eks"}
    has_sites = has_hub or hub.kubeedge is not None
    resolved = replace(
        hub,
        k3s=replace(hub.k3s, version=(hub.k3s.version or default_k3s) if hub.kind == "k3s" else ""),
        identity=replace(hub.identity, sites=has_sites if hub.identity.sites is None else hub.identity.sites),
        protect=has_hub if hub.protect is None else hub.protect,
    )
    return resolved, list(_problems(resolved, given))


def hub_from_plain(plain: Mapping[str, Any]) -> Hub:
    """The hub that a program describes by the keys of ``controlPlane``.

    Raises:
        InvalidInput: with all problems.
    """
    form = partial(Hub)
    try:
        part = adapter(form).validate_python(dict(plain))
    except ValidationError as error:
        translations = translated(error, plain, keys=lambda path: keys_below(form, path))
        problems = [problem.problem for problem in translations]
    else:
        hub, problems = read_hub(part, default_k3s="")
        if not problems:
            return hub
    raise InvalidInput(replace(problem, path=f"hub.{problem.path}".rstrip(".")) for problem in problems)


def _problems(hub: Hub, given: Mapping[str, Any]) -> Iterator[Problem]:
    has_hub = hub.kind in {"k3s", "eks"}
    if has_hub:
        yield from _missing(hub, given)
        yield from _of_release(given)
        yield from _of_servers(hub)
        yield from _of_network(hub, given.get("network", {}))
    yield from (replace(each, path=f"cloud.{each.path}") for each in problems_of(hub.cloud))
    yield from _of_dns(hub)
    yield from check_hub(hub)
    yield from _of_key_generations(hub)
    if hub.kind == "existing" and hub.kubeconfig is None:
        hint = "add kubeconfig: <path>, of a cluster that exists"
        yield Problem.of_value("", "no-kubeconfig", "the hub exists already, but not how to reach it", hint)
    if hub.identity.sites and hub.bucket is None and hub.kind == "none" and hub.kubeedge is None:
        problem = "site certificates give access to a bucket, and there is none"
        hint = "add controlPlane.bucket, or identity: {sites: false}"
        yield Problem.of_value("identity", "no-bucket", problem, hint)


def _of_release(given: Mapping[str, Any]) -> Iterator[Problem]:
    """The hub's own release; that of the defaults is checked with the sites."""
    version = given.get("k3s", {}).get("version")
    if version and (problem := unknown_release(version)) is not None:
        yield Problem.of_value("k3s.version", "unknown-k3s", problem, KNOWN)


def _missing(hub: Hub, given: Mapping[str, Any]) -> Iterator[Problem]:
    required = {
        "cloud": ("the cloud account that it is in", "{region: eu-central-1}"),
        "bucket": ("the bucket for releases and snapshots", "shops-edgefleet-eu"),
    }
    if hub.kind == "k3s":
        required |= {
            "dns": ("its declared address", "{name: hub.example.org}"),
            "image": ("the machine image of its servers", "ami-0123456789abcdef0"),
        }
        if not hub.k3s.version:
            hint = "add k3s: {version: v1.36.4+k3s1} here or in defaults"
            yield Problem.of_value("", "no-version", "a hub needs a release of k3s", hint)
    for name, (noun, example) in required.items():
        if name not in given:
            problem = f"a hub of kind {hub.kind} needs {noun}"
            yield Problem.of_value("", f"no-{name}", problem, f"add {name}, such as {name}: {example}")


def _of_servers(hub: Hub) -> Iterator[Problem]:
    if hub.kind != "k3s":
        return
    if hub.servers not in SERVER_COUNTS:
        problem = f"{hub.servers} servers is not possible: etcd needs an odd number for its majority"
        yield Problem.of_value(
            "servers", "server-count", problem, "write 1, 3 or 5; 3 survive the loss of one"
        )
    network = hub.network
    zones = len(network.subnets) if network.vpc_id else len(set(map(zone_letter, network.zones)))
    needed = min(hub.servers, QUORUM_ZONES)
    if 0 < zones < needed:
        key = "subnets" if network.vpc_id else "zones"
        several = f"{hub.servers} servers in {zones} zone{'s' * (zones != 1)}"
        problem = f"{several}: losing one could lose the majority"
        hint = f"name at least {needed} {key}, or use 1 server"
        yield Problem.of_value(f"network.{key}", "too-few-zones", problem, hint)


def _of_network(hub: Hub, given: Mapping[str, Any]) -> Iterator[Problem]:
    network = hub.network
    if network.vpc_id is not None and not network.subnets:
        hint = "add subnets: [subnet-...], one a zone"
        yield Problem.of_value(
            "network", "no-subnets", "a network of your own needs the subnets to use", hint
        )
    if network.vpc_id is None and (network.subnets or network.public_subnets):
        hint = "add vpcId: vpc-..., or remove subnets so that edgefleet creates them"
        yield Problem.of_value(
            "network", "no-vpc", "subnets of your own need the network that they are in", hint
        )
    if network.vpc_id is not None:
        for name in sorted({"cidr", "zones", "nat"} & set(given)):
            problem = f"{name} applies only to a network that edgefleet creates"
            hint = "remove it; edgefleet does not change an existing network"
            yield Problem.of_value(f"network.{name}", "not-made", problem, hint)
        return
    yield from _of_zones(network.zones)
    block = ip_network(network.cidr)
    widest, narrowest = 16, 20
    if not widest <= block.prefixlen <= narrowest:
        hint = f"write /{widest} to /{narrowest}: AWS takes no wider one, and a narrower "
        hint += "one has no room for a subnet of each kind in each zone"
        yield Problem.of_value("network.cidr", "cidr", f"{block} has the wrong size", hint)
    for key, whose in USERS.items():
        taken = ip_network(SUBNETS[key][4])
        if hub.kind == "k3s" and block.overlaps(taken):
            problem = f"{block} overlaps the addresses of {whose}, {taken}"
            yield Problem.of_value("network.cidr", "overlap", problem, "choose others, such as 10.250.0.0/16")


def _of_zones(zones: Sequence[str]) -> Iterator[Problem]:
    letters = list(map(zone_letter, zones))
    for index, letter in enumerate(letters):
        if letter in letters[:index]:
            problem, hint = f"zone {letter} is named twice", "name each zone once"
            yield Problem.of_value(f"network.zones[{index}]", "zone-twice", problem, hint)


def _of_dns(hub: Hub) -> Iterator[Problem]:
    dns = hub.dns
    if dns is None or dns.zone is None:
        return
    is_known = UNKNOWN_DOMAIN not in {name.rpartition(".")[2] for name in (dns.name, dns.zone)}
    if is_known and not f".{dns.name}".endswith(f".{dns.zone}"):
        problem = f"{dns.name} is not in the zone {dns.zone}"
        hint = f"write a name that ends in .{dns.zone}, or another zone"
        yield Problem.of_value("dns.name", "foreign-zone", problem, hint)


def _of_key_generations(hub: Hub) -> Iterator[Problem]:
    first, *more = hub.identity.key_generations
    if more and more != [first + 1]:
        hint = f"write [{first}, {first + 1}] while rotating, then [{first + 1}]"
        yield Problem.of_value(
            "identity.keyGenerations",
            "key-generations",
            "two key generations in use must follow each other",
            hint,
        )
