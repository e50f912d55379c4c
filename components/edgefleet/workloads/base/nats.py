"""Configuration of nats-server and of its streams, as JSON, which is NATS's own form of it, too. Pure.

Sources: NATS docs, running-a-nats-service/configuration and nats-concepts/jetstream/streams. A stream is no
part of a server's configuration: the `nats` program declares it once the server runs.
"""

import json
from collections.abc import Mapping, Sequence
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


def overlap(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether a message may have both subjects, each a sequence of its tokens."""
    if not one or not other:
        return not one and not other
    if ">" in {one[0], other[0]}:
        return True
    is_equal = one[0] == other[0] or "*" in {one[0], other[0]}
    return is_equal and overlap(one[1:], other[1:])
