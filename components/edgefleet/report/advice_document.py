"""The advice for a fleet as the JSON that `schema/advice.schema.json` describes.

Fields are added, never renamed. Amounts are bytes and thousandths of a core.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from edgefleet.choosing.advice import HubAdvice, SiteAdvice
from edgefleet.choosing.figures import Choice, Figure, Figures
from edgefleet.choosing.verdicts import Verdict


def document(name: str, hub: HubAdvice, groups: Sequence[SiteAdvice], figures: Figures) -> dict[str, Any]:
    """The advice as plain data, with the figures that it follows from."""
    return {
        "fleet": name,
        "hub": asdict(hub),
        "sites": [_group(group) for group in groups],
        "choices": {key: _choice(choice) for key, choice in figures.choices.items()},
        "modules": {
            "reason": figures.modules.reason,
            "archs": [*figures.modules.archs],
            "figures": [_figure(figure) for figure in figures.modules.figures],
        },
    }


def brief(group: SiteAdvice) -> dict[str, Any]:
    """Which runtime suits sites that are alike, and why."""
    return {
        "sites": [*group.sites],
        "current": group.current,
        "recommended": group.recommended,
        "reason": group.reason,
    }


def _group(group: SiteAdvice) -> dict[str, Any]:
    return {
        **brief(group),
        "changes": [*group.changes],
        "notes": [*group.notes],
        "workloads": [asdict(ask) for ask in group.asks],
        "choices": [_verdict(verdict) for verdict in group.verdicts],
    }


def _verdict(of: Verdict) -> dict[str, Any]:
    return {
        "name": of.name,
        "fits": of.fits,
        "setUp": of.is_set_up,
        "takes": None if of.left is None else asdict(of.takes),
        "left": None if of.left is None else asdict(of.left),
        "spare": None if of.spare is None else asdict(of.spare),
        "imageBytes": of.image_bytes,
        "obstacles": [*of.obstacles],
    }


def _choice(of: Choice) -> dict[str, Any]:
    return {
        "title": of.title,
        "figures": {what: _figure(figure) for what, figure in of.figures},
        "opens": asdict(of.opens),
        "exposes": asdict(of.exposes),
        "offline": asdict(of.offline),
        "upgradedBy": of.upgraded_by,
        "otherwise": of.otherwise,
    }


def _figure(of: Figure) -> dict[str, Any]:
    if of.unknown is not None:
        return {"unknown": of.unknown}
    return {name: value for name, value in asdict(of).items() if name != "unknown"}
