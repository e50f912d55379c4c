"""Configuration of nats-server and of its streams, as JSON, which is NATS's own form of it, too. Pure.

Sources: NATS docs, running-a-nats-service/configuration and nats-concepts/jetstream/streams. A stream is no
part of a server's configuration: the `nats` program declares it once the server runs.
"""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

FILES, DATA, READY = "/etc/edgefleet", "/data", "/run/edgefleet"
SERVER, STREAM = "nats.json", "stream.json"
MONITOR = 8222
"""Port of the server's monitoring, /healthz."""
SYNC = {"always": "always", "everysec": "1s", "no": "2m"}
"""dict[when a message is on the disk -> `sync_interval`]; 2m is NATS's own."""
DECLARE = f"""set -eu
trap 'exit 0' TERM
declared() {{
  nats stream edit "$1" --config {FILES}/{STREAM} --force || nats stream add "$1" --config {FILES}/{STREAM}
}}
until declared "$1"; do sleep 2; done
touch {READY}/declared
while :; do sleep 3600 & wait $!; done
"""
"""Makes the stream what its file states, whether it is there or not (natscli, cli/stream_command.go)."""
LOCAL = "local"
"""User of those that connect without a certificate, in the cluster of the hub."""
LEAF = 7422
"""Port of leaf nodes, by which sites reach the hub."""
TLS = "/etc/edgefleet-tls"
"""Folder of the certificate."""
SECOND = 10**9
"""In the nanoseconds of JetStream's API."""


def text(configuration: Mapping[str, Any]) -> str:
    """A file of `configuration`."""
    return json.dumps(configuration, indent=2) + "\n"


def server(port: int, *, store: int, sync: str, domain: str = "", **more: Any) -> dict[str, Any]:
    """A server that keeps `store` bytes of messages; `domain` distinguishes its JetStream from others'."""
    jetstream = {
        "store_dir": DATA,
        "max_file_store": store,
        "max_memory_store": 0,
        "sync_interval": SYNC[sync],
        **({"domain": domain} if domain else {}),
    }
    return {"port": port, "http_port": MONITOR, "jetstream": jetstream, **more}


def stream(name: str, *, size: int, days: int, **more: Any) -> dict[str, Any]:
    """A stream of `size` bytes at most, whose messages go after `days`; files are its only storage."""
    return {
        "name": name,
        "storage": "file",
        "retention": "limits",
        "max_bytes": size,
        "max_age": days * 86400 * SECOND,
        "max_msgs": -1,
        "max_consumers": -1,
        "num_replicas": 1,
        **more,
    }


def tls(**more: Any) -> dict[str, Any]:
    """TLS on both ends of a leaf node, from its first byte on."""
    files = {"cert_file": f"{TLS}/tls.crt", "key_file": f"{TLS}/tls.key", "ca_file": f"{TLS}/ca.crt"}
    return {**files, "handshake_first": True, "timeout": 20, **more}


def to_hub(address: str) -> dict[str, Any]:
    """What a site's server has besides: the leaf node that it opens, again when the link is back."""
    remote = {"urls": [f"tls://{address}"], "tls": tls()}
    return {"leafnodes": {"reconnect": "5s", "remotes": [remote]}}


def of_sites(stream_name: str, sites: Sequence[tuple[str, Sequence[str]]]) -> dict[str, Any]:
    """What the hub's server has besides: a user for each of the URIs of `sites`, with the rights of its site.

    A site may answer requests to its own JetStream, and deliver to the subjects of its own. The flag makes
    names of sites a part of the subjects of answers (nats-server 2.15, server/feature_flags.go).
    """
    users: list[dict[str, Any]] = [
        {"user": uri, "permissions": _rights(stream_name, site)} for site, uris in sites for uri in uris
    ]
    return {
        "feature_flags": {"js_api_reply_v2": True},
        "accounts": {"SITES": {"jetstream": "enabled", "users": [_local(), *users]}},
        "no_auth_user": LOCAL,
        "leafnodes": {"port": LEAF, "tls": tls(verify_and_map=True)},
    }


def _local() -> dict[str, Any]:
    """The user of the hub's own workloads, who neither delivers as a site nor changes streams of sites."""
    denied = ["$JS.*.API.>", "$JSC.>", f"{deliver('*')}.>"]
    return {"user": LOCAL, "password": "", "permissions": {"publish": {"deny": denied}}}


def _rights(stream_name: str, site: str) -> dict[str, Any]:
    return {
        "publish": {"allow": [f"{deliver(site)}.>", f"$JSC.R.{site}.>"]},
        "subscribe": {"allow": [f"{api(site)}.>", f"$JS.FC.{stream_name}.>"]},
    }


def source(stream_name: str, site: str, subjects: Sequence[str]) -> dict[str, Any]:
    """The stream of a site as a source of the hub's, from its first message on, below the site's name."""
    return {
        "name": stream_name,
        "opt_start_seq": 1,
        "external": {"api": api(site), "deliver": deliver(site)},
        "subject_transforms": [{"src": each, "dest": f"{site}.{_kept(each)}"} for each in subjects],
    }


def api(site: str) -> str:
    """Prefix of requests to the JetStream of a site."""
    return f"$JS.{site}.API"


def deliver(site: str) -> str:
    """Prefix of the subjects to which a site delivers."""
    return f"$EDGEFLEET.{site}"


def _kept(subject: str) -> str:
    """A subject as a destination, in which each * has its number (NATS docs, subject mapping)."""
    numbers = count(1)
    return re.sub(r"\*", lambda _: f"{{{{wildcard({next(numbers)})}}}}", subject)


def overlap(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether a message may have both subjects, each a sequence of its tokens."""
    if not one or not other:
        return not one and not other
    if ">" in {one[0], other[0]}:
        return True
    is_equal = one[0] == other[0] or "*" in {one[0], other[0]}
    return is_equal and overlap(one[1:], other[1:])
