"""The effect of a change on a deployed site: a closed, ordered list that every input declares.

A field of a spec carries its effect in its annotation: ``disk: Annotated[int, Effect.REFLASH]``.
"""

from enum import StrEnum


class Effect(StrEnum):
    """What a change of a value does to a node that is already in the field."""

    NONE = "none"
    """Nothing on the node changes."""
    LIVE = "live"
    """Pulled by the node, nothing stops."""
    RESTART = "restart"
    """A service or the node restarts."""
    REFLASH = "reflash"
    """The boot medium must be rewritten: it needs a visit."""

    @property
    def rank(self) -> int:
        """Position in the order none < live < restart < reflash."""
        return list(Effect).index(self)

    @classmethod
    def worst(cls, *effects: "Effect") -> "Effect":
        """The highest of `effects`; `NONE` for no effect at all."""
        return max(effects, key=lambda effect: effect.rank, default=cls.NONE)
