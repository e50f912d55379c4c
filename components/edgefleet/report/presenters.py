"""How the resources of each kind are presented: a row each, made by the presenter of the kind.

A further kind that has something to show is one presenter and one line in `PRESENTERS`; a kind without one is
presented by the names of the inputs that differ.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from edgefleet.model import differ
from edgefleet.model.changes import effect_of
from edgefleet.model.differ import Change
from edgefleet.model.effects import Effect
from edgefleet.model.paths import parse_path
from edgefleet.model.site_resource import TOKEN, SiteInputs, SiteOutputs
from edgefleet.model.spec import Secret
from edgefleet.model.steps import SECRET, Step
from edgefleet.model.type_introspection import at, fields_of
from edgefleet.report.plan_view import Digests, Row

Presenter = Callable[[Step], Row]
"""Step of an engine -> its row, without what only the whole run tells: its outcome, its place."""
CHANGING = frozenset({"update", "replace"})


def present(step: Step) -> Row:
    """The row of the resource of `step`."""
    return PRESENTERS.get(step.type, _by_names)(step)


def is_site(step: Step) -> bool:
    """Whether the resource of `step` stands for a site."""
    return step.type in PRESENTERS


def changes(step: Step, inputs: Any, outputs: Any) -> tuple[Change, ...]:
    """The values that differ, as the provider answered; where an engine has no answer, by the same differ.

    Args:
        step: what an engine does to a resource.
        inputs: the spec of the resource's inputs.
        outputs: that of its outputs, which differ where what there is is not as it should be.
    """
    found = step.diff or [change.path for change in differ.changes(inputs, step.old_inputs, step.new_inputs)]
    return tuple(_change(step, path, inputs, outputs) for path in found)


def _change(step: Step, path: str, inputs: Any, outputs: Any) -> Change:
    name = str(parse_path(path)[0])
    if name in _secrets(inputs):
        return Change(path, SECRET, SECRET)
    if name in fields_of(outputs) and name not in fields_of(inputs):
        # its digests stand below, and equal losses are one change
        digest = differ.value_at(outputs, step.old_outputs, path)
        return Change(path.removesuffix(".digest"), _in_store(digest), "as it should be")
    old, new = (differ.value_at(inputs, each, path) for each in (step.old_inputs, step.new_inputs))
    return Change(path, old, new)


@cache
def _secrets(inputs: Any) -> frozenset[str]:
    """Inputs that no report shows, whatever an engine hands over."""
    marked = {name: at(inputs, (name,)) for name in fields_of(inputs)}
    return frozenset(
        name for name, shape in marked.items() if shape and any(isinstance(n, Secret) for n in shape.notes)
    )


def _in_store(digest: Any) -> str:
    return "missing in the store" if _known(digest) is None else "altered in the store"


def _by_names(step: Step) -> Row:
    return Row(kind=step.type, name=step.name, op=step.op, differing=step.diff)


def _site(step: Step) -> Row:
    """A site, with the digests of its images and what the change does to its nodes."""
    digests = _digests(step)
    found = changes(step, SiteInputs, SiteOutputs) if step.op in CHANGING else ()
    in_inputs = [change for change in found if change.name not in fields_of(SiteOutputs)]
    nodes = step.new_inputs.get("nodes")
    return Row(
        kind=step.type,
        name=step.name,
        op=step.op,
        effect=effect_of(SiteInputs, in_inputs, digest_changed=_digest_changed(digests))
        if step.op in CHANGING
        else Effect.NONE,
        changes=found,
        nodes=tuple(nodes) if isinstance(nodes, Mapping) else (),
        images=digests,
        unknown_because=_unknown_because(step),
    )


def _digest_changed(images: dict[str, Digests]) -> bool | None:
    """Whether any node's image differs; `None` where that is not known.

    What an image was that is not in the store (lost, or never written by a run that failed) is not known:
    the spec says whether it is made again as it was, and the node keeps what it has, or as another.
    """
    if any(each.new is None for each in images.values()):
        return None
    if any(each.old not in {None, each.new} for each in images.values()):
        return True
    return None if any(each.old is None for each in images.values()) else False


def _digests(step: Step) -> dict[str, Digests]:
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


def _unknown_because(step: Step) -> str | None:
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


PRESENTERS: Mapping[str, Presenter] = {TOKEN: _site}
"""dict[type of a resource that stands for a site -> its presenter]."""
