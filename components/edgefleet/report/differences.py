"""What one step of an engine does to a site: the values that differ, the digests, the effect."""

from collections.abc import Mapping
from typing import Any

from edgefleet.model.changes import Change, SiteChange, changes_between, effect_of
from edgefleet.model.paths import parse_path
from edgefleet.model.steps import SECRET, Step
from edgefleet.report.view import Digests

BESIDE = ("store", "key", "passphrases", "images")
"""Properties of a site's images that are no part of its spec."""
SECRETS = frozenset({"key", "passphrases"})
"""Of these the values that no report shows, whatever an engine hands over."""
KEEPING = frozenset({"store", "images"})
"""Of these those that say where images are kept and whether they are: no box notices."""
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
            (change for change in found if _head(change.path) not in KEEPING),
            digest_changed=digest_changed(images),
        ),
        changes=found,
        nodes=tuple(images) or ("n1",),
    )


def changes(step: Step) -> tuple[Change, ...]:
    """The values that differ: in the spec, then beside it."""
    in_spec = changes_between(_spec(step.old_inputs), _spec(step.new_inputs))
    beside = [path for path in step.diff or _differing(step) if _head(path) in BESIDE]
    return (*in_spec, *(_beside(step, path) for path in sorted(beside)))


def _spec(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name not in BESIDE}


def _head(path: str) -> str:
    return str(parse_path(path)[0]) if path else ""


def _differing(step: Step) -> list[str]:
    """Names of the properties beside the spec that differ, where the engine did not say."""
    return [name for name in BESIDE if step.old_inputs.get(name) != step.new_inputs.get(name)]


def _beside(step: Step, path: str) -> Change:
    head = _head(path)
    if head in SECRETS:
        return Change(path, SECRET, SECRET)
    if head == "images":  # its digests stand below, and equal losses are one change
        return Change(path.removesuffix(".digest"), _in_store(_at(step.old_outputs, path)), "as it should be")
    return Change(path, _at(step.old_inputs, path), _at(step.new_inputs, path))


def _at(properties: Mapping[str, Any], path: str) -> Any:
    found: Any = properties
    for part in parse_path(path):
        if not isinstance(found, Mapping):
            return None
        found = found.get(str(part))
    return found


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
