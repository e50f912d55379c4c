"""A run as the JSON that `schema/preview.schema.json` describes.

Fields are added, never renamed.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from edgefleet.model.differ import Change
from edgefleet.model.steps import Step
from edgefleet.report import advice_document, problems
from edgefleet.report.plan_view import OUTCOMES, Digests, Group, Row, View
from edgefleet.rollout.pending import Pending
from edgefleet.site.capacity import MediumUsage
from edgefleet.site.load import Usage
from edgefleet.workloads.differences import ObjectChange

HEAD = ("engine", "stack", "operation", "result", "fleet", "region")
SUMMARY = ("same", "create", "update", "replace", "delete")


def document(view: View, *, is_all: bool = False) -> dict[str, Any]:
    """`view` as plain data; `is_all` also lists the sites and steps that stay the same."""
    return {
        **{name: getattr(view, name) for name in HEAD},
        "seconds": round(view.seconds, 3),
        "store": view.store,
        "summary": {op: sum(step.op == op for step in view.steps) for op in SUMMARY},
        "counts": {outcome: view.counts[outcome] for outcome in OUTCOMES} | {"sites": len(view.sites)},
        "steps": [_step(step) for step in view.steps if is_all or step.op != "same"],
        "sites": [_site(site) for site in view.sites if is_all or site.op != "same"],
        "groups": [plain_group(group) for group in view.groups],
        "waves": [asdict(wave) for wave in view.waves],
        "pending": [_waiting(site) for site in view.pending],
        "shared": [asdict(shared) for shared in view.shared],
        "remains": [*view.remains],
        "unlocked": [*view.unlocked],
        "media": [_usage(usage) for usage in view.media],
        "capacity": [plain_usage(usage) for usage in view.capacity],
        "runtimes": [advice_document.brief(group) for group in view.advice],
        "notes": [*view.notes],
        "problems": problems.plain(view.problems),
    }


def _usage(usage: MediumUsage) -> dict[str, Any]:
    return {
        "site": usage.site,
        "node": usage.node,
        "bytes": usage.content,
        "medium": usage.medium,
        "fits": usage.fits,
    }


def plain_usage(usage: Usage) -> dict[str, Any]:
    """The usage of a site for programs."""
    plain: dict[str, Any] = {"site": usage.site}
    return plain | {of: {"taken": taken, "whole": whole} for of, (taken, whole) in usage.shares.items()}


def _step(step: Step) -> dict[str, Any]:
    return {"urn": step.urn, "op": step.op, "type": step.type, "diff": list(step.diff)}


def _site(site: Row) -> dict[str, Any]:
    row = {
        "name": site.name,
        "op": site.op,
        "effect": site.effect.value,
        "outcome": site.outcome,
        "images": {node: {"kind": images.kind, **_digests(images)} for node, images in site.images.items()},
        "release": None if site.release is None else _digests(site.release),
    }
    return row if site.unknown_because is None else row | {"unknownBecause": site.unknown_because}


def _digests(of: Digests) -> dict[str, str | None]:
    return {"old": of.old, "new": of.new, "uri": of.uri}


def plain_group(group: Group) -> dict[str, Any]:
    """A group for programs; `group_of` reads it back."""
    return {
        "number": group.number,
        "effect": group.outcome,
        "replaced": group.is_replaced,
        "sites": [*group.sites],
        "changes": [change._asdict() for change in group.changes],
        "objects": [asdict(change) for change in group.objects],
        "where": group.where,
    }


def group_of(plain: Mapping[str, Any]) -> Group:
    """The group that a document describes."""
    return Group(
        number=plain["number"],
        outcome=plain["effect"],
        is_replaced=plain["replaced"],
        sites=tuple(plain["sites"]),
        changes=tuple(Change(**change) for change in plain["changes"]),
        objects=tuple(ObjectChange(**change) for change in plain["objects"]),
        where=plain["where"],
    )


def _waiting(waiting: Pending) -> dict[str, Any]:
    since = None if waiting.since is None else waiting.since.isoformat()
    return {"name": waiting.name, "effect": waiting.effect.value, "since": since}
