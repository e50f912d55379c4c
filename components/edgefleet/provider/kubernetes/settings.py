"""The configuration of a kubernetes provider: what is supported, and what is refused by name. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from edgefleet.errors import Problem
from edgefleet.model.spec import outside_name, spec

_ENVIRONMENT = {
    "deleteUnreachable": "PULUMI_K8S_DELETE_UNREACHABLE",
    "enableConfigMapMutable": "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
    "enablePatchForce": "PULUMI_K8S_ENABLE_PATCH_FORCE",
    "enableSecretMutable": "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
    "enableServerSideApply": "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY",
    "skipUpdateUnreachable": "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
    "upsertExistingObjects": "PULUMI_K8S_UPSERT_EXISTING_OBJECTS",
}
"""dict[option -> variable that sets it where the provider does not], as for the real plugin."""
_WITHOUT_EFFECT = {"suppressDeprecationWarnings", "suppressHelmHookWarnings"}
"""Options that silence warnings which this provider does not have."""
_REFUSED = {
    "alwaysRender": "leave it out: each change is rendered",
    "helmReleaseSettings": "leave it out: Helm releases are not supported",
    "kubeClientSettings": "leave it out: requests are not throttled here",
    "skipUpdateUnreachable": "leave it out, and run again once the cluster answers",
    "strictMode": "leave it out",
}
"""dict[option that would change what a run does -> what to do]."""
_OF_ENGINE = frozenset({"version", "pluginDownloadURL", "__internal"})
_RENDERING = ("cluster", "context", "kubeconfig")
"""Options that make no sense where objects are rendered to a directory."""


@spec
class Settings:
    """The configuration of a kubernetes provider."""

    kubeconfig: str = ""
    """Content or path; empty: the file in KUBECONFIG, else ``~/.kube/config``."""
    context: str = ""
    cluster: str = ""
    namespace: str = ""
    """Of objects that name none; empty: the context's."""
    render_yaml_to_directory: str = ""
    """Directory that objects are written to in place of a cluster."""
    cluster_identifier: str = ""
    """Where given, only its change replaces what the provider manages."""
    delete_unreachable: bool = False
    """Whether what is in a cluster that does not answer is taken to be gone."""
    enable_config_map_mutable: bool = False
    enable_patch_force: bool = False
    enable_secret_mutable: bool = False
    upsert_existing_objects: bool = False


_NAMES = {outside_name(field.name): field.name for field in fields(Settings)}
"""dict[option -> field]."""
_FLAGS = frozenset(outside_name(field.name) for field in fields(Settings) if field.default is False)


def read_settings(values: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[Settings, list[Problem]]:
    """The settings that a provider's inputs and the environment give, and what is wrong with them.

    Args:
        values: plain inputs; true and false may be texts.
        environ: variables of the environment.
    """
    given = {
        name: value for name, value in values.items() if name not in _OF_ENGINE and value not in (None, "")
    }
    defaults = {name: environ[variable] for name, variable in _ENVIRONMENT.items() if environ.get(variable)}
    chosen = {**defaults, **given}
    problems = list(_problems(chosen, environ))
    if chosen.get("renderYamlToDirectory"):
        chosen.pop("kubeconfig", None)
    known: dict[str, Any] = {
        field: _is_on(chosen[name]) if name in _FLAGS else str(chosen[name])
        for name, field in _NAMES.items()
        if name in chosen
    }
    return Settings(**known), problems


def _problems(chosen: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[Problem]:
    for name, value in sorted(chosen.items()):
        if name in _REFUSED:
            if value not in (False, "false"):
                yield _refused(name, _REFUSED[name])
        elif name == "enableServerSideApply":
            if not _is_on(value):
                yield _refused(
                    "enableServerSideApply: false", "leave it out: objects are applied server-side"
                )
        elif name not in _WITHOUT_EFFECT:
            yield from _value_problems(name, value)
    yield from _rendering_problems(chosen, environ)


def _value_problems(name: str, value: Any) -> Iterator[Problem]:
    if name not in _NAMES:
        yield _problem(name, "is no option of this provider", "options are " + ", ".join(_NAMES))
    elif name in _FLAGS and value not in (True, False, "true", "false"):
        yield _problem(name, "is neither true nor false", "write true or false")
    elif name not in _FLAGS and not isinstance(value, str):
        yield _problem(name, "is no text", "give it a text")


def _rendering_problems(chosen: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[Problem]:
    ambient = {"kubeconfig": environ.get("KUBECONFIG")}  # the Python SDK fills it in
    for name in _RENDERING if chosen.get("renderYamlToDirectory") else ():
        if chosen.get(name) and chosen[name] != ambient.get(name):
            yield _problem(name, "does not go with renderYamlToDirectory", "leave one of the two out")


def _is_on(value: Any) -> bool:
    return value in (True, "true")


def _refused(name: str, hint: str) -> Problem:
    return _problem(name, "is not supported by the embedded engine", f"{hint}, or use the Pulumi CLI")


def _problem(name: str, problem: str, hint: str) -> Problem:
    return Problem(path=name, code="provider-option", problem=problem, hint=hint)
