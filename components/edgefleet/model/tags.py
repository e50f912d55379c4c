"""Tags of AWS resources: which AWS takes, which are edgefleet's own, and which a provider ignores."""

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated

from edgefleet.model.spec import spec
from edgefleet.model.syntax import Grammar, checked, wrong
from edgefleet.model.unknown import UNKNOWN

PREFIX = "edgefleet:"
"""Beginning of the keys of edgefleet's own tags."""
MANAGED = ("managed-by", "edgefleet")
"""The tag that names the tool which manages a resource."""
MOST_TAGS = 40
"""Tags that a resource may declare; AWS takes 50, of which edgefleet sets up to 10."""


def _own(key: str) -> str:
    if key.startswith(PREFIX):
        raise wrong("tag", "is edgefleet's own tag", "choose another key; this one shows a resource's owner")
    if key.lower().startswith("aws:"):
        raise wrong("tag", "begins with aws:", "choose another key; these are AWS's")
    return key


def _tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    if tags.get(MANAGED[0], UNKNOWN) not in (UNKNOWN, MANAGED[1]):
        raise wrong("tag", f"{MANAGED[0]} is edgefleet's own tag", "choose another key for yours")
    if len(tags) > MOST_TAGS:
        hint = f"use {MOST_TAGS} at most; AWS takes 50, and edgefleet needs some"
        raise wrong("tag", f"has {len(tags)} tags", hint)
    return tags


def _tag(what: str, pattern: str, longest: int) -> Grammar:
    """The grammar of a tag's `what`."""
    letters = "any characters" if pattern.startswith(".") else "letters, digits, spaces and _.:/=+-@"
    hint = f"use {longest} characters at most: {letters}"
    then = _own if what == "key" else None
    return Grammar(pattern, "tag", f"a tag's {what}", hint, longest, then, is_ascii=False)


_KEY, _VALUE = _tag("key", r"[\w .:/=+@-]+", 128), _tag("value", r"[\w .:/=+@-]*", 256)
_EC2_KEY, _EC2_VALUE = _tag("key", r".+", 128), _tag("value", r".*", 256)
TagKey = Annotated[str, _KEY]
Tags = Annotated[dict[TagKey, Annotated[str, _VALUE]], checked(_tags)]
"""Tags of a resource (Tagging AWS resources user guide, tag naming limits)."""
Ec2Tags = Annotated[dict[Annotated[str, _EC2_KEY], Annotated[str, _EC2_VALUE]], checked(_tags)]
"""Tags of a resource of EC2, which takes any characters (EC2 user guide, tag restrictions)."""


@spec
class DefaultTags:
    """Tags of each resource that can have some."""

    tags: Tags = field(default_factory=dict)
    """Tags; a resource's own tag of the same key comes first."""


@spec
class IgnoredTags:
    """Tags that others manage: they are never read, changed or removed."""

    keys: tuple[TagKey, ...] = ()
    """Keys."""
    key_prefixes: tuple[TagKey, ...] = ()
    """Beginnings of keys."""

    def covers(self, key: str) -> bool:
        """Whether the tag `key` is ignored."""
        return key in self.keys or key.startswith(tuple(map(str, self.key_prefixes)))
