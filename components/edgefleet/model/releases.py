"""k3s releases and their configuration, stores, cloud regions."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from edgefleet.model.names import BUCKET_RE, HOST_RE, PATH_RE, reachable
from edgefleet.model.syntax import Grammar

KUBELET_SYSCTLS = {
    "vm.panic_on_oom": "0",
    "vm.overcommit_memory": "1",
    "kernel.panic": "10",
    "kernel.panic_on_oops": "1",
}
"""Settings that kubelet requires with ``protect-kernel-defaults`` (k3s docs, security/hardening-guide)."""


def refused_sysctls(sysctls: Mapping[str, str]) -> dict[str, str]:
    """dict[name as written -> value that kubelet requires] of settings with which k3s would not start."""
    wanted = {name: KUBELET_SYSCTLS.get(name.replace("/", "."), value) for name, value in sysctls.items()}
    return {name: wanted[name] for name, value in sysctls.items() if value.strip() != wanted[name].strip()}


def _release_hint(text: str) -> str:
    number = re.match(r"v?(1\.\d{1,2}\.\d{1,2})(?:[+-]k3s(\d+))?", text)
    good = f"v{number[1]}+k3s{number[2] or 1}" if number else "v1.36.4+k3s1"
    return f"write its whole name such as {good}"


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
Component = Literal["coredns", "servicelb", "traefik", "local-storage", "metrics-server", "runtimes"]
Version = Annotated[str, release]
Store = Annotated[str, store]
project_path = Grammar(_INSIDE_RE, "bad-path", "a path in the project", "write it like keys/hub.pem", 400)
ProjectPath = Annotated[str, project_path]
RELEASES = "https://github.com/k3s-io/k3s/releases/download"
"""Where k3s's own releases are found."""
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
ROLE_RE = r"arn:aws[a-z-]*:iam::\d{12}:role/[A-Za-z0-9_+=,.@/-]+"
_ROLE_ARN = Grammar(
    ROLE_RE,
    "bad-role",
    "the ARN of a role",
    "write it like arn:aws:iam::123456789012:role/edgefleet",
)
RoleArn = Annotated[str, _ROLE_ARN]
_SIGN_KEY = Grammar(
    rf"{FILE_RE}|awskms:(///)?(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{{12}}:(key|alias)/[A-Za-z0-9/_-]+|alias/[A-Za-z0-9/_-]+)",
    "bad-key",
    "a key to sign with",
    "write file: and a path in the project, or awskms: and the key's ARN or alias/NAME",
    2000,
)
SignKey = Annotated[str, _SIGN_KEY]
