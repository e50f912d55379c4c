"""The program that brings a hub's server its secrets and manifests, run against an emulated cloud."""

import ast
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgefleet.boot import hub_identity
from edgefleet.hub.user_data import SECRETS, HubBoot, _server, parameters_path
from edgefleet.io.aws import Aws
from edgefleet.model.firstboot import Step
from edgefleet.model.hub import Hub, HubDns, HubK3s

HUB = Hub(
    kind="k3s", bucket="hub-bucket", dns=HubDns(name="hub.retail.example"), k3s=HubK3s(version="v1.36.4+k3s1")
)
PATH = parameters_path("retail", "dev")
PLACES = {
    "token": "etc/edgefleet/hub/token",
    "tls/etcd/peer-ca.key": "var/lib/rancher/k3s/server/tls/etcd/peer-ca.key",
    "tls/service.key": "var/lib/rancher/k3s/server/tls/service.key",
}


class FakeInstanceMetadata(http.server.BaseHTTPRequestHandler):
    """Version 2 of EC2's instance metadata, as a stand-in: a token first, then a role's keys."""

    def do_PUT(self) -> None:
        assert "60" == self.headers["X-aws-ec2-metadata-token-ttl-seconds"]
        self._answer("a-token")

    def do_GET(self) -> None:
        if self.headers["X-aws-ec2-metadata-token"] != "a-token":
            self.send_error(401)
            return
        document = {"region": "eu-central-1", "instanceId": "i-0abc", "availabilityZone": "eu-central-1b"}
        keys = {"AccessKeyId": "emulated", "SecretAccessKey": "emulated", "Token": "emulated"}
        answers = {
            "/latest/dynamic/instance-identity/document": json.dumps(document),
            "/latest/meta-data/iam/security-credentials/": "hub",
            "/latest/meta-data/iam/security-credentials/hub": json.dumps(keys),
        }
        self._answer(answers[self.path])

    def _answer(self, text: str) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def step() -> Step:
    wanted = HubBoot(fleet="retail", region="dev", aws_region="eu-central-1", recipe=1, hub=HUB)
    return hub_identity.plan(_server(wanted, "init"))


@dataclass
class Machine:
    """A directory in the place of a machine's root, and how the program runs there."""

    root: Path
    environment: dict[str, str]

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        program = self.root / hub_identity.PROGRAM.lstrip("/")
        return subprocess.run(
            [sys.executable, "-I", program, command],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def read(self, path: str) -> str:
        return (self.root / path).read_text()


@pytest.fixture
def machine(step: Step, aws: Aws, tmp_path: Path) -> Iterator[Machine]:
    for file in step.files:
        path = tmp_path / file.path.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), FakeInstanceMetadata)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Machine(
        tmp_path,
        {
            "EDGEFLEET_PREFIX": str(tmp_path),
            "EDGEFLEET_IMDS": f"http://127.0.0.1:{server.server_port}",
            "EDGEFLEET_ENDPOINT": str(aws.endpoint),
            "PATH": os.environ["PATH"],
        },
    )
    server.shutdown()


@pytest.fixture
def give(aws: Aws) -> Callable[[str, str], None]:
    def give(name: str, value: str) -> None:
        aws.client("ssm").put_parameter(
            Name=f"{PATH}/{name}", Value=value, Type="SecureString", Overwrite=True
        )

    return give


def test_the_program_is_python_of_any_base_system(step: Step) -> None:
    """Debian 11 has 3.9."""
    program = next(file for file in step.files if file.path == hub_identity.PROGRAM)
    assert ast.parse(program.content, feature_version=(3, 9)).body
    assert {False} == {file.is_secret for file in step.files}


def test_secrets_come_to_their_places_for_root_alone(
    machine: Machine, give: Callable[[str, str], None]
) -> None:
    """All thirteen, with what the machine is."""
    for name in SECRETS:
        give(name, f"secret {name}")
    run = machine.run("secrets")
    assert (0, "") == (run.returncode, run.stderr)
    for name, place in PLACES.items():
        assert f"secret {name}" == machine.read(place)
        assert 0o600 == (machine.root / place).stat().st_mode & 0o777
    node = json.loads(machine.read("etc/rancher/k3s/config.yaml.d/00-node.yaml"))
    labels = ["topology.kubernetes.io/region=eu-central-1", "topology.kubernetes.io/zone=eu-central-1b"]
    assert {"node-name": "i-0abc", "node-label": labels} == node


def test_certificates_of_a_running_cluster_stay_and_tokens_are_renewed(
    machine: Machine, give: Callable[[str, str], None]
) -> None:
    """k3s changes its certificates itself; see `k3s certificate rotate-ca`."""
    for name in SECRETS:
        give(name, "first")
    machine.run("secrets")
    for name in SECRETS:
        give(name, "second")
    assert 0 == machine.run("secrets").returncode
    assert "second" == machine.read(PLACES["token"])
    assert "first" == machine.read(PLACES["tls/service.key"])


def test_a_missing_secret_is_named_and_waited_for(machine: Machine, give: Callable[[str, str], None]) -> None:
    """The unit tries again; nothing half is left."""
    for name in SECRETS[1:]:
        give(name, "x")
    run = machine.run("secrets")
    assert 1 == run.returncode
    assert f"not in {PATH}: token; tried again soon" in run.stderr
    assert not (machine.root / PLACES["token"]).exists()


def test_a_reboot_without_the_cloud_goes_on(machine: Machine, give: Callable[[str, str], None]) -> None:
    """What is there is enough; the first boot has nothing and fails."""
    for name in SECRETS:
        give(name, "x")
    away = Machine(machine.root, {**machine.environment, "EDGEFLEET_IMDS": "http://127.0.0.1:1"})
    assert 1 == away.run("secrets").returncode
    assert 0 == machine.run("secrets").returncode
    run = away.run("secrets")
    assert 0 == run.returncode
    assert "continuing with local files" in run.stdout


def test_manifests_follow_the_bucket(machine: Machine, aws: Aws) -> None:
    """New ones come, changed ones change, removed ones go; nothing is written outside of the directory."""
    aws.s3.create_bucket(
        Bucket=HUB.bucket or "", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    place = machine.root / "var/lib/rancher/k3s/server/manifests/edgefleet"

    def put(name: str, text: str) -> None:
        aws.s3.put_object(Bucket=HUB.bucket or "", Key=f"hub/manifests/{name}", Body=text.encode())

    put("plans.yaml", "a: 1\n")
    put("access.yaml", "b: 1\n")
    put("../../../../../etc/evil", "no")
    run = machine.run("sync")
    assert (0, "") == (run.returncode, run.stderr)
    assert {"plans.yaml", "access.yaml"} == {path.name for path in place.iterdir()}
    assert not list(machine.root.rglob("evil"))
    put("plans.yaml", "a: 2\n")
    aws.s3.delete_object(Bucket=HUB.bucket or "", Key="hub/manifests/access.yaml")
    assert 0 == machine.run("sync").returncode
    assert {"plans.yaml": "a: 2\n"} == {path.name: path.read_text() for path in place.iterdir()}
    before = (place / "plans.yaml").stat().st_mtime_ns
    assert 0 == machine.run("sync").returncode
    assert before == (place / "plans.yaml").stat().st_mtime_ns


ATTACKS = (
    "../../../../../etc/shadow",  # up from the directory of manifests
    "{root}/etc/shadow",  # an absolute path after the prefix
    "/{root}/etc/shadow",
    "a/../../../../../../../etc/shadow",
    "./../../../../../../etc/shadow",
    "a//../b.yaml",
    ".hidden.yaml",
    "sub/",
    "two words.yaml",
    "-dash.yaml",
)
"""Ends of keys that anyone who may write into the bucket could use; ``{root}`` is the machine's root."""


def test_no_name_of_an_object_reaches_a_file_that_is_no_manifest(machine: Machine, aws: Aws) -> None:
    """Neither when it comes, nor when it goes, nor from a record that says it was written."""
    aws.s3.create_bucket(
        Bucket=HUB.bucket or "", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    shadow = machine.root / "etc" / "shadow"
    shadow.write_text("root:*")
    names = [name.format(root=machine.root) for name in ATTACKS]
    keys = [f"hub/manifests/{name}" for name in names] + ["elsewhere/a.yaml"]
    for key in keys:
        aws.s3.put_object(Bucket=HUB.bucket or "", Key=key, Body=b"attack")
    run = machine.run("sync")
    assert (0, "") == (run.returncode, run.stderr)
    assert len(names) == run.stdout.count("is no name of a manifest; it is left alone")
    record = machine.root / "var/lib/edgefleet/manifests.json"
    assert {} == json.loads(record.read_text())
    for key in keys:
        aws.s3.delete_object(Bucket=HUB.bucket or "", Key=key)
    record.write_text(json.dumps(dict.fromkeys(keys, '"tag"')))  # as an earlier release remembered it
    assert 0 == machine.run("sync").returncode
    assert ("root:*", {}) == (shadow.read_text(), json.loads(record.read_text()))
    assert not (machine.root / "var/lib/rancher/k3s/server/manifests").exists()


def test_what_was_written_before_a_failure_is_removed_later(machine: Machine, aws: Aws) -> None:
    """A sync that fails in part writes and records the rest: one name stops no other manifest."""
    aws.s3.create_bucket(
        Bucket=HUB.bucket or "", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    names = ("a.yaml", "b", "b/c.yaml", "c.yaml", f"d{'d' * 300}", "e.yaml")
    for name in names:  # a file and a folder of one name, and a name that is too long
        aws.s3.put_object(Bucket=HUB.bucket or "", Key=f"hub/manifests/{name}", Body=b"x: 1\n")
    run = machine.run("sync")
    assert (1, 2) == (run.returncode, run.stderr.count("cannot be written"))
    folder = machine.root / "var/lib/rancher/k3s/server/manifests/edgefleet"
    assert ["a.yaml", "b", "c.yaml", "e.yaml"] == sorted(path.name for path in folder.iterdir())
    for name in names:
        aws.s3.delete_object(Bucket=HUB.bucket or "", Key=f"hub/manifests/{name}")
    assert 0 == machine.run("sync").returncode
    assert [] == list(folder.iterdir())


FAKE_K3S = """#!/bin/sh
echo "$@" >> "$EDGEFLEET_PREFIX/asked"
case "$1" in certificate) ls "${3#--path=}/tls" > "$EDGEFLEET_PREFIX/given" ;; esac
"""


def test_a_new_key_generation_is_handed_to_k3s_and_nothing_of_it_stays_beside(
    machine: Machine, give: Callable[[str, str], None]
) -> None:
    """k3s is a stand-in here: it prints its arguments."""
    for name in SECRETS:
        give(name, "first")
    machine.run("secrets")
    for name in SECRETS:
        give(name, "second")
    k3s = machine.root / "usr/local/bin/k3s"
    k3s.parent.mkdir(parents=True)
    k3s.write_text(FAKE_K3S)
    k3s.chmod(0o755)
    run = machine.run("rotate")
    assert (0, "") == (run.returncode, run.stderr)
    asked = machine.read("asked").splitlines()
    assert asked[0].startswith("certificate rotate-ca --path=")
    assert "token rotate --token=first --new-token=second" == asked[1]
    assert {"server-ca.crt", "client-ca.key", "service.key", "etcd"} <= set(machine.read("given").split())
    assert not (machine.root / "var/lib/edgefleet/rotate").exists()
    assert "second" == machine.read(PLACES["token"])
