"""IAM policy documents compared by what they mean. Pure.

AWS gives documents back otherwise than it got them: a list of one as its element, account numbers as ARNs of
the root, lists in another order. Source: IAM user guide, "IAM JSON policy element reference".
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
    """The one form of all documents that mean the same; what is no document is left alone."""
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
    """A document as AWS answers it: text, URL-encoded or not, or a map already."""
    if not isinstance(text, str):
        return dict(text)
    found: dict[str, Any] = json.loads(text if text.lstrip().startswith("{") else unquote(text))
    return found


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(statement)
    for name in LISTS:
        if name in made:
            made[name] = _listed(made[name])
    for name in ("Principal", "NotPrincipal"):
        if isinstance(made.get(name), Mapping):
            made[name] = {kind: _listed(who) for kind, who in made[name].items()}
    if isinstance(made.get("Condition"), Mapping):
        made["Condition"] = {
            operator: {key: _listed(values) for key, values in tests.items()}
            for operator, tests in made["Condition"].items()
        }
    return made


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
