"""k3s releases and their configuration, stores, cloud regions."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from edgefleet.model.names import LABEL
from edgefleet.model.syntax import checked, matching, shown, wrong

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


def config_key(key: str) -> str:
    """`key`, if it is one of k3s's that edgefleet leaves to people.

    Raises:
        PydanticCustomError: it is not.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*\+?", key):
        raise wrong(
            "bad-k3s-config", f"{shown(key)} is not a key of k3s's config.yaml", "write it like kubelet-arg"
        )
    if key.rstrip("+") in OWNED:
        raise wrong(
            "reserved-k3s-config",
            f"{key} is written by edgefleet",
            "remove it; hostname, role, labels, taints, network and k3s.disable have keys of their own",
        )
    return key


def release(version: str) -> str:
    """`version`, if it is the name of a k3s release.

    Raises:
        PydanticCustomError: it is none.
    """
    if re.fullmatch(r"v1\.\d{1,2}\.\d{1,2}(-rc\d+)?\+k3s\d+", version):
        return version
    number = re.match(r"v?(1\.\d{1,2}\.\d{1,2})(?:[+-]k3s(\d+))?", version)
    good = f"v{number[1]}+k3s{number[2] or 1}" if number else "v1.36.4+k3s1"
    raise wrong(
        "bad-version", f"{shown(version)} is not a release of k3s", f"write its whole name such as {good}"
    )


def store(uri: str) -> str:
    """`uri`, if it names a directory of the project or a prefix in a bucket.

    Raises:
        PydanticCustomError: it names neither.
    """
    hint = "write file:.edgefleet/images/dev, or s3://bucket/images"
    scheme, _, rest = uri.partition(":")
    if scheme == "s3" and re.fullmatch(r"//[^/]+(/[A-Za-z0-9._-]+)*/?", rest) and ".." not in rest:
        return uri.rstrip("/")
    if (
        scheme == "file"
        and re.fullmatch(r"[A-Za-z0-9._][A-Za-z0-9._/ -]*", rest)
        and ".." not in rest.split("/")
    ):
        return uri.rstrip("/")
    problem = f"{shown(uri)} is not a place for images"
    if scheme == "file":
        problem = f"{shown(uri)} is not a path inside the project"
    raise wrong("bad-store", problem, hint)


ConfigKey = Annotated[str, checked(config_key)]
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
Version = Annotated[str, checked(release), Field(json_schema_extra={"examples": ["v1.36.4+k3s1"]})]
Store = Annotated[str, checked(store), Field(json_schema_extra={"pattern": "^(file:|s3://)"})]
Digest = Annotated[
    str,
    *matching(
        "[0-9a-f]{64}",
        code="bad-digest",
        what="a SHA-256",
        hint="write 64 hexadecimal digits, as sha256sum does",
        longest=64,
    ),
]
BaseSource = Annotated[
    str,
    *matching(
        r"https?://[^\s/@?#]+/[^\s?#]*|file:(?!/)(?!.*\.\.)[A-Za-z0-9._/ +-]+",
        code="bad-base",
        what="where a base image is found",
        hint="write an address such as https://images.example/base.raw, or file: and a path in the project",
        longest=2000,
    ),
]
KernelArguments = Annotated[
    str,
    *matching(
        r"[!-~]+( [!-~]+)*",
        code="bad-arguments",
        what="words for a kernel",
        hint="write words with one space between them, such as ds=nocloud;s={seed} console=ttyS0",
        longest=1500,
    ),
]
AwsRegion = Annotated[
    str,
    *matching(
        r"[a-z]{2}(-[a-z]+)+-\d",
        code="bad-cloud-region",
        what="an AWS region",
        hint="write it like eu-central-1",
        longest=40,
    ),
]
Endpoint = Annotated[
    str,
    *matching(
        rf"emulated|https?://({LABEL}(\.{LABEL})*|\[[0-9a-fA-F:]+\])(:\d+)?(/[^\s]*)?",
        code="bad-endpoint",
        what="`emulated` or an address",
        hint="write emulated, or an address such as http://127.0.0.1:5000, or leave it out for AWS itself",
    ),
]
RoleArn = Annotated[
    str,
    *matching(
        r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+",
        code="bad-role",
        what="the ARN of a role",
        hint="write it like arn:aws:iam::123456789012:role/edgefleet",
    ),
]
