"""Tags of resources: those that say whose they are, and those that AWS would refuse."""

from collections.abc import Iterator, Mapping

from edgefleet.errors import Problem
from edgefleet.io.environment import Outside
from edgefleet.io.ownership import MANAGED, PREFIX
from edgefleet.model.paths import format_path

MOST_TAGS = 40
"""Tags that may be asked for; AWS takes 50, of which up to 6 are ours."""


def owner_tags(outside: Outside) -> dict[str, str]:
    """Tags that say whose a resource is."""
    return outside.owner.tags() if outside.owner else {MANAGED[0]: MANAGED[1]}


def tag_problems(tags: Mapping[str, str]) -> Iterator[Problem]:
    """Tags that AWS would refuse, or that are ours."""
    longest_key, longest_value = 128, 256
    for key, value in tags.items():
        path = format_path(("tags", key))
        if key.startswith(PREFIX) or (key == MANAGED[0] and value != MANAGED[1]):
            hint = "choose another key; this one says who looks after the resource"
            yield Problem(code="tag", path=path, problem="is edgefleet's own tag", hint=hint)
        elif key.lower().startswith("aws:"):
            yield Problem(
                code="tag", path=path, problem="begins with aws:", hint="choose another key; these are AWS's"
            )
        elif not 0 < len(key) <= longest_key or len(value) > longest_value:
            hint = f"keys have 1 to {longest_key} characters, values {longest_value} at most"
            yield Problem(code="tag", path=path, problem="is too long or empty", hint=hint)
    if len(tags) > MOST_TAGS:
        problem, hint = f"has {len(tags)} tags", f"use {MOST_TAGS} at most; AWS takes 50, and some are ours"
        yield Problem(code="tag", path="tags", problem=problem, hint=hint)
