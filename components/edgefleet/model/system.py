"""What people add to a node's system: files, commands, accounts, Kubernetes manifests.

A long text may be a file of the project; the spec has its content.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

import yaml
from pydantic import WithJsonSchema

from edgefleet.model.effects import Effect
from edgefleet.model.names import LABEL_RE
from edgefleet.model.spec import spec
from edgefleet.model.syntax import Grammar, shown, wrong

LONGEST = 64_000
"""Characters of a text: it is in the state of each site that has it."""
DEEPEST = 60
"""Levels of maps and lists in a manifest."""
_OWN = re.compile(
    r"edgefleet|/etc/(rancher|cloud|netplan|NetworkManager/system-connections|systemd/network)/"
    r"|/etc/flatcar/update\.conf$|/etc/(locale|vconsole)\.conf$|/etc/default/(locale|keyboard)$"
    r"|/etc/(hostname|hosts|localtime|passwd|shadow|group|gshadow|sudoers)$"
    r"|/etc/ssh/ssh_host_|/etc/sysctl\.d/(90-kubelet|99-protect-links)\.conf|/etc/systemd/system/k3s"
    r"|/etc/systemd/system/(systemd-networkd|NetworkManager)-wait-online\.service\.d/"
)
"""Paths that edgefleet writes, or the system itself."""
_ELSEWHERE = re.compile(r"/(home|proc|sys|dev|run|tmp|var/(tmp|run|lib/(rancher|kubelet|cloud)))/")
"""Paths at which a file would be lost, or in which a user could have put a link."""


def _placed(path: str) -> str:
    if _OWN.search(path):
        problem = f"{shown(path)} is written by edgefleet or by the system"
        hint = "use the key of the fleet file for it, or a file of another name such as a drop-in"
        raise wrong("reserved-file", problem, hint)
    if _ELSEWHERE.match(path):
        problem = f"{shown(path)} is in a folder that is emptied, mounted or owned by others"
        raise wrong("reserved-file", problem, "write it below /etc, /usr/local, /opt, /srv or /var/lib")
    return path


def _documents(text: str) -> str:
    for index, document in enumerate(objects(text)):
        metadata = document.get("metadata") if isinstance(document, dict) else None
        if not isinstance(metadata, dict) or "name" not in metadata or "kind" not in document:
            problem = f"the document {index + 1} of this manifest has no kind or metadata.name"
            raise wrong("bad-manifest", problem, "write whole Kubernetes objects, with --- between them")
    return text


@lru_cache(256)
def objects(text: str, deepest: int = DEEPEST) -> tuple[Any, ...]:
    """The documents of a manifest, without empty ones.

    Raises:
        PydanticCustomError: it is no YAML, has more than `deepest` levels, or no document.
    """
    try:
        _check_depth(text, deepest)
        documents = tuple(each for each in yaml.load_all(text, yaml.CSafeLoader) if each is not None)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark is not None else ""
        hint = "check it with kubectl apply --dry-run=client -f"
        raise wrong("bad-manifest", f"this manifest is not YAML{place}", hint) from None
    if not documents:
        raise wrong("bad-manifest", "this manifest is empty", "write at least one Kubernetes object")
    return documents


def _check_depth(text: str, deepest: int) -> None:
    depth = 0
    for event in yaml.parse(text, yaml.CSafeLoader):  # the parser keeps its stack itself, the loader does not
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > deepest:
            problem = f"this manifest is nested more than {deepest} levels deep"
            raise wrong("bad-manifest", problem, "write its objects with fewer levels")


def charts_without_content(text: str) -> Iterator[str]:
    """Names of the HelmCharts of a manifest that k3s's Helm controller would download."""
    for document in objects(text):
        spec = document.get("spec")
        chart = spec if isinstance(spec, dict) else {}
        is_local = str(chart.get("chart", "")).startswith("https://%{KUBERNETES_API}%/static/")
        if document["kind"] == "HelmChart" and not chart.get("chartContent") and not is_local:
            yield str(document["metadata"]["name"])


class PodImage(NamedTuple):
    """An image that a Pod of a manifest runs."""

    name: str
    """As the manifest writes it."""
    pull: str
    """Its ``imagePullPolicy``; empty by default."""


@lru_cache(256)
def pod_images(text: str) -> tuple[PodImage, ...]:
    """The images of all Pods, and of Pod templates anywhere in the objects of a manifest, each once."""
    return tuple(dict.fromkeys(image for document in objects(text) for image in pod_images_of(document)))


def pod_images_of(value: Any) -> Iterator[PodImage]:
    """The images of all Pods, and of Pod templates anywhere in an object."""
    if isinstance(value, dict):
        for key in ("containers", "initContainers"):
            for container in value[key] if isinstance(value.get(key), list) else ():
                if isinstance(container, dict) and isinstance(container.get("image"), str):
                    yield PodImage(container["image"], str(container.get("imagePullPolicy", "")))
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from pod_images_of(inner)


_LINES = "write lines of text without control characters, or file: and a path in the project"
_CONTENT = Grammar(
    r"(?!file:)[^\r]*",
    "bad-content",
    "text of printable characters",
    _LINES,
    LONGEST,
    is_ascii=False,
    has_lines=True,
    may_be_file=True,
    refers="may",
)
Content = Annotated[str, _CONTENT]
_MANIFEST = Grammar(
    r"(?!file:)[^\r]*",
    "bad-manifest",
    "text of a Kubernetes manifest",
    _LINES,
    LONGEST,
    _documents,
    is_ascii=False,
    has_lines=True,
    may_be_file=True,
)
Manifest = Annotated[str, _MANIFEST]
OF_WORKLOAD = "workload-"
"""What the names of manifests of workloads begin with, and of no others."""
_MANIFEST_NAME = Grammar(
    rf"(?!{OF_WORKLOAD}){LABEL_RE}",
    "bad-name",
    "a name of a manifest",
    f"write it like traefik-config; names of workloads' manifests begin with {OF_WORKLOAD}",
    63,
)
ManifestName = Annotated[str, _MANIFEST_NAME]
_FILE_PATH = Grammar(
    r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._@+-]+)+",
    "bad-path",
    "a path of a file on a node",
    "write an absolute path such as /etc/modprobe.d/quirks.conf",
    250,
    _placed,
)
FilePath = Annotated[str, _FILE_PATH]
_MODE = Grammar("0[0-7]{3}", "bad-mode", "permission bits", "write four octal digits such as 0644", 4)
Mode = Annotated[str, _MODE, WithJsonSchema({"type": ["string", "integer"]}, "validation")]
_OWNER = Grammar(
    "[a-z_][a-z0-9_-]{0,31}:[a-z_][a-z0-9_-]{0,31}",
    "bad-owner",
    "a user and a group",
    "write user:group, both of the base system or of users",
    65,
)
Owner = Annotated[str, _OWNER]
_COMMAND = Grammar(
    r"\S.*",
    "bad-command",
    "a line for the shell",
    "write one line without control characters; put a script into files and run that",
    2000,
    is_ascii=False,
)
Command = Annotated[str, _COMMAND]
_GROUP = Grammar(
    "[a-z_][a-z0-9_-]*", "bad-group", "a Unix group", "use lower-case letters, digits, _ and -", 32
)
GroupName = Annotated[str, _GROUP]
_PASSWORD_HASH = Grammar(
    r"\$[0-9a-z]+\$[A-Za-z0-9./$=,+-]{8,}",
    "bad-password",
    "the hash of a password",
    "take what openssl passwd -6 prints",
    400,
    refers="must",
)
PasswordHash = Annotated[str, _PASSWORD_HASH]
_SHELL = Grammar(
    r"(/[A-Za-z0-9_][A-Za-z0-9._-]*)+", "bad-shell", "a path of a shell", "write it like /bin/zsh", 100
)
ShellPath = Annotated[str, _SHELL]


@spec
class PlacedFile:
    """A file of yours on a node."""

    content: Annotated[Content, Effect.LIVE]
    """Its text, file:<path in the project>, or {secret: NAME}, which its owner alone can read."""
    mode: Annotated[Mode, Effect.LIVE] = "0644"
    """Permission bits, 0644 or 0755."""
    owner: Annotated[Owner, Effect.LIVE] = "root:root"
    """user:group, of the base system or of users."""
