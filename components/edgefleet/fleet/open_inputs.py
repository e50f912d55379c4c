"""Inputs of a component that are outputs: of other resources, of another stack, known or not yet.

A hub is planned from a plain description. Where a value of it is an output, a stand-in takes its place while
the plan is validated; then the output itself is put there, and validated once it is known. What is made from
several values is `derived`: at once where all of them are plain, else as an output, so that a preview shows
as unknown exactly what depends on an unknown value, and what depends on a secret is one.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pulumi

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleet.plainly import plainly
from edgefleet.fleetfile.control_plane import UNKNOWN_DOMAIN, hub_from_plain
from edgefleet.model.hub import Hub
from edgefleet.model.spec import outside_name

STAND_INS: Mapping[str, Any] = {
    "cloud.region": "eu-central-1",
    "cloud.endpoint": "https://cloud.example.org",
    "cloud.profile": "stand-in",
    "cloud.roleArn": "arn:aws:iam::123456789012:role/stand-in",
    "cloud.externalId": "stand-in",
    "cloud.sessionName": "stand-in",
    "cloud.assumeRoles": [{"roleArn": "arn:aws:iam::123456789012:role/stand-in"}],
    "cloud.allowedAccountIds": ["123456789012"],
    "cloud.forbiddenAccountIds": ["123456789012"],
    "cloud.defaultTags.tags": {"stand": "in"},
    "cloud.ignoreTags.keys": ["stand-in"],
    "cloud.ignoreTags.keyPrefixes": ["stand-in"],
    "bucket": "stand-in",
    "dns.name": f"hub.stand-in.{UNKNOWN_DOMAIN}",
    "dns.zoneId": "Z00000000",
    "dns.zone": f"stand-in.{UNKNOWN_DOMAIN}",
    "servers": 3,
    "instanceType": "t3.medium",
    "balancer": "stand-in",
    "image": "ami-00000000",
    "volume.size": "40Gi",
    "volume.type": "gp3",
    "volume.iops": 3000,
    "network.cidr": "10.250.0.0/16",
    "network.vpcId": "vpc-00000000",
    "network.subnets": ["subnet-0000000a", "subnet-0000000b", "subnet-0000000c"],
    "network.publicSubnets": ["subnet-0000000a", "subnet-0000000b", "subnet-0000000c"],
    "access": ["0.0.0.0/0"],
    "k3s.version": "v1.36.4+k3s1",
    "k3s.disable": ["traefik"],
    "namespaces": ["apps"],
    "snapshots.schedule": "0 */6 * * *",
    "snapshots.retention": 28,
    "snapshots.restore": "stand-in",
    "eks.version": "1.36",
    "eks.minNodes": 2,
    "eks.maxNodes": 4,
    "eks.nodeGroup": "nodes",
    "identity.keyGenerations": [1],
    "identity.validUntil": "2040-01-01",
    "logDays": 30,
    "costLimit.monthly": 250,
    "costLimit.notify": ["stand-in@example.org"],
}
"""dict[path of a value of a hub that may be an output -> a valid value].

The others decide which resources there are, or name files of the project that are read now.
"""


def is_open(value: Any) -> bool:
    """Whether `value` is an output or has one inside."""
    if isinstance(value, pulumi.Output | Awaitable):
        return True
    if is_dataclass(value):
        return any(is_open(getattr(value, field.name)) for field in fields(value))
    members = value.values() if isinstance(value, Mapping) else value
    return isinstance(value, Mapping | list | tuple) and any(map(is_open, members))


def derived(derive: Callable[..., Any], *inputs: Any) -> Any:
    """What `derive` makes of `inputs`; an output of it where one of them is open."""
    if not any(map(is_open, inputs)):
        return derive(*inputs)

    def resolved(known: list[Any]) -> Any:
        with plainly():
            return derive(*known)

    return pulumi.Output.all(*map(_resolved, inputs)).apply(resolved)


def public(output: pulumi.Output[str], *others: Any) -> pulumi.Output[str]:
    """`output`, which is derived from a secret and reveals nothing of it; secret where one of `others` is."""
    shown: pulumi.Output[str] = derived(lambda value, *_: value, pulumi.Output.unsecret(output), *others)
    return shown


def _resolved(value: Any) -> Any:
    """`value` as an input that the SDK resolves: it knows neither specs nor tuples."""
    if isinstance(value, tuple | list) and is_open(value):
        return pulumi.Output.all(*map(_resolved, value)).apply(type(value))
    if is_dataclass(value) and not isinstance(value, type) and is_open(value):
        inside = {field.name: _resolved(getattr(value, field.name)) for field in fields(value)}
        return pulumi.Output.all(**inside).apply(lambda known: replace(value, **known))
    return pulumi.Output.from_input(value)


def open_hub(given: Mapping[str, Any]) -> Hub:
    """The hub that a program describes; its values may be outputs, which are validated once they are known.

    Raises:
        InvalidInput: with all problems of what is known.
    """
    outputs = dict(_outputs(given, ""))
    if problems := [_refusal(path) for path in outputs if path not in STAND_INS]:
        raise InvalidInput(problems)
    plain: Any = given
    for path in outputs:
        plain = _put(plain, path, STAND_INS[path])
    hub = hub_from_plain(plain)
    for path, output in outputs.items():
        hub = _put(hub, path, derived(_Checked(plain, path), output))
    return hub


class _Checked:
    """Validates one value in the place of its stand-in."""

    def __init__(self, plain: Mapping[str, Any], path: str) -> None:
        self._plain, self._path = plain, path

    def __call__(self, value: Any) -> Any:
        hub: Any = hub_from_plain(_put(self._plain, self._path, value))
        for key in self._path.split("."):
            hub = getattr(hub, _field(hub, key))
        return hub


def _outputs(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """(path, value) of all open values; a list with an output in it is one value."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from _outputs(member, f"{path}.{key}".lstrip("."))
    elif is_open(value):
        yield path, value


def _refusal(path: str) -> Problem:
    parts = [name for name in STAND_INS if name.startswith(f"{path}.")]
    problem = "cannot be an output: it decides which resources there are, or names a file that is read now"
    hint = f"give a map whose values are outputs: {', '.join(parts)}" if parts else "give a plain value"
    return Problem(code="not-plain", path=f"hub.{path}".rstrip("."), problem=problem, hint=hint)


def _put(whole: Any, path: str, value: Any) -> Any:
    """`whole`, a map or a spec, with `value` at `path`."""
    key, _, rest = path.partition(".")
    if isinstance(whole, Mapping):
        return {**whole, key: _put(whole[key], rest, value) if rest else value}
    name = _field(whole, key)
    return replace(whole, **{name: _put(getattr(whole, name), rest, value) if rest else value})


def _field(of: Any, key: str) -> str:
    return next(field.name for field in fields(of) if outside_name(field.name) == key)
