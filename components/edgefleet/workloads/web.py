"""web: a stateless API or web site."""

from collections.abc import Iterator
from typing import Annotated, Literal

from edgefleet.model.references import ImageName
from edgefleet.model.spec import Written, spec
from edgefleet.workloads.base import objects as of
from edgefleet.workloads.base.kind import Kind, Object, Place
from edgefleet.workloads.base.modules import Modular, listening
from edgefleet.workloads.base.pods import Container, deployment, template
from edgefleet.workloads.base.spec import Expose, Port, Probe, Replicas
from edgefleet.workloads.base.values import ContainerText


@spec
class Web(Modular):
    """A stateless API or web site."""

    kind: Annotated[Literal["web"], Written()] = "web"
    """web."""
    image: ImageName
    """Container image with a tag or a digest, registry.example/shop/till:1.4."""
    port: Port
    """Port at which the container serves HTTP; others reach it there, too."""
    command: tuple[ContainerText, ...] = ()
    """Program of the container instead of its image's own."""
    args: tuple[ContainerText, ...] = ()
    """Arguments of the program."""
    replicas: Replicas = 1
    """How many Pods, spread over the nodes."""
    expose: Expose | None = None
    """How it is reached from outside of the cluster; by default only other workloads reach it."""
    probe: Probe = Probe()
    """How Kubernetes finds out that it serves."""


def objects(web: Web, place: Place) -> Iterator[Object]:
    """A Deployment behind a Service."""
    container = Container(
        name=place.name,
        image=web.image,
        command=web.command,
        args=web.args,
        environment={**listening(web.runtime, web.port), **web.environment},
        secrets={name: name for name in web.secrets},
        secret_name=place.name,
        ports={"http": web.port},
        probe=web.probe,
        probe_port="http",
        resources=web.resources,
        writable=web.writable,
    )
    yield from of.secrets_of(place, web.secrets)
    yield deployment(place, template(place, web, container), replicas=web.replicas)
    yield of.service(place, place.name, {"http": web.port})
    yield from of.exposed(place, web.expose, place.name, web.port)
    yield of.network_policy(place, ports=[web.port], expose=web.expose, needs=web.needs, egress=web.egress)


KIND = Kind(name="web", spec=Web, objects=objects, cloud=objects)
