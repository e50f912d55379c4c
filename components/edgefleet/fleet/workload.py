"""`Workload`: what runs in a cluster that a program can reach, by the keys of a fleet file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any, NotRequired, TypedDict

import pulumi

from edgefleet.errors import InvalidInput
from edgefleet.fleet import objects as kubernetes
from edgefleet.fleet.open_inputs import derived
from edgefleet.fleet.open_workload import Object, open_fields, open_objects
from edgefleet.fleet.plainly import plainly
from edgefleet.fleet.trying import tried
from edgefleet.fleetfile.document_io import included_texts
from edgefleet.fleetfile.lone_workload import lone_objects
from edgefleet.fleetfile.partial import WORKLOAD
from edgefleet.fleetfile.rendering import Renderer, downloading
from edgefleet.io.project import project_folder
from edgefleet.model.hub import Eks, KubernetesVersion
from edgefleet.model.paths import Part, format_path
from edgefleet.model.spec import Secret
from edgefleet.model.stack_secrets import secret_hint
from edgefleet.model.syntax import secret_name
from edgefleet.provider.component_outputs import values_of
from edgefleet.provider.validation import arguments


class WorkloadArgs(TypedDict):
    """Inputs of a workload."""

    workload: Annotated[Mapping[str, Any], WORKLOAD]
    """What runs, by the keys of a workload in a fleet file: kind, image, port, environment, ... A text may be
    an output where it does not decide which objects there are; a secret is an output, or a name in
    `passphrases`."""
    name: NotRequired[str]
    """Name of the workload and its namespace; that of the resource where it is absent."""
    passphrases: NotRequired[Annotated[pulumi.Input[Mapping[str, pulumi.Input[str]]], Secret()]]
    """dict[name -> secret] for the names that the workload refers to."""
    kubeconfig: NotRequired[Annotated[pulumi.Input[str], Secret()]]
    """The cluster, as the content of a kubeconfig. By default it is that of the provider of the package
    kubernetes."""
    renderTo: NotRequired[pulumi.Input[str]]
    """Directory that the objects are written to as YAML, in the place of a cluster; secrets in clear."""
    kubernetesVersion: NotRequired[KubernetesVersion]
    """Minor version of the cluster, 1.36, which a chart may ask for."""
    createNamespace: NotRequired[bool]
    """Whether the namespace is created. By default it is; a kubeconfig of a hub's deployer may not."""


class Workload(pulumi.ComponentResource):
    """A workload in a cluster: its namespace, and its Kubernetes objects as resources."""

    namespace: pulumi.Output[str]
    """Name of the namespace, once all objects are there."""

    def __init__(self, name: str, args: WorkloadArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:index:Workload", name, {}, opts)
        with plainly():
            given = arguments(WorkloadArgs, args)
            namespace = given.get("name", name)
            objects = _objects(namespace, given)
            provider = _cluster(self, name, given, objects)
        options = pulumi.ResourceOptions(parent=self, provider=provider)
        last = kubernetes.register(objects, name, namespace, options)
        self.namespace = pulumi.Output.all(*(each.urn for each in last)).apply(lambda _: namespace)
        self.register_outputs(values_of(self))


def with_secrets(value: Any, text_of: Callable[[str], Any]) -> Any:
    """Objects, or a part of one, with the secrets that texts refer to; `text_of` gives one by its name."""
    if isinstance(value, str):
        name = secret_name(value)
        return value if name is None else pulumi.Output.secret(text_of(name))
    if isinstance(value, dict):
        return {key: with_secrets(inner, text_of) for key, inner in value.items()}
    return [with_secrets(inner, text_of) for inner in value] if isinstance(value, list | tuple) else value


def _objects(name: str, given: Mapping[str, Any]) -> Sequence[Object]:
    workload = given["workload"]
    if isinstance(workload, tuple):
        return workload  # by a fleet, which has composed them
    values = {"fleet": pulumi.get_project(), "region": pulumi.get_stack()}
    project = project_folder()
    texts, renderer = included_texts(project), Renderer(project=project, fetch=downloading(project, {}))
    version = given.get("kubernetesVersion", Eks().version)

    def compose(plain: Mapping[str, Any]) -> Sequence[Object]:
        with _argument():
            return lone_objects(
                name, plain, values, texts, lambda name, spec: renderer.rendered(name, spec, f"{version}.0")
            )

    opened = open_fields(workload)
    objects = open_objects(opened, compose)
    passphrases = given.get("passphrases", {})

    def text_of(secret: str) -> Any:
        return opened.secrets.get(secret) or derived(lambda known: _secret(known, secret), passphrases)

    is_kept = given.get("createNamespace", True)
    return [each for each in with_secrets(objects, text_of) if is_kept or each["kind"] != "Namespace"]


@contextmanager
def _argument() -> Iterator[None]:
    """Errors of the name and the fields of the workload with the path of their argument."""
    try:
        yield
    except InvalidInput as error:
        paths = ("name" if each.path == "name" else f"workload.{each.path}" for each in error.problems)
        problems = zip(error.problems, paths, strict=True)
        raise InvalidInput(replace(each, path=path.rstrip(".")) for each, path in problems) from error


def _secret(known: Mapping[str, str], name: str) -> str:
    if name not in known:
        problem = f"there is no secret {name!r}"
        raise InvalidInput.at("", "no-passphrase", problem, secret_hint(name), path="passphrases")
    return known[name]


def _cluster(
    workload: pulumi.ComponentResource, name: str, given: Mapping[str, Any], objects: Sequence[Object]
) -> pulumi.ProviderResource | None:
    """The provider that the arguments describe; `None` for the one that is inherited."""
    if "kubeconfig" in given and "renderTo" in given:
        hint = "give one of kubeconfig and renderTo"
        raise InvalidInput.at("", "two-clusters", "has no effect beside kubeconfig", hint, path="renderTo")
    if "renderTo" in given:
        settings = {"renderYamlToDirectory": given["renderTo"]}
    elif "kubeconfig" in given:
        fields = {name: given["workload"]}
        settings = {"kubeconfig": tried(given["kubeconfig"], {name: objects}, fields, _argument_of)}
    else:
        return None
    return kubernetes.provider(f"{name}/cluster", settings, workload)


def _argument_of(_workload: str, path: tuple[Part, ...]) -> tuple[str, str]:
    """A field of the workload in a program, which has no line that is known here."""
    return "", format_path(("workload", *path))
