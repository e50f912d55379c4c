"""inference: a model server. Its model is a file by digest; its training may run in the cloud.

The server needs no link once the model is there. On an air-gapped node the model is a file of the payload,
which a PersistentVolume of the type `local` gives to the Pod: Pod Security refuses `hostPath`, and for an
image volume somebody has to pack the model as an image first. Elsewhere a container that runs before the
server downloads the model to a volume of the node's own disk, verifies it, and finds it there the next time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal
from urllib.parse import urlsplit

from edgefleet.errors import Problem
from edgefleet.io.templates import render
from edgefleet.model.names import BUCKET_RE, HOST_RE, PATH_RE, SecretName, reachable
from edgefleet.model.quantities import Quantity
from edgefleet.model.references import ImageName
from edgefleet.model.releases import AwsRegion, Digest
from edgefleet.model.requirement import Requirement
from edgefleet.model.schedules import Cron, Duration, seconds_of
from edgefleet.model.site import Arch
from edgefleet.model.spec import Written, spec
from edgefleet.model.syntax import Grammar
from edgefleet.workloads.base import objects as of
from edgefleet.workloads.base.accelerators import Accelerator, check_accelerator
from edgefleet.workloads.base.kind import Kind, Object, Place
from edgefleet.workloads.base.modules import Modular
from edgefleet.workloads.base.pods import Container, container, stateful_set, template
from edgefleet.workloads.base.spec import (
    Egress,
    Expose,
    HttpPath,
    Port,
    Probe,
    Replicas,
    Resources,
    Storage,
    Variable,
)
from edgefleet.workloads.base.values import ContainerText
from edgefleet.workloads.job import Job
from edgefleet.workloads.job import objects as objects_of_job

CARRIED = "/var/lib/edgefleet/models"
"""Folder of a node with the models of its payload, each named by its digest (heal/payload.sh.j2)."""
FOLDER = "/models"
"""Folder in a container: <workload>/1/<file>, the form of Triton and of ONNX Runtime Server."""
VOLUME = "model"
LOGIN = "MODEL_LOGIN"
"""Variable of `secrets` that the download alone gets: <user>:<password>, or <access key>:<secret key>."""
DOWNLOADER = "docker.io/curlimages/curl:8.16.0"
_SOURCE = Grammar(
    rf"https?://{HOST_RE}(:\d{{1,5}})?{PATH_RE}|s3://{BUCKET_RE}(/[A-Za-z0-9._~+=@-]+)+",
    "bad-model",
    "where a model is found",
    "write an address such as https://models.example/defects-4.onnx, or s3://bucket/defects-4.onnx",
    2000,
    lambda text: text if text.startswith("s3:") else reachable(text),
)
_FILE_NAME = Grammar(
    r"[A-Za-z0-9][A-Za-z0-9._-]*", "bad-name", "the name of a file", "write it like model.onnx", 100
)
FileName = Annotated[str, _FILE_NAME]


@spec
class Model:
    """A model: one file, by its digest."""

    source: Annotated[str, _SOURCE]
    """Where it is: https://models.example/defects-4.onnx, or s3://models/defects-4.onnx."""
    sha256: Digest
    """Hex SHA-256 of the file. Another file is never used."""
    file: FileName = "model.onnx"
    """Name that the server finds it under: model.onnx, model.plan."""
    region: AwsRegion | None = None
    """AWS region of the bucket of an s3:// address; requests are signed for it."""
    storage: Quantity = "4Gi"
    """Room for the model on a node that downloads it."""
    downloader: ImageName = DOWNLOADER
    """Container image with curl that downloads it."""

    @property
    def address(self) -> str:
        """Where HTTP finds it (S3 user guide, virtual hosting of buckets)."""
        if not self.source.startswith("s3://"):
            return self.source
        bucket, _, key = self.source.removeprefix("s3://").partition("/")
        return f"https://{bucket}.s3.{self.region}.amazonaws.com/{key}"


@spec
class WarmUp:
    """A request that the server answers when it is ready to serve: the first one is often slow."""

    path: HttpPath | None = None
    """Path of an HTTP request; by default the server's own for its model."""
    command: tuple[ContainerText, ...] = ()
    """Program in the container instead of a request: [/usr/bin/warm-up]."""
    within: Duration = "5m"
    """Longest duration until it succeeds; then the container is restarted."""


@spec
class Training:
    """The training of the model, which runs in the hub's cluster by schedule."""

    image: ImageName
    """Container image with a tag or a digest."""
    schedule: Cron
    """When it runs, as a cron expression in UTC: 0 3 * * 0."""
    command: tuple[ContainerText, ...] = ()
    """Program of the container instead of its image's own."""
    args: tuple[ContainerText, ...] = ()
    """Arguments of the program."""
    environment: dict[Variable, ContainerText] = field(default_factory=dict)
    """Variable -> value."""
    secrets: dict[Variable, SecretName] = field(default_factory=dict)
    """Variable -> name of a secret of the stack, which no site gets: of the bucket that it writes to."""
    resources: Resources = Resources()
    """What its Pod takes."""
    accelerator: Accelerator | None = None
    """What its Pod takes of the accelerators of the hub's nodes."""
    storage: Storage | None = None
    """Folder that later runs find as earlier ones left it."""
    deadline: Duration = "1d"
    """Longest duration of a run; then Kubernetes ends it as failed."""
    egress: tuple[Egress, ...] = ()
    """What it may reach besides DNS."""


@spec
class Inference(Modular):
    """A model server."""

    kind: Annotated[Literal["inference"], Written()] = "inference"
    """inference."""
    server: Literal["onnxruntime", "triton", "custom"] = "onnxruntime"
    """The server: onnxruntime (ONNX Runtime Server), triton (NVIDIA Triton), or custom, an image of yours."""
    image: ImageName | None = None
    """Its container image; by default a release of the server that edgefleet knows."""
    model: Model
    """What it serves."""
    port: Port = 8080
    """Port at which it serves HTTP."""
    command: tuple[ContainerText, ...] = ()
    """Program of the container instead of the server's."""
    args: tuple[ContainerText, ...] = ()
    """Arguments after those that edgefleet writes."""
    replicas: Replicas = 1
    """How many Pods, spread over the nodes; each node has the model once per Pod."""
    accelerator: Accelerator | None = None
    """What each Pod takes of the node's accelerators."""
    warm_up: WarmUp = WarmUp()
    """The request that shows that the model is loaded."""
    probe: Probe | None = None
    """How Kubernetes finds out that it serves; by default the server's own path."""
    expose: Expose | None = None
    """How it is reached from outside of the cluster; by default only other workloads reach it."""
    training: Training | None = None
    """Its training in the hub's cluster; a trained model gets to sites when its digest is written here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A model server that edgefleet knows."""

    image: str = ""
    accelerated: str = ""
    """Its image for an accelerator."""
    command: tuple[str, ...] = ()
    arguments: Callable[[str, int, int], tuple[str, ...]] = lambda *_: ()
    """Of (name of the model, port, number of accelerators)."""
    environment: dict[str, str] = field(default_factory=dict)
    ready: str | None = None
    """Path that answers while it serves."""
    loaded: str | None = None
    """Path, with ``{name}``, that answers when the model is loaded."""


def _onnxruntime(name: str, port: int, accelerators: int) -> tuple[str, ...]:
    session = f"{name}:1(cuda=true)" if accelerators else f"{name}:1"
    return "--model-dir", FOLDER, "--http-port", f"{port}", "--prepare-model", session


def _triton(name: str, port: int, accelerators: int) -> tuple[str, ...]:
    del name, accelerators  # it serves all models of its folder, and finds accelerators itself
    return (
        f"--model-repository={FOLDER}",
        f"--http-port={port}",
        "--allow-grpc=false",
        "--allow-metrics=false",
    )


SERVERS = {
    "onnxruntime": Server(
        image="docker.io/kibaes/onnxruntime-server:1.30.0-linux-cpu",
        accelerated="docker.io/kibaes/onnxruntime-server:1.30.0-linux-cuda12",
        command=("/app/bin/onnxruntime_server",),
        arguments=_onnxruntime,
        environment={"ORT_DISABLE_TELEMETRY": "1"},
        ready="/health",
        loaded="/api/sessions/{name}/1",
    ),
    "triton": Server(
        image="nvcr.io/nvidia/tritonserver:26.08-py3",
        accelerated="nvcr.io/nvidia/tritonserver:26.08-py3",
        command=("tritonserver",),
        arguments=_triton,
        ready="/v2/health/ready",
        loaded="/v2/models/{name}/ready",
    ),
    "custom": Server(),
}
"""dict[name in a fleet file -> server].

Microsoft's own ONNX Runtime Server has ended; kibae's serves the same models, from a small image for amd64
and arm64 (its docs/docker.md: paths, options, telemetry). Triton: its user guide, model_repository."""


def objects(inference: Inference, place: Place) -> Iterator[Object]:
    """A StatefulSet behind a Service, and the volume with the model."""
    yield from of.secrets_of(place, inference.secrets)
    yield from _volume(place) if place.is_airgapped else ()
    claims = {} if place.is_airgapped else {VOLUME: inference.model.storage}
    yield stateful_set(place, _pod(inference, place), claims, replicas=inference.replicas)
    yield of.service(place, place.name, {"http": inference.port})
    yield from of.exposed(place, inference.expose, place.name, inference.port)
    download = () if place.is_airgapped else (Egress(port=_port(inference.model.address)),)
    egress = (*inference.egress, *download)
    ports = [inference.port]
    yield of.network_policy(place, ports=ports, expose=inference.expose, needs=inference.needs, egress=egress)


def _volume(place: Place) -> Iterator[Object]:
    """The folder of the node's payload as a volume, and its claim.

    Neither can change, so neither depends on the model or the nodes. The size is stated, not enforced.
    """
    of_any_node = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "Exists"}]}
    shared = {"accessModes": ["ReadOnlyMany"], "storageClassName": ""}
    name = f"{place.name}-{VOLUME}"
    volume = of.a("PersistentVolume", place, name)
    del volume["metadata"]["namespace"]
    yield volume | {
        "spec": {
            **shared,
            "capacity": {"storage": "1Gi"},
            "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": {"namespace": place.namespace, "name": VOLUME},
            "local": {"path": CARRIED},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [of_any_node]}},
        }
    }
    wanted = {"volumeName": name, "resources": {"requests": {"storage": "1Gi"}}}
    yield of.a("PersistentVolumeClaim", place, VOLUME, spec=shared | wanted)


def _pod(inference: Inference, place: Place) -> Object:
    claimed = {"name": VOLUME, "persistentVolumeClaim": {"claimName": VOLUME, "readOnly": True}}
    return template(
        place,
        inference,
        _serving(inference, place),
        volumes=[claimed] if place.is_airgapped else [],
        initContainers=[] if place.is_airgapped else [container(_downloading(inference, place))],
        runtimeClassName=inference.accelerator.runtime_class if inference.accelerator else None,
    )


def _serving(inference: Inference, place: Place) -> Container:
    server, accelerator, model = SERVERS[inference.server], inference.accelerator, inference.model
    path = f"{FOLDER}/{place.name}/1/{model.file}"
    devices = accelerator.count if accelerator else 0
    probe = inference.probe or Probe(path=server.ready)
    return Container(
        name=place.name,
        image=inference.image or (server.accelerated if accelerator else server.image),
        command=inference.command or server.command,
        args=(*server.arguments(place.name, inference.port, devices), *inference.args),
        environment={"MODEL_PATH": path, **server.environment, **inference.environment},
        secrets={name: name for name in inference.secrets if name != LOGIN},
        secret_name=place.name,
        ports={"http": inference.port},
        probe=probe,
        probe_port="http",
        startup=_warming_up(inference.warm_up, server, probe, place.name),
        resources=inference.resources,
        extended=accelerator.request if accelerator else {},
        mounts={path: f"{VOLUME}/{model.sha256}"},
        writable=inference.writable,
    )


def _warming_up(warm_up: WarmUp, server: Server, probe: Probe, name: str) -> Object:
    """The startup probe."""
    path = warm_up.path or (server.loaded.format(name=name) if server.loaded else probe.path)
    if warm_up.command:
        action: Object = {"exec": {"command": list(warm_up.command)}}
    elif path is None:
        action = {"tcpSocket": {"port": "http"}}
    else:
        action = {"httpGet": {"path": path, "port": "http"}}
    every = 10
    attempts = -(-seconds_of(warm_up.within) // every)
    return {**action, "periodSeconds": every, "timeoutSeconds": every, "failureThreshold": attempts}


def _downloading(inference: Inference, place: Place) -> Container:
    model = inference.model
    environment = {"FOLDER": FOLDER, "SOURCE": model.address, "SHA256": model.sha256}
    return Container(
        name=VOLUME,
        image=model.downloader,
        command=("sh", "-c", render("workloads/model.sh")),
        environment=environment | ({"REGION": model.region} if model.region else {}),
        secrets={"LOGIN": LOGIN} if LOGIN in inference.secrets else {},
        secret_name=place.name,
        mounts={FOLDER: VOLUME},
    )


def _port(address: str) -> int:
    parts = urlsplit(address)
    return parts.port or (80 if parts.scheme == "http" else 443)


def cloud(inference: Inference, place: Place) -> Iterator[Object]:
    """Its training."""
    training = inference.training
    if training is not None:
        fields = {name: getattr(training, name) for name in Training.__dataclass_fields__}
        yield from objects_of_job(Job(**fields), place, "training")


def carries(inference: Inference, arch: Arch) -> Iterator[Requirement]:
    """The model."""
    model = inference.model
    path = f"models/{model.sha256}"
    yield Requirement(path=path, kind="base", name=model.address, version=model.sha256, arch=arch)


def check(inference: Inference) -> Iterator[Problem]:
    """A server without an image, a bucket without a region, a file that the server does not find."""
    if inference.server == "custom" and inference.image is None:
        problem = "a custom server has no image that edgefleet knows"
        yield Problem.of_value("image", "no-image", problem, "set image, or server: onnxruntime or triton")
    if inference.model.source.startswith("s3://") and inference.model.region is None:
        problem = "the address of a bucket has a region in it"
        yield Problem.of_value("model.source", "no-region", problem, "set model.region, such as eu-central-1")
    if inference.server == "onnxruntime" and inference.model.file != "model.onnx":
        problem = "ONNX Runtime Server finds a model by the name model.onnx alone"
        yield Problem.of_value("model.file", "other-file", problem, "remove file")
    yield from check_accelerator(inference.accelerator, inference.where)


KIND = Kind(
    name="inference",
    spec=Inference,
    objects=objects,
    cloud=cloud,
    has_cloud=lambda inference: inference.training is not None,
    cloud_fields=frozenset({"training"}),
    carries=carries,
    check=check,
)
