#!/usr/bin/python3
"""A stand-in for KubeEdge's edgecore: it checks its configuration, certificate and containerd, and waits.

It runs no Pod and reaches no CloudCore; each line that it prints says so. It is stricter than edgecore, which
takes unknown fields without a word (KubeEdge 1.23, edge/pkg/edgehub/certificate/certmanager.go, for the
certificate). The test puts the schema of edgecore.yaml in.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import yaml

CONFIG = Path("/etc/kubeedge/config/edgecore.yaml")
NETWORKS = Path("/etc/cni/net.d")
SCHEMA: dict[str, Any] = {}
OTHERS = 0o077
"""Permission bits of everybody but the owner."""


def say(text: str) -> None:
    """A line in the journal and at the console."""
    line = f"edgecore stand-in: {text}\n"
    sys.stdout.write(line)
    sys.stdout.flush()
    Path("/dev/console").write_text(line)


def answer(*words: str) -> str:
    """What a program prints; nothing where it fails."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout.strip() if done.returncode == 0 else ""


def wrong_certificate(hub: dict[str, Any], node: str) -> Iterator[str]:
    """Why CloudCore would not take the node's certificate, or edgecore would ask for another one."""
    authority, certificate, key = (hub[f"tls{name}File"] for name in ("Ca", "Cert", "PrivateKey"))
    if hub.get("token"):
        yield "there is a token, and a certificate is in place"
    if Path(key).stat().st_mode & OTHERS:
        yield f"{key} can be read by others"
    if not answer("openssl", "verify", "-purpose", "sslclient", "-CAfile", authority, certificate):
        yield f"{certificate} is not of the authority {authority}"
    of_certificate = answer("openssl", "x509", "-in", certificate, "-noout", "-pubkey")
    if not of_certificate or of_certificate != answer("openssl", "pkey", "-in", key, "-pubout"):
        yield f"{key} is not the key of {certificate}"
    subject = subject_of(certificate)
    if subject != f"O=system:nodes,CN=system:node:{node}":
        yield f"{certificate} is that of {subject}"


def subject_of(certificate: str) -> str:
    """Whose it is."""
    options = ("-noout", "-subject", "-nameopt", "sep_comma_plus")
    return answer("openssl", "x509", "-in", certificate, *options).removeprefix("subject=")


def wrong_containerd(edged: dict[str, Any]) -> Iterator[str]:
    """What is missing of containerd, which is Debian's own, and of the network of Pods."""
    socket = edged["tailoredKubeletConfig"]["containerRuntimeEndpoint"].removeprefix("unix://")
    ctr = ("ctr", "--address", socket, "--namespace", "k8s.io")
    if edged["podSandboxImage"] not in answer(*ctr, "images", "ls", "-q").split():
        yield f"containerd has no {edged['podSandboxImage']}"
    plugins = answer(*ctr, "plugins", "ls").splitlines()
    if not any("cri" in line and line.split()[-1] == "ok" for line in plugins):
        yield "containerd serves no Kubernetes"
    for file in NETWORKS.glob("*.conflist"):
        for plugin in json.loads(file.read_text())["plugins"]:
            if not (Path("/usr/lib/cni") / plugin["type"]).exists():
                yield f"{file} asks for the plugin {plugin['type']}"


def refuse(problems: list[str]) -> None:
    """End where there are any."""
    if problems:
        say(f"does not start: {'; '.join(problems)}")
        raise SystemExit(1)


def main() -> None:
    """Check, and wait for ever."""
    config = yaml.safe_load(CONFIG.read_text())
    refuse([error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(config)])
    hub, edged = config["modules"]["edgeHub"], config["modules"]["edged"]
    refuse([*wrong_certificate(hub, edged["hostnameOverride"]), *wrong_containerd(edged)])
    say(f"started with the certificate of {subject_of(hub['tlsCertFile'])} for {hub['httpServer']}")
    say("no Pod runs here")
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
