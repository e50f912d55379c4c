"""A node's bundle: what its program of the channel fetches. Pure, and the same bytes each time.

It is a tar of ``plan`` and the files of the plan by number, compressed and encrypted to the node. The plan is
what the node has as `edgefleet.boot.release_channel.MANAGED`, lines of a name and values:

    edgefleet-plan 1
    file <number> <mode> <owner> <path>     sorted by path
    enable <unit>
    user <name> <key line>
    timezone <zone>
    program <hex SHA-256> bin/<k3s or what the channel needs> <url>
    image <name of a container image>

It lists itself and the record of the release, whose digest it does not have: so it is a part of the release,
and a change of a user's keys alone makes another one. Commands are a file, as they may have line breaks.
"""

import gzip
import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from edgefleet.boot import facts, release_channel
from edgefleet.images.base.cloud_init_fallback import commands, placed
from edgefleet.images.script import RELOADED
from edgefleet.keys.derivation import derive
from edgefleet.keys.release_encryption import encrypted, encryption_password
from edgefleet.model.firstboot import File, FirstBoot
from edgefleet.model.listing import hmac_sha256
from edgefleet.model.requirement import pinned
from edgefleet.model.site import Node, SiteSpec
from edgefleet.model.spec import to_plain
from edgefleet.model.writers import shell
from edgefleet.model.writers.shell import command, rest
from edgefleet.runtimes import runtime_of
from edgefleet.runtimes.base import k3s
from edgefleet.workloads.composing import carried, workloads_on

HEAD = "edgefleet-plan 1\n"


def with_plan(site: SiteSpec, boot: FirstBoot) -> FirstBoot:
    """A first boot with its own commands and plan as files; unchanged at a site without a channel."""
    if not _has(boot, release_channel.SCRIPT):
        return boot
    run = "".join(f"run {command(words)}\n" for words in (*commands(boot), RELOADED))
    whole = replace(boot, files=(*boot.files, File.text(release_channel.COMMANDS, run, mode=0o700)))
    paths = {file.path: (f"{file.mode:04o}", file.owner) for file in placed(whole)}
    paths |= dict.fromkeys((release_channel.MANAGED, facts.RELEASE), ("0644", "root:root"))
    numbered = enumerate(sorted(paths.items()), 1)
    lines = [f"file {number} {mode} {owner} {rest(path)}" for number, (path, (mode, owner)) in numbered]
    plan = "".join(f"{line}\n" for line in (*lines, *_further(site, boot)))
    return replace(whole, files=(*whole.files, File.text(release_channel.MANAGED, HEAD + plan)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What one node fetches, and what it does not."""

    data: bytes = field(repr=False)
    """Encrypted to it."""
    fixed: str
    """``hmac-sha256:<hex>`` of what its image sets up besides: a change of that takes another image."""


def bundles(boots: Mapping[str, FirstBoot], key: str) -> dict[str, Bundle]:
    """dict[node -> its bundle] of first boots that have the record of their release and a plan.

    `key` is the site's.
    """
    return {
        node: Bundle(data=bundle(boot, encryption_password(key, node=node)), fixed=fixed(boot, key))
        for node, boot in boots.items()
        if _has(boot, release_channel.MANAGED)
    }


def _has(boot: FirstBoot, path: str) -> bool:
    return any(file.path == path for file in boot.files)


def bundle(boot: FirstBoot, password: str) -> bytes:
    """The encrypted bundle of a first boot that has the record of its release."""
    files = {file.path: file.content for file in placed(boot) if file.path != release_channel.FIXED}
    members = {"plan": files[release_channel.MANAGED]}
    members |= {f"files/{number}": content for number, (_, content) in enumerate(sorted(files.items()), 1)}
    return encrypted(gzip.compress(_tar(members), mtime=0), password)


def with_fixed(boot: FirstBoot, key: str) -> FirstBoot:
    """A first boot with the record of what its image alone sets up; unchanged without a channel."""
    if not _has(boot, release_channel.MANAGED):
        return boot
    record = File.text(release_channel.FIXED, f"{fixed(boot, key)}\n")
    return replace(boot, files=(*boot.files, record))


def fixed(boot: FirstBoot, key: str) -> str:
    """The digest of a first boot but for what its bundle has; salted, as it has secrets."""
    admins = tuple(replace(user, ssh_keys=()) for user in boot.users if user.is_admin)
    besides = replace(boot, files=(), units=(), commands=(), timezone="", users=admins)
    plain = json.dumps(to_plain(besides), sort_keys=True)
    return hmac_sha256(derive(key, "published-digests"), plain.encode())


def _tar(members: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o600
            archive.addfile(member, io.BytesIO(content))
    return data.getvalue()


def _further(site: SiteSpec, boot: FirstBoot) -> Iterator[str]:
    """The lines after those of the files."""
    for unit in boot.units:
        if unit.is_enabled:
            yield f"enable {shell.field(unit.name)}"
    for user in boot.users:
        for key in user.ssh_keys:
            yield f"user {shell.field(user.name)} {rest(key)}"
    yield f"timezone {shell.field(boot.timezone)}"
    node = site.nodes[boot.node]
    yield from _programs(site, node)
    if runtime_of(node).is_k3s:
        needs = [need for name in workloads_on(site, boot.node) for need in carried(site, name, node)]
        for name in sorted({need.name for need in needs if need.kind == "image"}):
            yield f"image {shell.field(name)}"


def _programs(site: SiteSpec, node: Node) -> Iterator[str]:
    """Programs that are downloaded before the switch, with the digests of the artifacts lock."""
    for need, digest in pinned(site, node).items():
        yield f"program {digest} {shell.field(need.path)} {shell.field(need.url)}"
    if runtime_of(node).is_k3s:
        of_k3s, url = site.k3s.sha256.get(node.arch), k3s.binary_url(site, node)
        if of_k3s and url.startswith("https://"):
            yield f"program {of_k3s} {k3s.CARRIED} {shell.field(url)}"
