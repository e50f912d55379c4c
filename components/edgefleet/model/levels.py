"""Where in a fleet file the fields of a spec may stand: markers in their annotations.

A field of a spec may stand at every level unless its annotation restricts it. The partial form of a
spec at a level is derived from it in `edgefleet.fleetfile.partial`.
"""

from enum import StrEnum


class Level(StrEnum):
    """A level of settings in a fleet file, the weakest first. As a marker it states the level of a spec."""

    DEFAULTS = "defaults"
    PROFILE = "profile"
    GROUP = "group"
    SITE = "site"
    NODE = "node"


class At:
    """Marker in an annotation: the only levels at which the field may stand; none where edgefleet sets it."""

    __slots__ = ("levels",)

    def __init__(self, *levels: Level) -> None:
        self.levels = frozenset(levels)


class Inherited:
    """Marker in an annotation of a field without a default: a level may omit it if another has it."""

    __slots__ = ()


class Written:
    """Marker in an annotation of a field with a default: it is required where its spec is written."""

    __slots__ = ()


class Keyed:
    """Marker in an annotation of a tuple of specs: written as a map from the value of `field` to the rest."""

    __slots__ = ("field",)

    def __init__(self, field: str) -> None:
        self.field = field
