"""Model servers: how the model gets to the Pod, for real with curl and a server of files."""

import shutil
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from edgefleet.io.templates import render
from edgefleet.model.spec import from_plain
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.base.shapes import pod_of
from edgefleet.workloads.composing import images
from edgefleet.workloads.inference import KIND, SERVERS, Inference

MODEL = bytes(range(256)) * 400
DIGEST = sha256(MODEL).hexdigest()
PLACE = Place(name="defects")
AIRGAPPED = Place(name="defects", is_airgapped=True)


def inference(**fields: Any) -> Inference:
    """A model server of a fleet file."""
    model = {"source": "https://models.example/defects.onnx", "sha256": DIGEST, **fields.pop("model", {})}
    return from_plain(Inference, {"kind": "inference", "model": model, **fields})


def pod(spec: Inference, place: Place = PLACE) -> Object:
    """Its Pods."""
    (found,) = filter(None, map(pod_of, KIND.objects(spec, place)))
    return dict(found)


class Files(ThreadingHTTPServer):
    """A server of one file, which can break off and asks for a login."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.content = MODEL
        self.breaks_after: int | None = None
        self.login = ""
        self.ranges: list[str | None] = []

    @property
    def address(self) -> str:
        """Where the file is."""
        return f"http://127.0.0.1:{self.server_port}/defects.onnx"


class Answers(BaseHTTPRequestHandler):
    """Its answers."""

    server: Files

    def do_GET(self) -> None:
        """The file, or the range of it that the request names."""
        given = self.headers.get("Authorization", "").removeprefix("Basic ")
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        first = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        if self.server.login != b64decode(given).decode():
            self.send_error(401)
        elif asked and first >= len(self.server.content):
            self.send_error(416)
        else:
            self._send(first)

    def _send(self, first: int) -> None:
        content = self.server.content
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(content) - first))
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        self.wfile.write(content[first : self.server.breaks_after])

    def log_message(self, *_: Any) -> None:
        """No log."""


@pytest.fixture
def files() -> Iterator[Files]:
    """A server of the model."""
    with Files() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def downloaded(folder: Path, source: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What the container that downloads does."""
    if not shutil.which("curl"):
        pytest.skip("needs curl")
    given = {
        "FOLDER": str(folder),
        "SOURCE": source,
        "SHA256": DIGEST,
        "PATH": "/usr/bin:/bin",
        **environment,
    }
    command = ["sh", "-c", render("workloads/model.sh")]
    return subprocess.run(command, env=given, capture_output=True, text=True, check=False, timeout=60)


def names(folder: Path) -> list[str]:
    """What is in the folder."""
    return sorted(path.name for path in folder.iterdir())


def test_the_model_is_downloaded_once_and_needs_no_link_afterwards(files: Files, tmp_path: Path) -> None:
    """What another model left is removed."""
    (tmp_path / "0123").write_text("the former model")
    first = downloaded(tmp_path, files.address)
    assert (0, "") == (first.returncode, first.stderr)
    assert [DIGEST] == names(tmp_path)
    assert MODEL == (tmp_path / DIGEST).read_bytes()
    assert 0 == downloaded(tmp_path, "http://127.0.0.1:1/away").returncode
    assert [None] == files.ranges


def test_a_download_goes_on_where_it_broke_off(files: Files, tmp_path: Path) -> None:
    files.breaks_after = 60_000
    broken = downloaded(tmp_path, files.address)
    assert (1, True) == (broken.returncode, "is not here yet" in broken.stderr)
    files.breaks_after = None
    assert 0 == downloaded(tmp_path, files.address).returncode
    assert [None, "bytes=60000-"] == files.ranges
    assert MODEL == (tmp_path / DIGEST).read_bytes()


def test_another_file_is_not_used(files: Files, tmp_path: Path) -> None:
    files.content = MODEL[:-1] + b"!"
    refused = downloaded(tmp_path, files.address)
    assert (1, True) == (refused.returncode, "does not have the digest" in refused.stderr)
    assert [] == names(tmp_path)


def test_a_part_that_is_longer_than_the_file_is_begun_anew(files: Files, tmp_path: Path) -> None:
    (tmp_path / f"{DIGEST}.part").write_bytes(MODEL + MODEL)
    assert 1 == downloaded(tmp_path, files.address).returncode
    assert 0 == downloaded(tmp_path, files.address).returncode


def test_a_login_may_have_any_character(files: Files, tmp_path: Path) -> None:
    files.login = 'reader:a "b" \\c $(d) ü'
    assert "401" in downloaded(tmp_path, files.address).stderr
    assert 0 == downloaded(tmp_path, files.address, LOGIN=files.login).returncode


def test_only_the_download_has_its_login() -> None:
    spec = pod(inference(secrets={"MODEL_LOGIN": "reader", "KEY": "key"}))
    variables = {
        each["name"]: [variable["name"] for variable in each["env"] if "valueFrom" in variable]
        for each in (*spec["initContainers"], *spec["containers"])
    }
    assert {"model": ["LOGIN"], "defects": ["KEY"]} == variables


def test_a_bucket_is_asked_by_its_address() -> None:
    model = {"source": "s3://models/a/defects.onnx", "region": "eu-central-1"}
    first = pod(inference(model=model))["initContainers"][0]
    values = {variable["name"]: variable["value"] for variable in first["env"]}
    assert "https://models.s3.eu-central-1.amazonaws.com/a/defects.onnx" == values["SOURCE"]
    assert "eu-central-1" == values["REGION"]


def test_an_air_gapped_node_carries_the_model_and_downloads_nothing() -> None:
    """The Pod has the folder of the node's payload, and no image of a downloader is needed."""
    spec = inference()
    objects = [*KIND.objects(spec, AIRGAPPED)]
    (need,) = KIND.carries(spec, "arm64")
    assert (f"models/{DIGEST}", "base", spec.model.source, DIGEST) == (
        need.path,
        need.kind,
        need.name,
        need.version,
    )
    (volume,) = [each for each in objects if "PersistentVolume" == each["kind"]]
    assert "/var/lib/edgefleet/models" == volume["spec"]["local"]["path"]
    (mount,) = [
        each
        for each in pod(spec, AIRGAPPED)["containers"][0]["volumeMounts"]
        if volume["spec"]["claimRef"]["name"] == each["name"]
    ]
    assert (DIGEST, "/models/defects/1/model.onnx") == (mount["subPath"], mount["mountPath"])
    assert [SERVERS["onnxruntime"].image] == [*images(objects)]


def test_a_new_model_changes_nothing_that_cannot_change() -> None:
    """Volumes, claims and the claims of a StatefulSet are as before (Kubernetes docs)."""
    fixed = []
    for model in ({}, {"sha256": "0" * 64, "source": "https://models.example/5.onnx"}):
        for place in (PLACE, AIRGAPPED):
            for each in KIND.objects(inference(model=model), place):
                if each["kind"].startswith("PersistentVolume"):
                    fixed.append((place.is_airgapped, each))
                elif each["kind"] == "StatefulSet":
                    fixed.append((place.is_airgapped, each["spec"]["volumeClaimTemplates"]))
    assert fixed[: len(fixed) // 2] == fixed[len(fixed) // 2 :]


@pytest.mark.parametrize("server", ["onnxruntime", "triton"])
def test_an_accelerator_is_requested_and_used(server: str) -> None:
    gpu = {"resource": "nvidia.com/gpu", "count": 2, "runtimeClass": "nvidia"}
    spec = pod(inference(server=server, accelerator=gpu, where={"capabilities": ["gpu"]}))
    assert "2" == spec["containers"][0]["resources"]["limits"]["nvidia.com/gpu"]
    assert "nvidia" == spec["runtimeClassName"]
    assert SERVERS[server].accelerated == spec["containers"][0]["image"]


@pytest.mark.parametrize(
    ("warm_up", "action"),
    [
        ({}, {"httpGet": {"path": "/v2/models/defects/ready", "port": "http"}}),
        ({"path": "/warm"}, {"httpGet": {"path": "/warm", "port": "http"}}),
        ({"command": ["/warm"]}, {"exec": {"command": ["/warm"]}}),
    ],
)
def test_the_server_is_warm_before_it_serves(warm_up: dict[str, Any], action: Object) -> None:
    probe = pod(inference(server="triton", warmUp={**warm_up, "within": "95s"}))["containers"][0][
        "startupProbe"
    ]
    assert {**action, "periodSeconds": 10, "timeoutSeconds": 10, "failureThreshold": 10} == probe


def test_the_training_is_of_the_hub_alone() -> None:
    training = {"image": "registry.example/train:1", "schedule": "0 3 * * 0", "secrets": {"KEY": "writer"}}
    spec = inference(training=training)
    assert KIND.has_cloud(spec)
    assert not KIND.has_cloud(inference())
    hub = Place(name="defects", side="hub")
    kinds = [each["kind"] for each in KIND.cloud(spec, hub)]
    assert ["Secret", "CronJob", "NetworkPolicy"] == kinds
    assert [] == [*KIND.cloud(inference(), hub)]
    assert [*KIND.objects(spec, PLACE)] == [*KIND.objects(inference(), PLACE)]


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({"server": "custom"}, ["image"]),
        ({"model": {"source": "s3://models/a.onnx"}}, ["model.source"]),
        ({"model": {"file": "model.plan"}}, ["model.file"]),
        ({"accelerator": {"resource": "nvidia.com/gpu"}}, ["where.capabilities"]),
        ({"server": "triton", "model": {"file": "model.plan"}}, []),
    ],
)
def test_contradictions_are_problems(fields: dict[str, Any], paths: list[str]) -> None:
    assert paths == [problem.path for problem in KIND.check(inference(**fields))]
