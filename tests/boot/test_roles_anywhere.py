"""The channel by IAM Roles Anywhere: AWS's own helper, and curl, before stand-ins for both services."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests import go_programs
from tests.boot.conftest import Targets
from tests.boot.release_channel_lab import Lab, app
from tests.boot.roles_anywhere_lab import HELPER, ROLE, Cloud, carry, cloud_of, on_node, place, status_of
from tests.boot.test_heartbeat import BY, STRANGER
from tests.boot.test_update_gateway import PLACE, SECRET, holder_of, kept

from edgefleet.boot import release_channel, state_backup
from edgefleet.emulator.fake_roles_anywhere import Session
from edgefleet.io.aws import Aws
from edgefleet.keys.derivation import site_key
from edgefleet.keys.site_certificate import site_certificate
from edgefleet.model.backup import Backup

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files are given to root"),
]


@pytest.fixture
def cloud(aws: Aws, tmp_path: Path) -> Iterator[Cloud]:
    """Both services, with what the hub of the region makes there."""
    with cloud_of(aws, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def helper() -> Path:
    """AWS's own."""
    (found,) = go_programs.programs("aws_signing_helper")
    return found


@pytest.fixture
def lab(cloud: Cloud, target: Targets, tmp_path: Path, helper: Path) -> Iterator[Lab]:
    """A node that runs image 1 and has the helper."""
    with on_node(cloud, target, tmp_path, helper.read_bytes()) as made:
        place(made, helper.read_bytes())
        yield made


def test_a_node_gets_its_release_and_reports(lab: Lab, cloud: Cloud) -> None:
    """By its program and AWS's helper, until its certificate is revoked: then it gets no session."""
    lab.publish(1, app("two"))
    carry(lab, cloud)
    done = lab.node.run(**cloud.variables)
    assert 0 == done.returncode, done.stderr
    assert "two\n" == (lab.node.root / "etc/app.conf").read_text()
    assert ("healthy", 1) == (status_of(lab, cloud)["state"], status_of(lab, cloud)["sequence"])
    site = lab.target.site.name
    assert ["POST /sessions"] == [path for path, name, _ in cloud.asked if name != site]
    lab.publish(2, app("three"))
    carry(lab, cloud)
    cloud.revoke(**{site: 1})
    cloud.asked.clear()
    assert 0 != lab.node.run(**cloud.variables).returncode
    assert {"POST /sessions"} == {path for path, _, _ in cloud.asked}
    assert "two\n" == (lab.node.root / "etc/app.conf").read_text()
    assert 1 == status_of(lab, cloud)["sequence"]


def test_a_poll_without_news_is_one_conditional_request(lab: Lab, cloud: Cloud) -> None:
    """With the session's token it has less than 3 KB; it makes a session every quarter of an hour."""
    lab.publish(1, app("two"))
    carry(lab, cloud)
    assert 0 == lab.node.run(**cloud.variables).returncode
    cloud.asked.clear()
    assert 0 == lab.node.run_again(**cloud.variables).returncode
    ((path, _, size),) = cloud.asked
    assert f"GET /images/fleet/pointers/{lab.target.site.name}.json" == path
    assert size < 3072
    session = lab.node.root / "run/edgefleet/channel/session"
    first, *rest = session.read_text().splitlines()
    session.write_text("\n".join([f"# {int(first.split()[1]) - 840}", *rest, ""]))
    cloud.asked.clear()
    assert 0 == lab.node.run_again(**cloud.variables).returncode
    assert ["POST /sessions", path] == [path for path, _, _ in cloud.asked]


def test_a_node_keeps_copies_and_gets_them_back(lab: Lab, cloud: Cloud) -> None:
    """In its own part of the bucket."""
    for file in state_backup.plan(replace(lab.target, site=replace(lab.target.site, backup=Backup()))).files:
        path = lab.node.root / file.path[1:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(file.mode)
    database = lab.node.root / "var/lib/rancher/k3s/server/db/state.db"
    database.parent.mkdir(parents=True)
    database.write_bytes(os.urandom(300_000))
    carry(lab, cloud)
    done = kept(lab, "due", **cloud.variables)
    assert 0 == done.returncode, done.stdout + done.stderr
    data = cloud.get(f"backups/{lab.target.site.name}/{lab.target.name}/0")
    assert len(data) > 300_000
    shutil.rmtree(lab.node.root / "var/lib/edgefleet/backup")
    done = kept(lab, "restore", "0", **cloud.variables)
    assert 0 == done.returncode, done.stdout + done.stderr


def test_credentials_are_in_memory_alone(lab: Lab, cloud: Cloud) -> None:
    """In a file of root below /run, and never among the arguments of a program."""
    lab.node.stand_in("curl", 'echo "$*" >>"$PLACE/arguments"\nexec /usr/bin/curl "$@"')
    lab.publish(1, app("two"))
    carry(lab, cloud)
    assert 0 == lab.node.run(**cloud.variables).returncode
    ((key, session),) = cloud.app.sessions.items()
    secrets = (key, session.secret, session.token)
    assert not [secret for secret in secrets if secret in (lab.node.place / "arguments").read_text()]
    holding = {
        file.relative_to(lab.node.root).as_posix()
        for file in lab.node.root.rglob("*")
        if file.is_file() and any(secret.encode() in file.read_bytes() for secret in secrets)
    }
    assert {"run/edgefleet/channel/session"} == holding
    file = lab.node.root / "run/edgefleet/channel/session"
    assert (0o600, 0o700) == (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777)


def test_a_site_has_its_own_objects_alone(cloud: Cloud, helper: Path) -> None:
    """Its name is that of its certificate; what is another's, or is listed, removed or moved, is refused."""
    for site in ("store-001", "store-002", "store-0011"):
        for key in (f"pointers/{site}.json", f"releases/{site}/n1/{'a' * 64}", f"status/{site}/n1.json"):
            cloud.put(key, b"{}")
        cloud.put(f"backups/{site}/n1/0", b"copy")
    cloud.put("delegation.json", b"keys")
    cloud.put("rollouts/1/plan.json", b"plan")
    made = json.loads(cloud.session(helper, holder_of("store-001")).stdout)
    top = "/images/fleet"
    own = {
        ("GET", f"{top}/delegation.json"),
        ("GET", f"{top}/pointers/store-001.json"),
        ("GET", f"{top}/releases/store-001/n1/{'a' * 64}"),
        ("PUT", f"{top}/status/store-001/n1.json"),
        ("GET", f"{top}/backups/store-001/n1/0"),
        ("PUT", f"{top}/backups/store-001/n1/0"),
    }
    paths = {path for _, path in own} | {"/images", "/images/", f"{top}/rollouts/1/plan.json", "/elsewhere"}
    for site in ("store-002", "store-0011", "", "*"):
        paths |= {f"{top}/pointers/{site}.json", f"{top}/status/{site}/n1.json", f"{top}/status/{site}.json"}
        paths.add(f"{top}/backups/{site}/n1/0")
        paths |= {f"{top}/releases/{site}/n1/{'a' * 64}", f"{top}/releases/store-001/../{site}/n1/{'a' * 64}"}
    tried = {(method, path) for method in ("GET", "PUT", "DELETE", "POST") for path in paths}
    assert own == {(method, path) for method, path in tried if cloud.ask(method, path, made) < 400}


@pytest.mark.parametrize(
    "what", ["another authority", "another role", "a disabled anchor", "revoked", "ended"]
)
def test_nobody_else_gets_a_session(cloud: Cloud, helper: Path, what: str) -> None:
    """A certificate of the region's sites does, before."""
    assert 0 == cloud.session(helper, holder_of("store-001")).returncode
    holder, changes = holder_of("store-001"), {}
    if what == "another authority":
        holder = holder_of("store-001", STRANGER)
    elif what == "another role":
        changes = {"role_arn": ROLE.replace("sites", "admins")}
    elif what == "a disabled anchor":
        roles = cloud.access.roles_anywhere
        assert roles is not None
        client = cloud.aws.client("rolesanywhere")
        client.disable_trust_anchor(trustAnchorId=roles.trust_anchor.rpartition("/")[2])
    elif what == "revoked":
        cloud.revoke(**{"store-001": 1})
    else:
        key = site_key(SECRET, fleet="retail", region="eu", site="store-001", generation=1)
        ended = datetime.now(UTC) - timedelta(minutes=1)
        holder = site_certificate(key, BY, site=(*PLACE, "store-001"), not_after=ended)
    refused = cloud.session(helper, holder, **changes)
    assert (1, "") == (refused.returncode, refused.stdout)
    assert "AccessDenied" in refused.stderr
    assert 1 == len(cloud.app.sessions)


STAND_IN = b"""#!/bin/sh
# A stand-in for AWS's helper: makes the credentials that a test has put beside it.
cat "$PLACE/credentials"
"""
CURL = """case "$*" in
  *rolesanywhere.amazonaws.com/releases/1.4.0/*)
    while [ "$1" != --output ]; do shift; done
    echo asked >>"$PLACE/downloads"
    cp "$PLACE/download" "$2" ;;
  *) exec /usr/bin/curl "$@" ;;
esac"""


def test_the_helper_is_downloaded_and_verified_before_it_runs(
    cloud: Cloud, target: Targets, tmp_path: Path
) -> None:
    """Once; with another digest than the one of the artifacts lock it is deleted."""
    with on_node(cloud, target, tmp_path, STAND_IN) as lab:
        lab.node.stand_in("curl", CURL)
        key = {"AccessKeyId": "ASIAX", "SecretAccessKey": "s/+=", "SessionToken": "t/+="}
        (tmp_path / "credentials").write_text(json.dumps({"Version": 1, **key}))
        ends = datetime.now(UTC) + timedelta(minutes=15)
        cloud.app.sessions["ASIAX"] = Session(
            secret=key["SecretAccessKey"],
            token=key["SessionToken"],
            role=ROLE,
            common_name=lab.target.site.name,
            ends=ends,
        )
        lab.publish(1, app("two"))
        carry(lab, cloud)
        (tmp_path / "download").write_bytes(STAND_IN + b"touch $PLACE/ran\n")
        done = lab.node.run(**cloud.variables)
        assert 0 != done.returncode
        assert "another digest" in done.stderr
        assert [] == [*(lab.node.root / "usr/local/bin").iterdir()]
        (tmp_path / "download").write_bytes(STAND_IN)
        (tmp_path / "downloads").unlink()
        for _ in range(2):
            done = lab.node.run(**cloud.variables)
            assert 0 == done.returncode, done.stderr
        assert STAND_IN == (lab.node.root / HELPER).read_bytes()
        assert "asked\n" == (tmp_path / "downloads").read_text()
        assert "healthy" == status_of(lab, cloud)["state"]
        assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(("version", "is_old"), [("7.74.0", True), ("7.81.0", True), ("7.88.1", False)])
def test_a_node_with_an_old_curl_reports_it_itself(
    cloud: Cloud, target: Targets, tmp_path: Path, version: str, *, is_old: bool
) -> None:
    """It signs no token, so that the store would refuse each request."""
    with on_node(cloud, target, tmp_path, STAND_IN) as lab:
        old = f'case $1 in --version) echo "curl {version} (x86_64)" ;; *) exec /usr/bin/curl "$@" ;; esac'
        lab.node.stand_in("curl", old)
        place(lab, STAND_IN)
        (tmp_path / "credentials").write_text("")
        assert 0 != lab.node.run(**cloud.variables).returncode
        problem = lab.node.root / "var/lib/edgefleet/problems/channel"
        assert is_old == (problem.exists() and "curl before 7.87" in problem.read_text())


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck: apt-get install shellcheck")
def test_shellcheck_finds_nothing(cloud: Cloud, target: Targets, tmp_path: Path) -> None:
    """In the program as nodes have it."""
    with on_node(cloud, target, tmp_path, STAND_IN) as lab:
        script = lab.node.root / release_channel.SCRIPT[1:]
        done = subprocess.run(
            ["shellcheck", "--shell=sh", script], capture_output=True, text=True, check=False
        )
        assert (0, "") == (done.returncode, done.stdout)
