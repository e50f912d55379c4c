"""What runs in the hub's cluster for the channel: steps of rollouts, metrics, and the gateway of nodes. Pure.

Nothing of it has a key of the channel: a step copies pointers that `up` has signed, so who takes over the
cluster can withhold releases and invent none. Each part has the rights in the store of its credentials.

Sources: Kubernetes docs, concepts/workloads/controllers/job (podFailurePolicy) and
concepts/storage/projected-volumes; EKS user guide, associate-service-account-role; nginx docs,
ngx_core_module; Prometheus Operator, monitoring.coreos.com/v1.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.watched import text, watched
from edgefleet.hub import update_gateway
from edgefleet.hub.alerts import rules
from edgefleet.hub.dashboard import dashboard
from edgefleet.hub.update_gateway import BackingStore, UpdateGateway
from edgefleet.io.templates import render
from edgefleet.keys.site_certificate import LIST_LIFE
from edgefleet.model.channel import HubChannel, HubGateway
from edgefleet.workloads.base import objects as of
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.base.pods import Container, deployment, template
from edgefleet.workloads.base.runs import run
from edgefleet.workloads.base.spec import Egress, Expose, Pods, Probe, Resources
from edgefleet.workloads.checking import CHANNEL
from edgefleet.workloads.job import Job

PLACE = Place(name=CHANNEL, side="hub")
STEP, METRICS, GATEWAY = "step", "metrics", "gateway"
ACCOUNT = "channel"
"""Service account of steps and metrics; the gateway has its own."""
CERTIFICATES = "edgefleet.dev/update-gateway"
"""Type of the Secret with the certificate and the key of the gateway."""
ISSUED = "edgefleet.dev/issued"
"""Annotation with the time of issue of its list of revoked certificates."""
PARTS = ("authority.crt", "server.crt", "server.key", "revocations.pem")
"""Keys of that Secret."""
SCHEDULE = "*/15 * * * *"
METRICS_PORT, GATEWAY_PORT = 9464, 8443
NODES = "nodes.json"
RUN, CREDENTIALS = "/run/nginx", "/run/edgefleet"
MODULE = "/usr/lib/nginx/modules/ngx_http_js_module.so"
RESOLVER = "kube-dns.kube-system.svc.cluster.local"
TMP = "/tmp"  # noqa: S108 - of a container
MONITORING = "monitoring.coreos.com"
KEYS = {name: name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
"""dict[variable -> key of the Secret with credentials]."""
RESOURCES = Resources(cpu="50m", memory="128Mi", memory_limit="1Gi")
"""A plan of 10,000 sites has 6 MB, and some hundred in memory."""
NO_RETRY = {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1, 3]}}
"""A paused rollout (3) and a wrong input (1) are the same at the next attempt."""


def channel_objects(fleet: Fleet, now: datetime) -> tuple[Object, ...]:
    """The objects, with placeholders in the Secret of `CERTIFICATES`; none where the hub runs nothing of it.

    Args:
        fleet: whose hub it is.
        now: when `up` runs.
    """
    declared, store = fleet.control_plane.channel, update_gateway.store_of(fleet)
    if declared is None or store is None:
        return ()
    issued = update_gateway.issued(now)
    return (
        of.namespace(PLACE),
        _account(ACCOUNT, declared.credentials),
        *_traffic(fleet, declared, store),
        _step(fleet, declared),
        *_metrics(fleet, declared, issued),
        *_gateway(fleet, declared, store, issued),
        *_monitor(declared.monitor),
    )


def issued_of(secret: Mapping[str, Any]) -> tuple[str, datetime]:
    """The host of the gateway whose Secret it is, and the issue of its list of revoked certificates."""
    return of.host_of(dict(secret)), datetime.fromisoformat(secret["metadata"]["annotations"][ISSUED])


def _account(name: str, credentials: str | None) -> Object:
    account = of.a("ServiceAccount", PLACE, name, automountServiceAccountToken=False)
    if credentials is not None and _is_role(credentials):
        account["metadata"]["annotations"] = {"eks.amazonaws.com/role-arn": credentials}
    return account


def _is_role(credentials: str) -> bool:
    return credentials.startswith("arn:")


def _traffic(fleet: Fleet, declared: HubChannel, store: BackingStore) -> Iterator[Object]:
    """Out go DNS, the store and what gives credentials (IMDS and EKS: 169.254.0.0/16); in come all."""
    address = urlsplit(store.url)
    ports = {443, address.port or 443}
    yield of.network_policy(
        PLACE,
        ports=[METRICS_PORT, *([GATEWAY_PORT] if declared.gateway else [])],
        expose=Expose(port=_port(fleet)),
        egress=(*(Egress(port=port) for port in sorted(ports)), Egress(to="169.254.0.0/16", port=80)),
    )


def _program(fleet: Fleet, name: str, image: str, credentials: str | None, *command: str) -> dict[str, Any]:
    """A container of edgefleet: its fields."""
    environment = {"HOME": TMP, "XDG_CACHE_HOME": TMP, "AWS_REGION": fleet.cloud.region or ""}
    environment["AWS_ENDPOINT_URL_S3"] = update_gateway.address_of(fleet)
    has_secret = credentials is not None and not _is_role(credentials)
    return {
        "name": name,
        "image": image,
        "command": ("edgefleet", *command),
        "environment": {key: value for key, value in environment.items() if value},
        "secrets": KEYS if has_secret else {},
        "secret_name": credentials if has_secret else "",
        "resources": RESOURCES,
        "writable": (TMP,),
    }


def _step(fleet: Fleet, declared: HubChannel) -> Object:
    """A run of steps each quarter of an hour, none beside another."""
    job = Job(image=declared.image, schedule=SCHEDULE, retries=2, deadline="10m", starts_within="10m")
    command = ("rollout", "step", "--store", fleet.images.store)
    container = Container(**_program(fleet, STEP, declared.image, declared.credentials, *command))
    pod = template(PLACE, job, container, part=STEP, serviceAccountName=ACCOUNT)
    made = run(PLACE, job, pod, part=STEP)
    made["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"].append(NO_RETRY)
    return made


def _metrics(fleet: Fleet, declared: HubChannel, issued: datetime) -> Iterator[Object]:
    """The exporter, which reads its list of nodes again for each page: no change of it restarts the Pod."""
    ends = int((issued + LIST_LIFE).timestamp()) if declared.gateway else None
    folder = "/etc/edgefleet"
    command = ("sites", "metrics", "--store", fleet.images.store, "--nodes", f"{folder}/{NODES}")
    listening = ("--listen", "0.0.0.0", "--serve", str(METRICS_PORT))  # noqa: S104 - of a Pod
    fields = _program(fleet, METRICS, declared.image, declared.credentials, *command, *listening)
    container = Container(
        **fields,
        ports={METRICS: METRICS_PORT},
        probe=Probe(path="/healthz"),
        probe_port=METRICS,
        mounts={folder: METRICS},
    )
    scraped = {"scrape": "true", "port": str(METRICS_PORT), "path": "/metrics"}
    noted = (
        {}
        if declared.monitor is not None
        else {f"prometheus.io/{key}": value for key, value in scraped.items()}
    )
    pod = template(
        PLACE,
        Pods(),
        container,
        volumes=[{"name": METRICS, "configMap": {"name": METRICS}}],
        part=METRICS,
        annotations=noted,
        serviceAccountName=ACCOUNT,
    )
    yield of.config_map(PLACE, METRICS, {NODES: text(watched(fleet, ends))}, part=METRICS)
    yield deployment(PLACE, pod, name=METRICS, part=METRICS)
    yield of.service(PLACE, METRICS, {METRICS: METRICS_PORT}, part=METRICS)


def _gateway(fleet: Fleet, declared: HubChannel, store: BackingStore, issued: datetime) -> Iterator[Object]:
    """nginx, twice, and beside each what renews the credentials that it reads for each request."""
    gateway = declared.gateway
    if gateway is None or fleet.channel is None or fleet.channel.access.gateway is None:
        return
    host = urlsplit(fleet.channel.access.gateway).hostname or ""
    here = UpdateGateway(
        host=host,
        store=store,
        listen=str(GATEWAY_PORT),
        resolver=RESOLVER,
        credentials=f"{CREDENTIALS}/{update_gateway.CREDENTIALS}",
    )
    main = render("operation/nginx.conf.j2", module=MODULE, run=RUN, folder=here.folder)
    files = update_gateway.settings(here, (fleet.name, fleet.region)) | {"nginx.conf": main}
    secret = of.a("Secret", PLACE, GATEWAY, type=CERTIFICATES, stringData={key: f"<{key}>" for key in PARTS})
    secret["metadata"]["annotations"] = {of.HOST: host, ISSUED: issued.isoformat()}
    yield _account(GATEWAY, gateway.credentials)
    yield of.config_map(PLACE, GATEWAY, files, part=GATEWAY)
    yield secret
    # nginx reads its files when it starts: another list of revoked certificates is another Pod.
    noted = of.digest(files | {"issued": issued.isoformat(), "revoked": str(sorted(fleet.revoked.items()))})
    yield deployment(
        PLACE, _gateway_pod(fleet, declared, gateway, noted), name=GATEWAY, replicas=2, part=GATEWAY
    )
    labels = of.labels(PLACE, GATEWAY)
    yield of.a(
        "PodDisruptionBudget",
        PLACE,
        GATEWAY,
        api="policy/v1",
        part=GATEWAY,
        spec={"maxUnavailable": 1, "selector": {"matchLabels": labels}},
    )
    ports = [{"name": "https", "port": _port(fleet), "targetPort": GATEWAY, "protocol": "TCP"}]
    service = of.a(
        "Service",
        PLACE,
        GATEWAY,
        part=GATEWAY,
        spec={"type": "LoadBalancer", "selector": labels, "ports": ports},
    )
    if gateway.annotations:
        service["metadata"]["annotations"] = dict(gateway.annotations)
    yield service


def _monitor(labels: Mapping[str, str] | None) -> Iterator[Object]:
    """What Prometheus Operator and the sidecar of Grafana's chart find by labels."""
    if labels is None:
        return
    yield of.editing(PLACE, {MONITORING: ["prometheusrules", "servicemonitors"]})
    scraped = {"port": METRICS, "interval": "60s", "scrapeTimeout": "30s"}
    selector = {"matchLabels": of.labels(PLACE, METRICS)}
    specs = {
        "ServiceMonitor": {"selector": selector, "endpoints": [scraped]},
        "PrometheusRule": rules(),
    }
    for kind, spec in specs.items():
        made = of.a(kind, PLACE, METRICS, api=f"{MONITORING}/v1", part=METRICS, spec=spec)
        made["metadata"]["labels"] |= labels
        yield made
    board = of.config_map(PLACE, "dashboard", {"edgefleet.json": json.dumps(dashboard())}, part=METRICS)
    board["metadata"]["labels"] |= {"grafana_dashboard": "1"}
    yield board


def _gateway_pod(fleet: Fleet, declared: HubChannel, gateway: HubGateway, noted: Mapping[str, str]) -> Object:
    folder = update_gateway.FOLDER
    nginx = Container(
        name="nginx",
        image=gateway.image,
        command=("nginx", "-e", "stderr", "-c", f"{folder}/nginx.conf"),
        ports={GATEWAY: GATEWAY_PORT},
        probe=Probe(),
        probe_port=GATEWAY,
        resources=Resources(cpu="50m", memory="64Mi", memory_limit="256Mi"),
        mounts={folder: "files", CREDENTIALS: "credentials"},
        writable=(RUN,),
    )
    path = f"{CREDENTIALS}/{update_gateway.CREDENTIALS}"
    program = _program(
        fleet, "credentials", declared.image, gateway.credentials, "hub", "gateway-credentials", path
    )
    renewing = Container(**program, mounts={CREDENTIALS: "credentials"})
    sources = [{"configMap": {"name": GATEWAY}}, {"secret": {"name": GATEWAY}}]
    return template(
        PLACE,
        Pods(),
        nginx,
        renewing,
        volumes=[
            {"name": "files", "projected": {"defaultMode": 0o440, "sources": sources}},
            {"name": "credentials", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
        ],
        part=GATEWAY,
        annotations=noted,
        serviceAccountName=GATEWAY,
    )


def _port(fleet: Fleet) -> int:
    """The port at which nodes reach the gateway."""
    address = fleet.channel.access.gateway if fleet.channel is not None else None
    return urlsplit(address or "").port or 443
