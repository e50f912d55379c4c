"""A stand-in for k3s's server, as far as etcd is concerned; etcd itself is real.

It starts, joins, removes and resets members as k3s does (k3s, pkg/etcd/etcd.go, ``Start``, ``join``,
``Reset`` and ``RemovePeer``), by etcd's API for JSON and without TLS. Its API server is etcd's health.
"""

import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

ADDRESS, NODE, ETCD = (os.environ[f"STANDIN_{name}"] for name in ("ADDRESS", "NODE", "ETCD"))
DATABASE = Path(os.environ["EDGEFLEET_PREFIX"]) / "var/lib/rancher/k3s/server/db"
DATA = DATABASE / "etcd"


def ask(address: str, path: str, **body: Any) -> dict[str, Any]:
    """What etcd at an address answers."""
    data = json.dumps(body).encode() if body or "v3/" in path else None
    with urlopen(f"http://{address}:2379/{path}", data=data, timeout=5) as answer:
        found: dict[str, Any] = json.loads(answer.read())
        return found


def members(address: str) -> list[dict[str, Any]]:
    """The members of the cluster of a server."""
    found: list[dict[str, Any]] = ask(address, "v3/cluster/member/list")["members"]
    return found


def is_healthy(address: str) -> bool:
    """Whether etcd there serves, which it does with a majority alone."""
    try:
        return ask(address, "health").get("health") == "true"
    except (OSError, HTTPError, URLError):
        return False


def kubectl(arguments: list[str]) -> None:
    """``get --raw /ping`` and ``/readyz``, and ``delete node``, by which k3s removes the node's member."""
    if arguments[-1] == "/ping":
        (url,) = [item for item in arguments if item.startswith("--server=")]
        host = str(urlsplit(url.removeprefix("--server=")).hostname)
        sys.stdout.write("pong" if is_healthy(host) else "")
    elif arguments[-1] == "/readyz":
        sys.stdout.write("ok" if is_healthy(ADDRESS) else "")
    elif arguments[-3:-1] == ["delete", "node"]:
        for member in members(ADDRESS):
            if member.get("name", "").rpartition("-")[0] == arguments[-1]:
                ask(ADDRESS, "v3/cluster/member/remove", ID=member["ID"])


def command(*more: str) -> list[str]:
    """How etcd is started."""
    name = (DATA / "name").read_text()
    client, peer = f"http://{ADDRESS}:2379", f"http://{ADDRESS}:2380"
    urls = (
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
    )
    return [ETCD, f"--name={name}", f"--data-dir={DATA}", "--unsafe-no-fsync", *urls, *more]


def named() -> str:
    """The new name of this member, which k3s makes of the node's."""
    DATA.mkdir(parents=True, exist_ok=True)
    DATA.chmod(0o700)
    name = f"{NODE}-{uuid.uuid4().hex[:8]}"
    (DATA / "name").write_text(name)
    return name


def reset() -> None:
    """``k3s server --cluster-reset``: one member with the data that are here; then it ends."""
    if os.environ.get("K3S_URL") or (DATABASE / "reset-flag").exists():
        sys.exit("cannot perform cluster-reset")
    named()
    started = subprocess.Popen(command("--force-new-cluster"))
    while not is_healthy(ADDRESS) or len(members(ADDRESS)) > 1:
        time.sleep(0.2)
    started.terminate()
    started.wait()
    (DATABASE / "reset-flag").touch()


def join(other: str) -> tuple[str, ...]:
    """Add this server as a learner, and let a process of its own promote it; k3s's leader does that."""
    name, peer = named(), f"http://{ADDRESS}:2380"
    own, known = None, members(other)
    while own is None:
        if any(member.get("name", "").rpartition("-")[0] == NODE for member in known):
            (DATA / "name").unlink()
            sys.exit("duplicate node name found, please use a unique name for this node")
        try:
            own = ask(other, "v3/cluster/member/add", peerURLs=[peer], isLearner=True)["member"]["ID"]
        except HTTPError:  # there is another learner; systemd would restart k3s
            time.sleep(0.5)
            known = members(other)
    if os.fork() == 0:
        for _ in range(120):
            try:
                ask(other, "v3/cluster/member/promote", ID=own)
                os._exit(0)
            except OSError:
                time.sleep(0.5)
        os._exit(1)
    cluster = [f"{member['name']}={member['peerURLs'][0]}" for member in known if "name" in member]
    return (f"--initial-cluster={','.join([*cluster, f'{name}={peer}'])}", "--initial-cluster-state=existing")


def serve() -> None:
    """Become etcd, with the data that are here, or as the environment says."""
    (DATABASE / "reset-flag").unlink(missing_ok=True)
    peer = f"http://{ADDRESS}:2380"
    more: tuple[str, ...] = ()
    if not (DATA / "member/wal").is_dir():
        if url := os.environ.get("K3S_URL"):
            more = join(str(urlsplit(url).hostname))
        elif os.environ.get("K3S_CLUSTER_INIT") == "true":
            more = (f"--initial-cluster={named()}={peer}", "--initial-cluster-state=new")
        else:
            sys.exit("neither joining nor creating: k3s would use SQLite")
    started = command(f"--initial-advertise-peer-urls={peer}", *more)
    os.execv(ETCD, started)  # noqa: S606 - as k3s is etcd, too


if __name__ == "__main__":
    if sys.argv[1] == "kubectl":
        kubectl(sys.argv[2:])
    elif "--cluster-reset" in sys.argv:
        reset()
    else:
        serve()
