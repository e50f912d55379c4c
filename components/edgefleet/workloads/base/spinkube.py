"""SpinKube: a function with the runtime spin as a SpinApp, which SpinKube's operator runs. Pure.

The operator makes a Deployment and a Service with the name of the SpinApp. The application listens at port
80, and its Pods have no security context, no affinity and no tolerations (spin-operator 0.6,
spinapp_controller.go). What a RuntimeClass can add to Pods is in that of the workload; the rest is refused.
An executor serves its namespace alone, so each workload has one. No SpinKube runs in our tests: they check
objects against its definitions.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from edgefleet.errors import Problem
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.base.modules import WasmRuntime, class_name, runtime_class
from edgefleet.workloads.base.objects import a
from edgefleet.workloads.base.values import NODE_NAME

API = "core.spinkube.dev/v1alpha1"
PORT = 80
"""Of each application (spin-operator, pkg/spinapp)."""
LEVEL = "baseline"
"""Of Pod Security: Pods without a security context are not "restricted"."""
_VARIABLE = "SPIN_VARIABLE_"
"""Prefix of variables of the environment that are those of an application."""
_NAME = re.compile(r"[a-z](_?[a-z0-9])*")
"""Names of variables of an application (Spin docs, variables)."""
_NOT_KEPT = ("command", "args", "critical", "tolerates", "user")
_TIMING = ("periodSeconds", "timeoutSeconds", "failureThreshold")


def is_app(entry: Mapping[str, Any]) -> bool:
    """Whether a workload, as plain data, is a SpinApp."""
    return bool((entry.get("runtime") or {}).get("spinkube"))


def objects(place: Place, runtime: WasmRuntime, pod: Object, *, replicas: int) -> Iterator[Object]:
    """The RuntimeClass, the executor and the SpinApp of a function, with what it can keep of `pod`."""
    spec = pod["spec"]
    of_class = runtime_class(place, runtime)
    of_class["scheduling"] |= {"tolerations": spec["tolerations"]} if "tolerations" in spec else {}
    if len(place.nodes) == 1:
        of_class["scheduling"]["nodeSelector"] |= {"kubernetes.io/hostname": place.nodes[0]}
    yield of_class
    deployment = {"runtimeClassName": class_name(place), "installDefaultCACerts": True}
    executor = {"createDeployment": True, "deploymentConfig": deployment}
    yield a("SpinAppExecutor", place, place.name, api=API, spec=executor)
    yield a("SpinApp", place, place.name, api=API, spec=_application(place, pod, replicas))


def _application(place: Place, pod: Object, replicas: int) -> Object:
    (container,) = pod["spec"]["containers"]
    checks = {
        name: _check(container[f"{name}Probe"])
        for name in ("readiness", "liveness")
        if "httpGet" in container[f"{name}Probe"]
    }
    whole = {
        "executor": place.name,
        "image": container["image"],
        "replicas": replicas,
        "podLabels": pod["metadata"]["labels"],
        "resources": container["resources"],
        "checks": checks,
        "variables": [*map(_variable, container.get("env", ()))],
        "volumes": pod["spec"].get("volumes", []),
        "volumeMounts": container.get("volumeMounts", []),
    }
    return {key: value for key, value in whole.items() if value not in ({}, [])}


def _check(probe: Mapping[str, Any]) -> Object:
    return {"httpGet": {"path": probe["httpGet"]["path"]}, **{key: probe[key] for key in _TIMING}}


def _variable(of: Mapping[str, Any]) -> Object:
    """A variable; its text refers to that of the node by the name that the operator gives this."""
    variable = {**of, "name": of["name"].lower()}
    if "value" in of:
        variable["value"] = of["value"].replace(f"$({NODE_NAME})", f"$({_VARIABLE}{NODE_NAME})")
    return variable


def check(written: Mapping[str, Any], runtime: WasmRuntime) -> Iterator[Problem]:
    """Another runtime, and what a SpinApp does not have of the fields of a function that are set."""
    if runtime.name != "spin":
        problem = f"SpinKube runs applications of Spin, and this runs in {runtime.name}"
        yield Problem.of_value("runtime.spinkube", "not-in-spinkube", problem, "remove spinkube")
    for key in filter(written.__contains__, _NOT_KEPT):
        hint = f"remove {key}, or remove spinkube"
        yield Problem.of_value(key, "not-in-spinkube", f"a SpinApp has no {key}", hint)
    if written.get("port") != PORT:
        problem = f"the application of a SpinApp listens at port {PORT}"
        yield Problem.of_value("port", "not-in-spinkube", problem, f"write port: {PORT}")
    if "probe" in written and "path" not in written["probe"]:
        problem = "a SpinApp is probed by HTTP alone"
        yield Problem.of_value("probe", "not-in-spinkube", problem, "add path, such as /healthz")
    yield from _check_variables([*written.get("environment", ()), *written.get("secrets", ())])


def _check_variables(names: list[str]) -> Iterator[Problem]:
    for name in names:
        spin = name.lower()
        if not _NAME.fullmatch(spin) or [each.lower() for each in names].count(spin) > 1:
            problem = f"{name} becomes {spin}, which is no variable of its own for an application of Spin"
            hint = "write letters, digits and single _, each name once whatever its case"
            yield Problem.of_value("environment", "bad-variable", problem, hint)
