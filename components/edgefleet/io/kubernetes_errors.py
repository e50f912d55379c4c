"""What an API server refuses, as errors of this program: each field and cause of its answer, and no secret.

Source of the forms: Kubernetes API conventions, "Response Status Kind", and the server of 1.37 itself.
"""

import json
import re
from collections.abc import Collection, Iterator
from operator import itemgetter
from typing import Any

from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Problem
from edgefleet.model.kubernetes import Ref, at, is_secret
from edgefleet.model.steps import SECRET

UNKNOWN_KIND, MISSING, EXISTS, CONFLICT = "unknown-kind", "no-such-object", "already-exists", "conflict"
FORBIDDEN, INVALID, UNREACHABLE = "forbidden", "invalid-object", "unreachable"
"""Codes of problems that callers act on; the last one is of `edgefleet.io.web`."""
_SHORTEST = 4
"""Characters of a secret from which on it is hidden wherever it stands; a shorter one where it is quoted."""
_UNKNOWN_FIELD = re.compile(r'(unknown|duplicate) field "([^"]+)"')
_NO_FIELD = re.compile(r"^.*?\.(?P<path>[\w.\[\]=\",{}-]+): field not declared in schema")
_INVALID_VALUE = re.compile(r'(Invalid value: )("(?:[^"\\]|\\.)*"|[^\s:]+)')
_MANAGER = re.compile(r'conflict with "(?P<manager>[^"]*)"(?: with subresource "(?P<part>[^"]*)")?')
_HINTS = {
    400: "correct the object",
    401: "write a new kubeconfig: the cluster does not accept this login",
    403: "grant this user the right, or change what the message names",
    404: "check namespace and name; create what the message names first",
    422: "correct the object",
    500: "check the API server's log, then run again",
}
_CODES = {401: "no-login", 403: FORBIDDEN, 404: MISSING}


def code_of(error: EdgefleetError) -> str:
    """The code of an error's first problem."""
    return error.problem.code


def secrets_in(item: Any) -> set[str]:
    """The texts of a Secret's data, as they stand there; empty for other objects."""
    if not is_secret(item):
        return set()
    return {text for name in ("data", "stringData") for text in texts_in(item.get(name))}


def texts_in(value: Any) -> Iterator[str]:
    """All texts within `value` but keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from texts_in(child)


def redacted(text: str, secrets: Collection[str]) -> str:
    """`text` with a placeholder for each of `secrets`, for its lines, and for each value called invalid."""
    if not secrets:
        return text
    text = _INVALID_VALUE.sub(rf"\1{SECRET}", text)
    lines = {line.strip() for secret in secrets for line in (secret, *secret.splitlines())} - {""}
    for line in sorted(lines, key=len, reverse=True):
        for form in (line, json.dumps(line)[1:-1]):
            text = text.replace(f'"{form}"', SECRET)
            text = text.replace(form, SECRET) if len(form) >= _SHORTEST else text
    return text


def refusal(ref: Ref, status: int, body: Any, secrets: Collection[str]) -> EdgefleetError:
    """The error of an answer other than success.

    Args:
        ref: what the request was about.
        status: of HTTP.
        body: the server's Status object, or None where it sent none.
        secrets: texts that no message may hold.
    """
    message = redacted(str(at(body, "message") or f"answers with {status}"), secrets)
    if status == 409:  # noqa: PLR2004 - of HTTP, as below
        return _conflict(ref, body, message)
    fields = list(_fields(status, body, message, secrets))
    if fields or status in (400, 422):
        hint = _HINTS[400]
        rows = fields or [("", message)]
        return InvalidInput(
            Problem(where=str(ref), path=path, code=INVALID, problem=problem, hint=hint)
            for path, problem in rows
        )
    hint = _HINTS.get(status, _HINTS[500])
    return OutsideFailure.at(ref, _CODES.get(status, "cluster-error"), message, hint)


def _fields(status: int, body: Any, message: str, secrets: Collection[str]) -> Iterator[tuple[str, str]]:
    """(path, problem) of each field that the server names."""
    unknown = sorted(set(_UNKNOWN_FIELD.findall(message)), key=itemgetter(1))
    undeclared = _NO_FIELD.match(message)
    if unknown:
        for what, path in unknown:
            yield path, "there is no such field" if what == "unknown" else "this field stands there twice"
    elif undeclared:
        yield undeclared["path"], "there is no such field"
    elif status == 422:  # noqa: PLR2004
        for cause in at(body, "details", "causes") or []:
            text = redacted(str(at(cause, "message") or "is invalid"), secrets)
            yield str(at(cause, "field") or ""), text


def _conflict(ref: Ref, body: Any, message: str) -> EdgefleetError:
    """An object that is there already, fields that others manage, or a change in between."""
    if at(body, "reason") == "AlreadyExists":
        problem = "exists in the cluster already, and this stack does not manage it"
        hint = f"import it (import_: {ref.id}), give yours another name, or delete that one"
        return OutsideFailure.at(ref, EXISTS, problem, hint)
    causes = at(body, "details", "causes") or []
    managed = [(str(at(cause, "field") or ""), manager_of(cause)) for cause in causes]
    if not any(manager for _, manager in managed):
        return OutsideFailure.at(ref, "changed-meanwhile", message, "run refresh, then up again")
    hint = "leave the field to it (ignoreChanges), or set the annotation pulumi.com/patchForce to 'true'"
    return OutsideFailure(
        Problem(
            where=str(ref),
            path=path.removeprefix("."),
            code=CONFLICT,
            problem=f"is managed by {manager}",
            hint=hint,
        )
        for path, manager in managed
    )


def manager_of(cause: Any) -> str:
    """The other field manager that a cause of a conflict names; empty where it names none."""
    match = _MANAGER.search(str(at(cause, "message") or ""))
    if match is None:
        return ""
    return f"{match['manager']} ({match['part']})" if match["part"] else match["manager"]
