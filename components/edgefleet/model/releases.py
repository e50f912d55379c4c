"""k3s releases and their configuration, stores, cloud regions."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, WithJsonSchema

from edgefleet.model.names import BUCKET_RE, HOST_RE, PATH_RE, reachable
from edgefleet.model.syntax import Grammar, wrong

OWNED = frozenset(
    {
        "agent-token",
        "agent-token-file",
        "cluster-init",
        "cluster-reset",
        "cluster-reset-restore-path",
        "data-dir",
        "disable",
        "node-ip",
        "node-label",
        "node-name",
        "node-taint",
        "private-registry",
        "server",
        "token",
        "token-file",
        "with-node-id",
    }
)
"""Keys of k3s's config.yaml that edgefleet writes from other parts of the fleet file (or must not have)."""

KUBELET_SYSCTLS = {
    "vm.panic_on_oom": "0",
    "vm.overcommit_memory": "1",
    "kernel.panic": "10",
    "kernel.panic_on_oops": "1",
}
"""Settings that kubelet requires with ``protect-kernel-defaults`` (k3s docs, security/hardening-guide)."""


class Plain(str):
    """Text that stands unquoted in its file, so that ``true`` may mean the boolean."""

    __slots__ = ()


def resolved(value: Any) -> Any:
    """`value` as YAML 1.2's core schema reads it: unquoted ``true`` and ``8`` are no text."""
    if not isinstance(value, Plain):
        return value
    if value in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return value.lower() == "true"
    return int(value) if re.fullmatch(r"[+-]?(0|[1-9]\d{0,14})", value) else str(value)


def refused_sysctls(sysctls: Mapping[str, str]) -> dict[str, str]:
    """dict[name as written -> value that kubelet requires] of settings with which k3s would not start."""
    wanted = {name: KUBELET_SYSCTLS.get(name.replace("/", "."), value) for name, value in sysctls.items()}
    return {name: wanted[name] for name, value in sysctls.items() if value.strip() != wanted[name].strip()}


def config_value(value: Any) -> str | int | bool | list[str]:
    """`value` as a k3s configuration value: text, a whole number, a boolean or a list of text.

    Raises:
        PydanticCustomError: it is something else.
    """
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        return [str(item) for item in value]
    if isinstance(value, str | int):
        plain: str | int | bool = resolved(value)
        return plain
    raise wrong(
        "bad-k3s-config",
        "this is not a value of k3s's config.yaml",
        "write text, a whole number, true or false, or a list of text",
    )


def _config_key(key: str) -> str:
    if key.rstrip("+") in OWNED:
        raise wrong(
            "reserved-k3s-config",
            f"{key} is written by edgefleet",
            "remove it; hostname, role, labels, taints, network and k3s.disable have keys of their own",
        )
    return key


def _release_hint(text: str) -> str:
    number = re.match(r"v?(1\.\d{1,2}\.\d{1,2})(?:[+-]k3s(\d+))?", text)
    good = f"v{number[1]}+k3s{number[2] or 1}" if number else "v1.36.4+k3s1"
    return f"write its whole name such as {good}"


config_key = Grammar(
    r"[a-z0-9][a-z0-9-]*\+?",
    "bad-k3s-config",
    "a key of k3s's config.yaml",
    "write it like kubelet-arg",
    60,
    _config_key,
)
release = Grammar(
    r"v1\.\d{1,2}\.\d{1,2}(-rc\d+)?\+k3s\d+",
    "bad-version",
    "a release of k3s",
    _release_hint,
    40,
    examples=("v1.36.4+k3s1",),
)
_INSIDE_RE = r"(?!/)(?!.*\.\.)[A-Za-z0-9._/ +-]+"
"""A path that stays in the project."""
FILE_RE = f"file:{_INSIDE_RE}"
store = Grammar(
    rf"{FILE_RE}|s3://{BUCKET_RE}(/(?!\.\.)[A-Za-z0-9._-]+)*/?",
    "bad-store",
    "a path inside the project, or one in a bucket",
    "write file:.edgefleet/images/dev, or s3://bucket/images",
    1000,
    lambda uri: uri.rstrip("/"),
)
ConfigKey = Annotated[str, config_key]
ConfigValue = Annotated[
    str | int | bool | list[str],
    BeforeValidator(config_value),
    WithJsonSchema(
        {
            "type": ["string", "integer", "boolean", "array"],
            "items": {"type": ["string", "integer", "boolean"]},
        },
        "validation",
    ),
]
Component = Literal["coredns", "servicelb", "traefik", "local-storage", "metrics-server", "runtimes"]
Version = Annotated[str, release]
Store = Annotated[str, store]
_PROJECT_PATH = Grammar(_INSIDE_RE, "bad-path", "a path in the project", "write it like keys/hub.pem", 400)
ProjectPath = Annotated[str, _PROJECT_PATH]
_DIGEST = Grammar(
    "[0-9a-f]{64}", "bad-digest", "a SHA-256", "write 64 hexadecimal digits, as sha256sum does", 64
)
Digest = Annotated[str, _DIGEST]
_BASE_SOURCE = Grammar(
    rf"https?://{HOST_RE}(:\d{{1,5}})?{PATH_RE}|{FILE_RE}",
    "bad-base",
    "where a base image is found",
    "write an address such as https://images.example/base.raw, or file: and a path in the project",
    2000,
    reachable,
)
BaseSource = Annotated[str, _BASE_SOURCE]
_KERNEL_ARGUMENTS = Grammar(
    r"([A-Za-z0-9._:/,;=+@-]|\{seed\})+( ([A-Za-z0-9._:/,;=+@-]|\{seed\})+)*",
    "bad-arguments",
    "words for a kernel",
    "write words with one space between them, such as ds=nocloud;s={seed} console=ttyS0",
    1500,
)
KernelArguments = Annotated[str, _KERNEL_ARGUMENTS]
_AWS_REGION = Grammar(
    r"[a-z]{2}(-[a-z]+)+-\d", "bad-cloud-region", "an AWS region", "write it like eu-central-1", 40
)
AwsRegion = Annotated[str, _AWS_REGION]
_ENDPOINT = Grammar(
    rf"emulated|https?://{HOST_RE}(:\d{{1,5}})?{PATH_RE}",
    "bad-endpoint",
    "`emulated` or an address",
    "write emulated, or an address such as http://127.0.0.1:5000, or leave it out for AWS itself",
    then=reachable,
)
Endpoint = Annotated[str, _ENDPOINT]
_ROLE_ARN = Grammar(
    r"arn:aws[a-z-]*:iam::\d{12}:role/[A-Za-z0-9_+=,.@/-]+",
    "bad-role",
    "the ARN of a role",
    "write it like arn:aws:iam::123456789012:role/edgefleet",
)
RoleArn = Annotated[str, _ROLE_ARN]
