"""IAM policy documents compared by their meaning. Pure.

AWS returns documents in another form: a list of one as its element, account numbers as ARNs of the root,
lists in another order. Source: IAM user guide, "IAM JSON policy element reference".
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

LISTS = ("Action", "NotAction", "Resource", "NotResource")
ACCOUNT = re.compile(r"\d{12}")
VERSION = "2012-10-17"


def canonical(document: Any) -> Any:
    """The canonical form of a document; other values are unchanged."""
    if not isinstance(document, Mapping) or "Statement" not in document:
        return document
    statements = document["Statement"]
    listed = statements if isinstance(statements, list) else [statements]
    made = [_statement(each) if isinstance(each, Mapping) else each for each in listed]
    return {
        **document,
        "Statement": sorted(made, key=lambda each: json.dumps(each, sort_keys=True, default=str)),
    }


def parsed(text: str | Mapping[str, Any]) -> dict[str, Any]:
    """A document in AWS's answer: text, URL-encoded or not, or a map."""
    if not isinstance(text, str):
        return dict(text)
    document: dict[str, Any] = json.loads(text if text.lstrip().startswith("{") else unquote(text))
    return document


def compact(document: Any) -> str:
    """A document as text without blanks: AWS counts them in some places."""
    return json.dumps(document, separators=(",", ":"), default=str)


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(statement)
    for name in LISTS:
        if name in result:
            result[name] = _listed(result[name])
    for name in ("Principal", "NotPrincipal"):
        if isinstance(result.get(name), Mapping):
            result[name] = {kind: _listed(who) for kind, who in result[name].items()}
    if isinstance(result.get("Condition"), Mapping):
        result["Condition"] = {
            operator: {key: _listed(values) for key, values in tests.items()}
            if isinstance(tests, Mapping)
            else tests
            for operator, tests in result["Condition"].items()
        }
    return result


def _listed(values: Any) -> list[str]:
    listed = values if isinstance(values, list) else [values]
    return sorted(_principal(each) for each in listed)


def _principal(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"arn:aws:iam::{text}:root" if ACCOUNT.fullmatch(text) else text


def canonical_each(documents: Any) -> Any:
    """`canonical` of each document of a map."""
    if not isinstance(documents, Mapping):
        return documents
    return {name: canonical(document) for name, document in documents.items()}
