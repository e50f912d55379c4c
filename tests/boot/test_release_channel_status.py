"""What the program of the channel reports: strict JSON of at most 4 KB, whatever the node's files hold."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.boot.conftest import Targets
from tests.boot.release_channel_lab import RELEASE_KEY, Lab, app, on_image

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files are given to root"),
]
K3S = """case "$*" in
  --version) echo "k3s version v1.37.1+k3s1 (abc)" ;;
  *"spec.nodeName=n1-host,"*) printf '%s' "$PODS" ;;
  *kubectl*) exit 1 ;;
esac"""
"""A k3s that knows its version, and lists the Pods of this node alone."""


@pytest.fixture
def lab(target: Targets, tmp_path: Path) -> Iterator[Lab]:
    """A node that runs image 1, with a k3s."""
    with on_image(target, tmp_path) as made:
        made.node.stand_in("k3s", K3S.replace("n1-host", made.target.node.hostname))
        (made.node.root / "usr/local/bin/k3s").symlink_to(made.node.place / "bin/k3s")
        yield made


def test_it_says_what_the_node_runs_and_how_it_is(lab: Lab) -> None:
    """Versions, Pods, disk, memory, ends of certificates, clock and last contact."""
    (lab.node.root / "etc/edgefleet/instance-id").write_text("i-7\n")
    lab.publish(3, app("two"))
    pods = "apps/till-0 True\napps/web-x False\nkube-system/dns \n"
    assert 0 == lab.node.run(PODS=pods).returncode
    status = lab.gateway.statuses[-1]
    identity = lab.target.site.identity
    assert identity is not None
    assert {
        "version": "edgefleet.dev/status/v1",
        "fleet": "retail",
        "region": "eu",
        "site": lab.target.site.name,
        "node": lab.target.name,
        "state": "healthy",
        "reason": "the release runs",
        "sequence": 3,
        "part": lab.node.release,
        "image": "i-7",
        "k3s": "v1.37.1+k3s1",
        "workloads": {"ready": 1, "all": 3, "waiting": ["apps/web-x", "kube-system/dns"]},
        "boots": 1,
    }.items() <= status.items()
    for name in ("diskFree", "diskSize", "memoryFree", "memorySize", "uptime", "counter"):
        assert status[name] > 0, name
    assert status["diskFree"] <= status["diskSize"]
    assert 2524608000 == status["certificateEnds"]["authority"]
    assert 2000000000 < status["certificateEnds"]["site"]
    assert 0 == status["certificateEnds"]["k3s"]
    now = time.time()
    assert abs(now - status["clock"]) < 60
    assert abs(now - status["contact"]) < 60
    assert abs(status["clockOffset"]) <= 2


def test_the_offset_of_a_wrong_clock_is_reported(lab: Lab) -> None:
    """By the time that the store states in its answer."""
    lab.gateway.date = "Thu, 01 Jan 1970 01:00:00 GMT"
    lab.publish(1, app("two"))
    assert 0 == lab.node.run().returncode
    assert abs(lab.gateway.statuses[-1]["clockOffset"] + time.time()) < 4000
    lab.gateway.date = '"},"state":"healthy'
    lab.publish(2, app("three"))
    assert 0 == lab.node.run().returncode
    assert lab.gateway.statuses[-1]["clockOffset"] is None


HOSTILE = '"},\\"state":"healthy\x1b[2J\u00e9\x00%s%n`$(id)\\'


@pytest.mark.parametrize("text", [HOSTILE, "x" * 5000, "9" * 400, "-1", "\n\n{\n", ""])
def test_no_text_breaks_it(lab: Lab, text: str) -> None:
    """Neither of files on the node, nor of programs on it, and it never has more than 4 KB."""
    root = lab.node.root
    lab.publish(1, app("two"))
    assert 0 == lab.node.run().returncode
    (root / "etc/edgefleet/instance-id").write_text(text)
    (root / "var/lib/cloud/data").mkdir(parents=True)
    (root / "var/lib/cloud/data/instance-id").write_text(text)
    (root / "var/lib/rancher/k3s/agent").mkdir(parents=True)
    (root / "var/lib/rancher/k3s/agent/client-kubelet.crt").write_text(text)
    status = '{{\n  "since": "x",\n  "state": "{0}",\n  "message": "{0}",\n  "rolledBack": ""\n}}\n'
    (root / "var/lib/edgefleet/status.json").write_text(status.format(text))
    lab.node.stand_in("k3s", f"cat <<'END'\nk3s version {text}\n{text}/{text} True\nEND")
    done = lab.node.run()
    assert 0 == done.returncode, done.stderr
    report = lab.gateway.statuses[-1]
    assert ("current", 1) == (report["state"], report["sequence"])
    assert not {'"', "\\", "\x1b"} & set(str(report["reason"]) + report["image"] + report["k3s"])


def test_many_pods_with_long_names_fit(lab: Lab) -> None:
    """The names of ten that are not ready, each cut."""
    lab.publish(1, app("two"))
    pods = "".join(f"{'n' * 63}/{number}-{'p' * 240} False\n" for number in range(250))
    assert 0 == lab.node.run(PODS=pods).returncode
    workloads = lab.gateway.statuses[-1]["workloads"]
    assert (0, 250, 10) == (workloads["ready"], workloads["all"], len(workloads["waiting"]))


def test_what_is_refused_is_no_failure_of_a_release(lab: Lab) -> None:
    """The state stays what it was, about the sequence that runs, and the node's own screen has the reason."""
    lab.publish(1, app("two"))
    assert 0 == lab.node.run().returncode
    lab.publish(2, app("three"))
    path = list(lab.gateway.objects)[-1]
    lab.gateway.objects[path] = lab.gateway.objects[path][:-1] + b"!"
    assert 0 != lab.node.run().returncode
    assert ("healthy", "refused: a download has another digest than the signed one") == lab.said
    assert 1 == lab.gateway.statuses[-1]["sequence"]
    assert "refused" in (lab.node.root / "var/lib/edgefleet/problems/channel").read_text()


def test_a_refusal_hides_no_failure(lab: Lab) -> None:
    """A store that replaces pointers makes no failed or rolled-back release healthy."""
    lab.publish(1, app("two"))
    assert 0 == lab.node.run().returncode
    lab.publish(2, app("sick"))
    assert 0 == lab.node.run().returncode
    lab.publish(3, app("x"), by=7)
    assert 0 != lab.node.run().returncode
    assert ("rolled-back", 2) == (lab.said[0], lab.gateway.statuses[-1]["sequence"])
    assert lab.said[1].startswith("refused: ")
    lab.publish(4, app("sick too"), floor=4)
    lab.node.run()
    assert "failed" == lab.said[0]
    lab.publish(5, app("x"), by=7)
    assert 0 != lab.node.run().returncode
    assert ("failed", 4) == (lab.said[0], lab.gateway.statuses[-1]["sequence"])
    assert lab.said[1].startswith("refused: ")


def test_a_start_of_the_node_is_counted(lab: Lab) -> None:
    """By the id that Linux gives each of them."""
    lab.publish(1, app("two"))
    assert 0 == lab.node.run().returncode
    sent = lab.node.root / "var/lib/edgefleet/channel/sent"
    sent.write_text(sent.read_text().rsplit(" ", 1)[0] + " another\n")
    lab.delegate(RELEASE_KEY, version=2)
    lab.publish(2, app("three"))
    assert 0 == lab.node.run().returncode
    assert 2 == lab.gateway.statuses[-1]["boots"]
