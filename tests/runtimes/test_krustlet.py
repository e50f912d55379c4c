"""Runtime `krustlet`: certificates, installer, and functions that select it. Krustlet itself is not run."""

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.boot.conftest import KEY, Targets

from edgefleet.boot import firewall, recipe_1
from edgefleet.errors import InvalidInput
from edgefleet.keys.site_authorities import authorities, kubelet
from edgefleet.model.firstboot import Step, Target
from edgefleet.model.krustlet import TAINTS
from edgefleet.runtimes import krustlet, runtime_of
from edgefleet.site.load import Loads
from edgefleet.workloads.composing import objects_of

PROGRAM = b"#!/bin/sh\necho stand-in for krustlet-wasi\n"


def files_of(target: Target) -> dict[str, str]:
    """dict[path -> text] of a node's runtime."""
    runtime = runtime_of(target.node)
    return {
        file.path: file.content.decode()
        for step in (runtime.configure(target), runtime.install(target))
        for file in step.files
    }


def test_it_finds_all_in_place_by_which_it_joins(target: Targets) -> None:
    """The server of the site, its own name, and certificates: it then asks for none."""
    files = files_of(target("old-modules", "old"))
    lines = files[f"{krustlet.FOLDER}/environment"].splitlines()
    settings = {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}
    assert ("it-tor-005-old", "10.31.1.11", "127.0.0.1") == tuple(
        settings[f"KRUSTLET_{name}"] for name in ("NODE_NAME", "NODE_IP", "ADDRESS")
    )
    assert {
        settings["KUBECONFIG"],
        settings["KRUSTLET_CERT_FILE"],
        settings["KRUSTLET_PRIVATE_KEY_FILE"],
    } <= files.keys()
    assert "wasm.edgefleet.dev/krustlet=true" in settings["NODE_LABELS"].split(",")
    cluster = yaml.safe_load(files[krustlet.KUBECONFIG])["clusters"][0]["cluster"]
    assert "https://10.31.1.10:6443" == cluster["server"]
    assert {0o600} == {
        file.mode for file in krustlet.configure(target("old-modules", "old")).files if file.is_secret
    }


def test_its_certificates_are_of_the_site_s_authorities_and_its_name_alone() -> None:
    """For the API as a node, and for its own server; another site's authorities sign neither."""
    made = kubelet(KEY, "box", "10.0.0.1")
    by = {
        purpose: x509.load_pem_x509_certificate(authorities(KEY)[purpose].encode())
        for purpose in ("client-ca", "server-ca")
    }
    pairs = (
        ("client-ca", made.client_certificate, made.client_key),
        ("server-ca", made.server_certificate, made.server_key),
    )
    for purpose, pem, key in pairs:
        leaf = x509.load_pem_x509_certificate(pem.encode())
        leaf.verify_directly_issued_by(by[purpose])
        assert load_pem_private_key(key.encode(), None).public_key() == leaf.public_key()
        assert key.startswith("-----BEGIN PRIVATE KEY-----\n")
        assert "CN=system:node:box,O=system:nodes" == leaf.subject.rfc4514_string()
    assert by["server-ca"] == x509.load_pem_x509_certificate(made.authority.encode())
    assert made.client_key not in {made.server_key, kubelet(KEY, "other", "10.0.0.1").client_key}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl: apt-get install openssl")
def test_openssl_verifies_both(tmp_path: Path) -> None:
    """A node as a client of the API, and as a server at its address."""
    made = kubelet(KEY, "box", "10.0.0.1")
    pairs = authorities(KEY)
    for name, purpose, pem, authority in (
        ("client", "sslclient", made.client_certificate, pairs["client-ca"]),
        ("server", "sslserver", made.server_certificate, pairs["server-ca"]),
    ):
        (tmp_path / f"{name}.crt").write_text(pem)
        (tmp_path / f"{name}-ca.crt").write_text(authority[authority.index("-----BEGIN CERTIFICATE") :])
        line = [
            "openssl",
            "verify",
            "-x509_strict",
            "-CAfile",
            f"{name}-ca.crt",
            "-purpose",
            purpose,
            f"{name}.crt",
        ]
        run = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (0, f"{name}.crt: OK\n") == (run.returncode, run.stdout), run.stderr


def test_its_secrets_are_known_to_the_scan(target: Targets) -> None:
    """Each key, by a line of it."""
    made = target("old-modules", "old")
    known = dict(krustlet.secrets(made.site, KEY))
    assert 2 == len(known)
    texts = "".join(files_of(made).values())
    assert known["the key of the server of it-tor-005-old"] in texts


def test_a_function_selects_it_and_others_keep_away(target: Targets) -> None:
    """Its RuntimeClass tolerates the taints; the memory of the node counts for nothing else."""
    site = target("old-modules", "old").site
    web = {"kind": "web", "image": "registry.example/a:1", "port": 8080}
    site = replace(site, workloads={**site.workloads, "till": web})
    (of_class,) = (each for each in objects_of(site)["meters"] if each["kind"] == "RuntimeClass")
    assert {"wasm.edgefleet.dev/krustlet": "true"} == of_class["scheduling"]["nodeSelector"]
    nodes = Loads().of(site).nodes
    assert (("srv",), True) == (nodes["till"], "old" in nodes["meters"])
    assert all(taint.startswith("kubernetes.io/arch=wasm32-wasi:") for taint in TAINTS)


def test_nothing_of_k3s_is_on_the_node(target: Targets, text_of: Callable[[Step, str], str]) -> None:
    """And nothing of it is open to others."""
    made = target("old-modules", "old")
    whole = Step.joined(*(step.plan(made) for step in recipe_1.STEPS))
    paths = [file.path for file in whole.files] + [unit.name for unit in whole.units]
    assert [] == [path for path in paths if "k3s" in path or "renew" in path]
    rules = text_of(firewall.plan(made), firewall.PATH)
    assert [] == [word for word in ("3000", "10250", "6443", "cni0") if word in rules]


def test_a_spec_without_an_archive_is_refused(target: Targets) -> None:
    """Of a program."""
    made = target("old-modules", "old")
    bare = replace(made.node, krustlet=None)
    site = replace(made.site, nodes={**made.site.nodes, "old": bare})
    with pytest.raises(InvalidInput, match="nothing tells where its archive is"):
        krustlet.install(replace(made, site=site))


def archive() -> bytes:
    """A release with a stand-in for Krustlet."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        item = tarfile.TarInfo("krustlet-wasi")
        item.size = len(PROGRAM)
        tar.addfile(item, io.BytesIO(PROGRAM))
    return out.getvalue()


def installed(root: Path, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the installer of a node in a folder; `systemctl` and `curl`, which gives a file, are stand-ins."""
    stand_ins = root / "stand-ins"
    stand_ins.mkdir(exist_ok=True)
    programs = {
        "systemctl": f'echo "systemctl $*" >>{root}/calls',
        "curl": f'while [ "$1" != --output ]; do shift; done; cat {root}/archive >"$2"; echo 200',
    }
    for name, text in programs.items():
        (stand_ins / name).write_text(f"#!/bin/sh\n{text}\n")
        (stand_ins / name).chmod(0o755)
    (root / "install").write_text(script)
    given = {
        **os.environ,
        "PATH": f"{stand_ins}:{os.environ['PATH']}",
        "EDGEFLEET_PREFIX": str(root),
        "EDGEFLEET_ATTEMPTS": "1",
        "EDGEFLEET_RETRY_SECONDS": "0",
        "EDGEFLEET_RESERVE": "0",
        **environment,
    }
    return subprocess.run(
        ["sh", root / "install"], env=given, capture_output=True, text=True, check=False, timeout=60
    )


def script_of(target: Target, digest: str) -> str:
    """The installer of a node whose fleet file has `digest`."""
    given = target.node.krustlet
    assert given is not None
    node = replace(target.node, krustlet=replace(given, sha256=digest))
    site = replace(target.site, nodes={**target.site.nodes, target.name: node})
    return files_of(replace(target, site=site))["/usr/local/lib/edgefleet/install-krustlet"]


def test_it_is_installed_once_it_has_the_digest_of_the_fleet_file(target: Targets, tmp_path: Path) -> None:
    """And is not downloaded again; another archive is deleted, and nothing of it is used."""
    (tmp_path / "archive").write_bytes(archive())
    made = target("old-modules", "old")
    right = script_of(made, hashlib.sha256(archive()).hexdigest())
    refused = installed(tmp_path, script_of(made, "3" * 64))
    assert (1, False) == (refused.returncode, (tmp_path / "usr/local/bin/krustlet-wasi").exists())
    assert "not used, deleted" in (tmp_path / "var/lib/edgefleet/problems/krustlet").read_text()
    run = installed(tmp_path, right)
    assert 0 == run.returncode, run.stderr
    assert PROGRAM == (tmp_path / "usr/local/bin/krustlet-wasi").read_bytes()
    assert not (tmp_path / "var/lib/edgefleet/problems/krustlet").exists()
    (tmp_path / "calls").unlink()
    assert 0 == installed(tmp_path, right).returncode
    assert "systemctl restart krustlet.service\n" == (tmp_path / "calls").read_text()


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze: apt-get install systemd"
)
def test_systemd_takes_its_units(target: Targets, tmp_path: Path) -> None:
    """`systemd-analyze verify` finds nothing wrong; a stand-in takes the place of the programs they run."""
    paths = []
    for unit in krustlet.install(target("old-modules", "old")).units:
        path = tmp_path / unit.name
        text = unit.text.replace("/usr/local/lib/edgefleet/install-krustlet", "/bin/true")
        path.write_text(text.replace("/usr/local/bin/krustlet-wasi", "/bin/true"))
        paths.append(path)
    (tmp_path / "edgefleet-configuration.service").write_text("[Service]\nExecStart=/bin/true\n")
    run = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True, check=False
    )
    said = [line for line in run.stderr.splitlines() if str(tmp_path) in line]
    assert (0, []) == (run.returncode, said)


def health(root: Path, script: str, state: str, since: str) -> Any:
    """What the health check writes, with a stand-in for systemctl."""
    stand_ins = root / "stand-ins"
    stand_ins.mkdir(exist_ok=True)
    answers = f"case $* in *install*) echo inactive ;; *is-active*) echo {state} ;; *) echo {since} ;; esac"
    (stand_ins / "systemctl").write_text(f"#!/bin/sh\n{answers}\n")
    (stand_ins / "systemctl").chmod(0o755)
    (root / "heal").write_text(script)
    given = {
        **os.environ,
        "PATH": f"{stand_ins}:{os.environ['PATH']}",
        "EDGEFLEET_PREFIX": str(root),
        "EDGEFLEET_WITHIN": "0",
        "EDGEFLEET_PAUSE_SECONDS": "0",
    }
    (root / "run/edgefleet").mkdir(parents=True, exist_ok=True)
    subprocess.run(["sh", root / "heal", "check"], env=given, check=True, timeout=60, capture_output=True)
    return yaml.safe_load((root / "var/lib/edgefleet/status.json").read_text())["state"]


def test_its_health_is_that_it_stays(target: Targets, tmp_path: Path) -> None:
    """One that ends soon after each start is unhealthy."""
    made = target("old-modules", "old")
    whole = Step.joined(*(step.plan(made) for step in recipe_1.STEPS))
    script = next(
        file for file in whole.files if file.path == "/usr/local/lib/edgefleet/heal"
    ).content.decode()
    assert "healthy" == health(tmp_path, script, "active", "0")
    assert "unhealthy" == health(tmp_path, script, "activating", "0")
