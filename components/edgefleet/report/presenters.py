"""The row of each resource, made by the presenter of its kind.

A kind with more to show than the names of differing inputs has a presenter in `PRESENTERS`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any

from edgefleet.model import differ
from edgefleet.model.changes import effect_of
from edgefleet.model.differ import Change
from edgefleet.model.effects import Effect
from edgefleet.model.paths import format_path, parse_path
from edgefleet.model.site_resource import (
    PARTS,
    RELEASE,
    SEED,
    TOKEN,
    SiteInputs,
    SiteOutputs,
    desired,
    kind_of,
    site_of,
)
from edgefleet.model.spec import Secret
from edgefleet.model.steps import SECRET, Step
from edgefleet.model.syntax import reference
from edgefleet.model.type_introspection import at, fields_of
from edgefleet.report.plan_view import Digests, Row
from edgefleet.workloads import differences as objects
from edgefleet.workloads.differences import ObjectChange

Presenter = Callable[[Step], Row]
"""Step of an engine -> its row, without its outcome and place, which depend on the whole run."""
KUBERNETES = "kubernetes:"
CHANGING = frozenset({"update", "replace"})
_OF_OBJECTS = frozenset({"workloads", "airgap", "nodes", "passphrases"})
"""Inputs of a site that the objects of its workloads follow from."""
DIGEST = "digest"
LOST = "missing or altered in the store"
"""State of an image whose recorded digest is null."""


def present(step: Step) -> Row:
    """The row of the resource of `step`."""
    return PRESENTERS.get(step.type, _by_names)(step)


def is_site(step: Step) -> bool:
    """Whether the resource of `step` stands for a site."""
    return step.type in PRESENTERS


def changes(step: Step, inputs: Any, outputs: Any) -> tuple[Change, ...]:
    """The values that differ: those that the provider reported, else those that the same differ finds.

    Args:
        step: an engine's step for a resource.
        inputs: the spec of the resource's inputs.
        outputs: the spec of its outputs, which differ where the stored images are not the desired ones.
    """
    paths = step.diff or [change.path for change in differ.changes(inputs, step.old_inputs, step.new_inputs)]
    drifted = set(fields_of(outputs)) - set(fields_of(inputs))
    whole_paths = chain.from_iterable(_lost(step, path) if path in drifted else [path] for path in paths)
    return tuple(_change(step, path, inputs, outputs) for path in whole_paths)


def _lost(step: Step, name: str) -> Iterator[str]:
    """Paths of the digests of the output `name` that are not in the store."""
    parts = step.old_outputs.get(name)
    if name == RELEASE:
        yield format_path((RELEASE, DIGEST))
        return
    for part, image in (parts if isinstance(parts, Mapping) else {}).items():
        if desired(image) is None:
            yield format_path((name, part, SEED))


def _change(step: Step, path: str, inputs: Any, outputs: Any) -> Change:
    name = str(parse_path(path)[0])
    if name in _secrets(inputs):
        return Change(
            path, *(SECRET if name in values else None for values in (step.old_inputs, step.new_inputs))
        )
    if name in fields_of(outputs) and name not in fields_of(inputs):
        # its digests are shown below, and equal losses are one change
        states = (
            _in_store(differ.value_at(outputs, of, path)) for of in (step.old_outputs, step.new_outputs)
        )
        return Change(path.removesuffix(f".{SEED}").removesuffix(f".{DIGEST}"), *states)
    old, new = (differ.value_at(inputs, values, path) for values in (step.old_inputs, step.new_inputs))
    return Change(path, old, new)


@cache
def _secrets(inputs: Any) -> frozenset[str]:
    """Inputs that no report shows, even if an engine passes them in clear."""
    marked = {name: at(inputs, (name,)) for name in fields_of(inputs)}
    return frozenset(
        name for name, shape in marked.items() if shape and any(isinstance(n, Secret) for n in shape.notes)
    )


def _in_store(digest: Any) -> str:
    return LOST if _known(digest) is None else "as it should be"


def _by_names(step: Step) -> Row:
    found = tuple(_values_of_object(step))
    differing = () if found else step.diff
    return Row(kind=step.type, name=step.name, op=step.op, differing=differing, objects=found)


def _values_of_object(step: Step) -> Iterator[ObjectChange]:
    """The values that differ in a Kubernetes object that is a resource of its own."""
    if step.type.startswith(KUBERNETES) and step.op in CHANGING:
        old, new = dict(step.old_inputs), dict(step.new_inputs)
        if isinstance(new.get("metadata"), Mapping) and old.keys() and "kind" in new:
            yield from objects.inside("", old, new)


def _site(step: Step) -> Row:
    """A site, with the digests of its images and the effect of the change on its nodes."""
    digests = _digests(step)
    differing = changes(step, SiteInputs, SiteOutputs) if step.op in CHANGING else ()
    in_inputs = [change for change in differing if change.name not in fields_of(SiteOutputs)]
    nodes = step.new_inputs.get("nodes")
    return Row(
        kind=step.type,
        name=site_of(step.name),
        op=step.op,
        effect=effect_of(
            SiteInputs, in_inputs, digest_changed=_digest_changed(digests), has_channel=_is_carried(step)
        )
        if step.op in CHANGING
        else Effect.NONE,
        changes=differing,
        objects=_objects(step, in_inputs),
        nodes=tuple(nodes) if isinstance(nodes, Mapping) else (),
        store=str(step.old_inputs.get("store", "")),
        images=digests,
        release=_release(step),
        unknown_because=_unknown_because(step),
    )


def _objects(step: Step, changes: Sequence[Change]) -> tuple[ObjectChange, ...]:
    """What `changes` of a site's inputs do to the objects of its workloads."""
    if not _OF_OBJECTS & {change.name for change in changes}:
        return ()
    secrets = {str(parse_path(change.path)[-1]) for change in changes if change.name == "passphrases"}
    elsewhere = str({key: value for key, value in step.new_inputs.items() if key != "workloads"})
    secrets = {name for name in secrets if reference(name) not in elsewhere}
    by_workload = objects.differences(step.old_inputs, step.new_inputs)
    return (*chain.from_iterable(by_workload.values()), *objects.renewed(step.new_inputs, secrets))


def _is_carried(step: Step) -> bool:
    """Whether the nodes of a site have a channel that carries all of a change to them."""
    old, new = (_fixed(of) for of in (step.old_outputs, step.new_outputs))
    return bool(old) and old == new


def _fixed(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """dict[node -> digest of what only an image changes], of the nodes of a site with a channel."""
    release = outputs.get(RELEASE)
    bundles = release.get("bundles") if isinstance(release, Mapping) else None
    return {node: bundle["fixed"] for node, bundle in bundles.items()} if isinstance(bundles, Mapping) else {}


def _digest_changed(images: dict[str, Digests]) -> bool | None:
    """Whether any node's image differs; `None` where that is not known.

    The digest of an image that is not in the store (lost, or never written by a failed run) is unknown. Only
    the spec then shows whether the image changes.
    """
    if any(image.new is None for image in images.values()):
        return None
    if any(image.old not in {None, image.new} for image in images.values()):
        return True
    return None if any(image.old is None for image in images.values()) else False


def _digests(step: Step) -> dict[str, Digests]:
    """dict[node -> digests before and after] of a site's step."""
    old, new = _images(step.old_outputs), _images(step.new_outputs)
    if step.op == "delete":
        new = {}
    return {
        node: Digests(
            old=_desired(old.get(node, {})),
            new=_desired(new.get(node, {})),
            kind=" -> ".join(dict.fromkeys(kind_of(side[node]) for side in (old, new) if node in side)),
            uri=_known(new.get(node, old.get(node, {})).get("uri")),
        )
        for node in sorted({*old, *new})
    }


def _release(step: Step) -> Digests | None:
    """The digests of a site's release before and after; `None` where there is none."""
    old, new = (of.get(RELEASE) for of in (step.old_outputs, step.new_outputs))
    if step.op == "delete":
        new = None
    if not isinstance(old, Mapping | None) or not isinstance(new, Mapping | None) or not (old or new):
        return None
    uri = _known((new or old or {}).get("uri"))
    return Digests(
        old=_known((old or {}).get(DIGEST)), new=_known((new or {}).get(DIGEST)), kind=RELEASE, uri=uri
    )


def _unknown_because(step: Step) -> str | None:
    """Why a digest of a site is not known before the update; `None` where all are."""
    images = _images(step.new_outputs)
    if not images and step.op in CHANGING:
        return "the step failed"
    reasons = [image.get("unknownBecause") for image in images.values()]
    return next((str(reason) for reason in reasons if reason), None)


def _images(outputs: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    images = outputs.get("images")
    if not isinstance(images, dict):
        return {}
    return {node: image for node, image in images.items() if isinstance(image, dict)}


def _desired(image: Mapping[str, Any]) -> str | None:
    """`desired` of an image whose values may be unknown yet."""
    return desired({name: _known(image.get(name)) for name in (SEED, PARTS)})


def _known(value: Any) -> str | None:
    return value if isinstance(value, str) and not value.startswith("[") else None


PRESENTERS: Mapping[str, Presenter] = {TOKEN: _site}
"""dict[type of a resource that stands for a site -> its presenter]."""
