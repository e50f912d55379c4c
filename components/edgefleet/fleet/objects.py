"""Kubernetes objects as resources of the package ``kubernetes``, in an order in which a cluster takes them.

A resource is registered by its type token with the object as its inputs, the version of pulumi_kubernetes and
its secret outputs: so do the typed classes of pulumi_kubernetes, and a test compares the two. The classes are
not imported: `core/v1` alone takes twice as long as the SDK of Pulumi.
"""

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import pulumi

Object = Mapping[str, Any]
"""A Kubernetes object; its values, but not its kind and names, may be outputs."""
PACKAGE = "kubernetes"
_FIRST = frozenset({"CustomResourceDefinition", "Namespace", "PriorityClass", "RuntimeClass", "StorageClass"})
"""Kinds that others refer to."""
_SETTINGS = frozenset(
    {
        "ClusterRole",
        "ClusterRoleBinding",
        "ConfigMap",
        "LimitRange",
        "NetworkPolicy",
        "ResourceQuota",
        "Role",
        "RoleBinding",
        "Secret",
        "ServiceAccount",
    }
)
"""Kinds that Pods need when they start. A claim is not among them: it may wait for its first Pod."""


def provider(
    name: str,
    settings: Mapping[str, Any],
    parent: pulumi.Resource,
    *,
    after: Sequence[pulumi.Resource] = (),
) -> pulumi.ProviderResource:
    """A provider of the package: of a cluster by ``kubeconfig``, or of ``renderYamlToDirectory``.

    It changes a ConfigMap or Secret in place: their Pods state its digest, and another one of its name could
    only be there once it is deleted.
    """
    mutable = {"enableConfigMapMutable": "true", "enableSecretMutable": "true"}
    options = pulumi.ResourceOptions(parent=parent, version=_version(), depends_on=[*after])
    return pulumi.ProviderResource(PACKAGE, name, {**mutable, **settings}, options)


def register(
    objects: Iterable[Object], name: str, namespace: str, options: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Register `objects` below the component `name`, what others need before those.

    Args:
        objects: each of another kind or name.
        name: begins the names of the resources, ``<name>/<object>``; of an object in another namespace than
            `namespace` it is ``<name>/<namespace>/<object>``.
        namespace: see `name`.
        options: of each resource.

    Returns:
        The last ones, which need all others.
    """
    steps: tuple[list[Object], ...] = ([], [], [])
    for each in objects:
        steps[0 if each["kind"] in _FIRST else 1 if each["kind"] in _SETTINGS else 2].append(each)
    earlier: list[pulumi.Resource] = []
    for step in steps:
        after = pulumi.ResourceOptions(depends_on=earlier)
        merged = pulumi.ResourceOptions.merge(options, after)
        earlier = [_resource(each, f"{name}/{_named(each, namespace)}", merged) for each in step] or earlier
    return earlier


def _named(of: Object, namespace: str) -> str:
    metadata = of["metadata"]
    other = metadata.get("namespace", namespace)
    return metadata["name"] if other == namespace else f"{other}/{metadata['name']}"


def _resource(of: Object, name: str, options: pulumi.ResourceOptions) -> pulumi.Resource:
    api = of["apiVersion"]
    token = f"{PACKAGE}:{api if '/' in api else f'core/{api}'}:{of['kind']}"
    is_secret = (api, of["kind"]) == ("v1", "Secret")
    secrets = {
        key: pulumi.Output.secret(of[key]) for key in ("data", "stringData") if is_secret and key in of
    }
    own = pulumi.ResourceOptions(
        version=_version(), additional_secret_outputs=["data", "stringData"] if is_secret else None
    )
    return pulumi.CustomResource(token, name, {**of, **secrets}, pulumi.ResourceOptions.merge(options, own))


def _version() -> str:
    """Of the plugin that belongs to the installed pulumi_kubernetes."""
    return version("pulumi-kubernetes")
