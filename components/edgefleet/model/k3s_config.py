"""Keys and values of k3s's ``config.yaml`` that a fleet file may set.

Source: k3s docs, cli/server and cli/agent. k3s does not start with a value of another kind. Which release has
which key is in `edgefleet.model.k3s_flags`; `edgefleet.runtimes` asks it, as it knows the node's release.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, WithJsonSchema
from pydantic_core import InitErrorDetails

from edgefleet.model.addresses import cidr
from edgefleet.model.k3s_flags import ADDRESSES, HOSTS, KINDS, LISTS, NUMBERS, SWITCHES, TEXTS, WHOLE
from edgefleet.model.names import LARGEST_PORT, server_name
from edgefleet.model.syntax import NAMES_SECRET, Grammar, as_reference, secret_name, shown, wrong

_SERVERS = "set k3s.token: {secret: NAME} for a cluster that exists, or remove it: each site derives its own"
_AGENTS = "set k3s.agentToken: {secret: NAME} to join a cluster, or remove it: each site derives its own"
_RESET = "remove it: run k3s server --cluster-reset on the node"
OWNED = {
    "agent-token": _AGENTS,
    "agent-token-file": _AGENTS,
    "cluster-reset": _RESET,
    "cluster-reset-restore-path": _RESET,
    "data-dir": "remove it: hardware.dataDisk puts k3s's folder on another disk",
    "disable": "set k3s.disable",
    "disable-agent": "remove it, and keep workloads off the node by taints",
    "node-ip": "set network.address and network.extraAddresses",
    "node-label": "set labels",
    "node-name": "set hostname",
    "node-taint": "set taints",
    "private-registry": "set registries",
    "server": "set k3s.server to join a cluster that exists, or runtime: k3s-agent to join the site's own",
    "token": _SERVERS,
    "token-file": _SERVERS,
    "with-node-id": "remove it: host names are unique in the fleet, and hostname sets one",
}
"""dict[key that edgefleet writes, or must not have -> what does the same in the fleet file]."""
RESERVED = "{} is edgefleet's to write"
SECRET = frozenset(
    ("datastore-endpoint", "etcd-s3-access-key", "etcd-s3-secret-key", "etcd-s3-session-token", "vpn-auth")
)
"""Keys whose values are credentials: a secret of the stack stands there."""
SUBNETS: Mapping[str, Mapping[int, str]] = {
    "cluster-cidr": {4: "10.42.0.0/16", 6: "fd00:42::/56"},
    "service-cidr": {4: "10.43.0.0/16", 6: "fd00:43::/112"},
}
"""dict[key -> dict[4 or 6 -> k3s's default]]: the subnets of containers and of services."""
USERS = {"cluster-cidr": "k3s's pods", "service-cidr": "k3s's services"}
"""dict[key -> what has its addresses]."""


class Plain(str):
    """Text that stands unquoted in its file, so that ``true`` may mean the boolean."""

    __slots__ = ()


def resolved(value: Any) -> Any:
    """`value` as YAML 1.2's core schema reads it: unquoted ``true`` and ``8`` are no text."""
    if not isinstance(value, Plain):
        return value
    if value in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return value.lower() == "true"
    return int(value) if re.fullmatch(r"[+-]?(0|[1-9][0-9]{0,14})", value) else str(value)


def config_value(value: Any) -> str | int | bool | list[str]:
    """`value` as text, a whole number, a boolean or a list of text.

    Raises:
        PydanticCustomError: it is something else.
    """
    value = as_reference(value)
    if isinstance(value, list):
        value = [as_reference(item) for item in value]
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        return [str(item) for item in value]
    if isinstance(value, str | int):
        plain: str | int | bool = resolved(value)
        return plain
    hint = "write text, a whole number, true or false, or a list of text"
    raise wrong("bad-k3s-config", "this is not a value of k3s's config.yaml", hint)


def _allowed(key: str) -> str:
    name = key.rstrip("+")
    if name in OWNED:
        raise wrong("reserved-k3s-config", RESERVED.format(key), OWNED[name])
    if name != key and name in KINDS.keys() - LISTS:
        problem = f"{key} adds to a list of arguments, which {name} has not"
        raise wrong("bad-k3s-config", problem, f"write {name} with the whole value")
    return key


def _is_address(text: str) -> bool:
    try:
        return "%" not in text and bool(ip_address(text))
    except ValueError:
        return False


_LISTED: Mapping[str, tuple[Callable[[str], bool], str]] = {
    ADDRESSES: (_is_address, "an address such as 10.43.0.10"),
    HOSTS: (server_name.accepts, "a host name or an address"),
    "network": (cidr.accepts, "a network such as 10.42.0.0/16"),
    "range": (
        lambda text: re.fullmatch(r"\d{1,5}-\d{1,5}", text) is not None,
        "two ports such as 30000-32767",
    ),
}
"""dict[kind of value -> (whether one item of it is right, what it is)]."""
_NARROWER = {**dict.fromkeys(SUBNETS, "network"), "service-node-port-range": "range"}
"""dict[flag of text -> kind of its value]."""


def _flaw(key: str, value: Any) -> str | None:
    """What `value` has to be; `None` where it is, or where the key is not known."""
    name = key.rstrip("+")
    kind = _NARROWER.get(name) or KINDS.get(name)
    if isinstance(value, list) and kind is not None and name not in LISTS | WHOLE:
        return "one value, not a list"
    if kind == SWITCHES:
        return None if isinstance(value, bool) else "true or false, without quotes"
    if kind == NUMBERS:
        return _number_flaw(name, value)
    if kind is not None and kind in _LISTED:
        is_right, what = _LISTED[kind]
        items = value if isinstance(value, list) else str(value).split(",")
        return None if items and all(map(is_right, items)) else what
    if kind == TEXTS and isinstance(value, bool):
        return "text, or a list of text" if name in LISTS else "text"
    return None


def _number_flaw(name: str, value: Any) -> str | None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        return "a whole number, without quotes"
    is_port = not name.endswith("-port") or 1 <= value <= LARGEST_PORT
    return None if is_port else f"a port from 1 to {LARGEST_PORT}"


def _is_secret(value: Any) -> bool:
    return isinstance(value, str) and secret_name(value) is not None


def _checked(config: Mapping[str, Any]) -> Mapping[str, Any]:
    def errors() -> Iterator[InitErrorDetails]:
        for key, value in config.items():
            if key.rstrip("+") in SECRET and not _is_secret(value):
                problem = f"{key} is a credential, and a fleet file holds none"
                yield {"type": wrong("plain-secret", problem, NAMES_SECRET), "loc": (key,), "input": value}
            elif (what := _flaw(key, value)) is not None:
                error = wrong("bad-k3s-config", f"{shown(value)} cannot stand at {key}", f"write {what}")
                yield {"type": error, "loc": (key,), "input": value}

    if found := [*errors()]:
        raise ValidationError.from_exception_data("k3s.config", found)
    return config


config_key = Grammar(
    r"[a-z0-9][a-z0-9-]*\+?",
    "bad-k3s-config",
    "a key of k3s's config.yaml",
    "write it like kubelet-arg",
    60,
    _allowed,
)
_TEXT = Grammar(
    r"[A-Za-z0-9 ._:/,+@=<>%()*!~^|&?#\[\]-]*",
    "bad-k3s-config",
    "a value of k3s's config.yaml",
    "write letters, digits and signs without quotes, braces, $, ; or \\",
    1000,
    refers="may",
)
ConfigKey = Annotated[str, config_key]
_Text = Annotated[str, _TEXT]
ConfigValue = Annotated[
    _Text | Annotated[int, Field(ge=-(2**53), le=2**53)] | bool | list[_Text],
    BeforeValidator(config_value),
    WithJsonSchema(
        {
            "type": ["string", "integer", "boolean", "array"],
            "items": {"type": ["string", "integer", "boolean"]},
        },
        "validation",
    ),
]
Config = Annotated[dict[ConfigKey, ConfigValue], AfterValidator(_checked)]
