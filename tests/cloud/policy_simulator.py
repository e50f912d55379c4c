"""Decides IAM requests by policy documents, as AWS does, and Kubernetes ones by RBAC. Pure.

An element or operator that it does not know is an error, never a guess. Sources: IAM user guide, "Policy
evaluation logic" and "IAM JSON policy element reference"; Kubernetes docs, "Using RBAC Authorization".
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

VARIABLE = re.compile(r"\$\{([^}]*)\}")
Document = Mapping[str, Any]
ELEMENTS = {"Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"}


@dataclass(frozen=True)
class Request:
    """One call."""

    action: str
    """``s3:GetObject``."""
    resource: str
    """ARN."""
    context: Mapping[str, str] = field(default_factory=dict)
    """dict[condition key -> value], such as ``aws:PrincipalTag/x509Subject/CN``."""
    service: str = ""
    """The principal, where it is a service of AWS."""


def is_allowed(
    request: Request,
    own: Iterable[Document],
    on_resource: Iterable[Document] = (),
) -> bool:
    """Whether a principal with the policies `own` may do it; a Deny anywhere wins."""
    effects = {effect for document in (*own, *on_resource) for effect in _effects(document, request)}
    return "Allow" in effects and "Deny" not in effects


def _effects(document: Document, request: Request) -> Iterator[str]:
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        unknown = set(statement) - ELEMENTS
        assert not unknown, f"the simulator does not know {unknown}"
        assert {} not in statement.get("Condition", {}).values(), "a condition without a key always holds"
        if (
            _names(statement, "Action", request.action, {})
            and _names(statement, "Resource", request.resource, request.context)
            and _is_principal(statement.get("Principal"), request.service)
            and all(
                _holds(operator, key, _listed(values), request.context)
                for operator, tests in statement.get("Condition", {}).items()
                for key, values in tests.items()
            )
        ):
            yield statement["Effect"]


def _names(statement: Document, element: str, value: str, context: Mapping[str, str]) -> bool:
    """Whether the element, or all but its opposite, names the value; absent in a trust policy."""
    flags = re.IGNORECASE if element == "Action" else re.NOFLAG
    if (opposite := f"Not{element}") in statement:
        return not _is_like(value, _listed(statement[opposite]), context, flags)
    if element not in statement:
        assert element != "Action", "a statement without actions"
        return True
    return _is_like(value, _listed(statement[element]), context, flags)


def _is_principal(principal: Any, service: str) -> bool:
    if principal is None or principal in ("*", {"AWS": "*"}):
        return True
    unknown = set(principal) - {"Service", "AWS"}
    assert not unknown, f"the simulator does not know {unknown}"
    return service in _listed(principal.get("Service", []))


def _holds(operator: str, key: str, values: list[str], context: Mapping[str, str]) -> bool:
    given = context.get(key)
    if operator.endswith("IfExists") and given is None:
        return True
    name = operator.removesuffix("IfExists")
    is_exact = name in {"StringEquals", "StringNotEquals"}
    assert not (is_exact and any(mark in value for value in values for mark in ("*", "?", "${"))), (
        f"the simulator compares {values} of {operator} as they are"
    )
    if name == "Null":
        return (given is None) == (values == ["true"])
    if name == "Bool":
        return given is not None and given.lower() in [value.lower() for value in values]
    if name in {"StringEquals", "ArnEquals", "StringLike", "ArnLike"}:
        is_pattern = name != "StringEquals"  # ArnEquals takes wildcards, too
        if given is None or not is_pattern:
            return given in values
        return _is_like(given, values, context)
    if name in {"StringNotEquals", "StringNotLike"}:
        return given is None or not _is_like(given, values, context)
    raise AssertionError(f"the simulator does not know {operator}")


def _is_like(
    value: str, patterns: list[str], context: Mapping[str, str], flags: re.RegexFlag = re.NOFLAG
) -> bool:
    """Whether the whole value is like a pattern; one with a variable that has no value is like nothing."""
    return _expression(tuple(patterns), tuple(context.items()), flags).fullmatch(value) is not None


@cache
def _expression(
    patterns: tuple[str, ...], variables: tuple[tuple[str, str], ...], flags: re.RegexFlag
) -> re.Pattern[str]:
    values = dict(variables)
    known = [pattern for pattern in patterns if set(VARIABLE.findall(pattern)) <= set(values)]
    return re.compile("|".join(_regular(pattern, values) for pattern in known) or r"(?!)", re.DOTALL | flags)


def _regular(pattern: str, values: Mapping[str, str]) -> str:
    words = {"*": ".*", "?": "."}
    parts = re.split(r"(\$\{[^}]*\}|[*?])", pattern)
    texts = [values[part[2:-1]] if part.startswith("${") else part for part in parts]
    return "".join(words.get(text) or re.escape(text) for text in texts)


def _listed(values: Any) -> list[str]:
    return [str(value) for value in (values if isinstance(values, list | tuple) else [values])]


Rules = list[dict[str, list[str]]]


def rbac_allows(
    manifests: Iterable[Document],
    roles: Mapping[str, Rules],
    user: str,
    request: tuple[str, str, str, str],
) -> bool:
    """Whether Kubernetes lets `user` do (verb, API group, resource, namespace); "" is the whole cluster.

    Args:
        manifests: bindings and roles.
        roles: dict[name -> rules] of cluster roles that every cluster has.
        user: name of the user.
        request: what is tried.
    """
    listed = list(manifests)
    known = dict(roles) | {
        each["metadata"]["name"]: each["rules"] for each in listed if each["kind"] == "ClusterRole"
    }
    verb, group, resource, namespace = request
    for binding in listed:
        if user not in [subject["name"] for subject in binding.get("subjects", ())]:
            continue
        is_here = (
            binding["kind"] == "ClusterRoleBinding" or binding["metadata"].get("namespace") == namespace != ""
        )
        for rule in known[binding["roleRef"]["name"]] if is_here else ():
            if (
                _in(verb, rule["verbs"])
                and _in(group, rule["apiGroups"])
                and _in(resource, rule["resources"])
            ):
                return True
    return False


def _in(name: str, names: list[str]) -> bool:
    return name in names or "*" in names
