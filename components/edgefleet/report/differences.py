"""What one step of an engine does to a site: the values that differ, the digests, the effect."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from edgefleet.model import differ
from edgefleet.model.changes import SiteChange, effect_of
from edgefleet.model.differ import Change
from edgefleet.model.paths import parse_path
from edgefleet.model.site_resource import SiteInputs, SiteOutputs
from edgefleet.model.spec import Secret
from edgefleet.model.steps import SECRET, Step
from edgefleet.model.type_introspection import at, fields_of
from edgefleet.report.view import Digests

CHANGING = frozenset({"update", "replace"})


def site_change(step: Step, images: dict[str, Digests]) -> SiteChange:
    """What becomes of the site of `step`."""
    if step.op not in CHANGING:
        return SiteChange(name=step.name, op=step.op)
    found = changes(step)
    return SiteChange(
        name=step.name,
        op=step.op,
        effect=effect_of(
            SiteInputs,
            (change for change in found if change.name not in fields_of(SiteOutputs)),
            digest_changed=digest_changed(images),
        ),
        changes=found,
        nodes=tuple(images) or ("n1",),
    )


def changes(step: Step) -> tuple[Change, ...]:
    """The values that differ, as the provider answered; where an engine has no answer, by the same differ."""
    found = step.diff or [
        change.path for change in differ.changes(SiteInputs, step.old_inputs, step.new_inputs)
    ]
    return tuple(_change(step, path) for path in found)


def _change(step: Step, path: str) -> Change:
    name = str(parse_path(path)[0])
    if name in fields_of(SiteOutputs):  # its digests stand below, and equal losses are one change
        digest = differ.value_at(SiteOutputs, step.old_outputs, path)
        return Change(path.removesuffix(".digest"), _in_store(digest), "as it should be")
    if name in _secrets():
        return Change(path, SECRET, SECRET)
    old, new = (differ.value_at(SiteInputs, each, path) for each in (step.old_inputs, step.new_inputs))
    return Change(path, old, new)


@cache
def _secrets() -> frozenset[str]:
    """Inputs that no report shows, whatever an engine hands over."""
    marked = {name: at(SiteInputs, (name,)) for name in fields_of(SiteInputs)}
    return frozenset(
        name for name, shape in marked.items() if shape and any(isinstance(n, Secret) for n in shape.notes)
    )


def _in_store(digest: Any) -> str:
    return "missing in the store" if _known(digest) is None else "altered in the store"


def digest_changed(images: dict[str, Digests]) -> bool | None:
    """Whether any node's image differs; `None` where that is not known.

    What an image was that is not in the store (lost, or never written by a run that failed) is not known:
    the spec says whether it is made again as it was, and the box keeps what it has, or as another.
    """
    if any(each.new is None for each in images.values()):
        return None
    if any(each.old not in {None, each.new} for each in images.values()):
        return True
    return None if any(each.old is None for each in images.values()) else False


def digests(step: Step) -> dict[str, Digests]:
    """dict[node -> digests before and after] of a site's step."""
    old, new = _images(step.old_outputs), _images(step.new_outputs)
    if step.op == "delete":
        new = {}
    return {
        node: Digests(
            old=whole(old.get(node, {})),
            new=whole(new.get(node, {})),
            uri=_known(new.get(node, old.get(node, {})).get("uri")),
        )
        for node in sorted({*old, *new})
    }


def unknown_because(step: Step) -> str | None:
    """Why a digest of a site is not known before the update; `None` where all are."""
    reasons = [image.get("unknownBecause") for image in _images(step.new_outputs).values()]
    return next((str(reason) for reason in reasons if reason), None)


def _images(outputs: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    images = outputs.get("images")
    if not isinstance(images, dict):
        return {}
    return {node: image for node, image in images.items() if isinstance(image, dict)}


def whole(image: Mapping[str, Any]) -> str | None:
    """What stands for all of a recorded image: its identity where it is composed, else its digest.

    `None` where the store has none, or it is not known yet.
    """
    digest = _known(image.get("digest"))
    return None if digest is None else _known(image.get("identity")) or digest


def _known(value: Any) -> str | None:
    return value if isinstance(value, str) and not value.startswith("[") else None
