"""What is ended at each of its points: one operation, its before, and how it is gone on with."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Operation = Literal["up", "refresh", "destroy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One operation, with its before and after."""

    program: str
    operation: Operation = "up"
    before: str = ""
    """The program that was brought up before; an empty one was never."""
    drift: Callable[[Path], None] = field(default=lambda _things: None)
    """What somebody did outside in between; gets the folder of things."""
    then: str = ""
    """The program that the next run goes on with, where that is another."""
    then_operation: Operation | None = None
    """What the next run does, where that is another."""
    refresh: bool = False
    is_failing: bool = False
    """Whether the operation fails where nobody ends it."""

    @property
    def goes_on(self) -> tuple[Operation, str]:
        """Return what the next run does, and its program."""
        return self.then_operation or self.operation, self.then or self.program


def _change(things: Path) -> None:
    """Change one thing and take another away."""
    (things / "gone-0.json").unlink(missing_ok=True)
    (things / "gone-.json").unlink(missing_ok=True)
    path = next(things.glob("first-*.json"))
    path.write_text(json.dumps({**json.loads(path.read_text()), "value": 99}))


def _foreign(things: Path) -> None:
    """Make a thing by other means."""
    things.mkdir(parents=True, exist_ok=True)
    (things / "brought-x.json").write_text(json.dumps({"value": 7}))


_PLAIN = """
cloud = Cloud("cloud", {"region": "eu"})
first = Thing("first", {"value": 1, "pin": 1})
group = Group("group")
second = Thing("second", {"value": first.serial, "loud": "hush"}, Opts(parent=group))
third = Thing("third", {"value": pulumi.Output.secret("hush")}, Opts(depends_on=[second], provider=cloud))
export("serial", second.serial)
"""
_CHANGED = """
cloud = Cloud("cloud", {"region": "eu", "tag": "x"})
first = Thing("first", {"value": 2, "pin": 1})
group = Group("group")
second = Thing("second", {"value": first.serial, "loud": "quiet"}, Opts(parent=group))
fourth = Thing("fourth", {"value": 4}, Opts(depends_on=[second], provider=cloud))
export("serial", second.serial)
"""
_PINNED = """
first = Thing("first", {"value": 1, "pin": %d})
second = Thing("second", {"value": 1, "pin": first.serial})
third = Thing("third", {"value": second.serial})
"""
_SLOTTED = """
first = Thing("first", {"value": 1, "slot": %d})
second = Thing("second", {"value": 1, "pin": first.serial})
third = Thing("third", {"value": second.serial})
"""
_HALF = """
first = Thing("first", {"value": 1})
second = Thing("second", {"value": first.serial, %s})
"""
_THREE = """
first = Thing("first", {"value": 1})
gone = Thing("gone", {"value": 1})
last = Thing("last", {"value": first.serial}, Opts(depends_on=[gone]))
"""
_WIDE = """
first = Thing("first", {"value": 1})
for name in "abcdef":
    Thing(name, {"value": first.serial})
"""
_IMPORTED = """
brought = Thing("brought", {"value": 8}, Opts(import_="brought-x"))
Thing("after", {"value": brought.serial})
"""

SCENARIOS = {
    "up": Scenario(program=_PLAIN),
    "up and away": Scenario(program=_PLAIN, then_operation="destroy"),
    "update": Scenario(before=_PLAIN, program=_CHANGED),
    "update and back": Scenario(before=_PLAIN, program=_CHANGED, then=_PLAIN),
    "create first": Scenario(before=_PINNED % 1, program=_PINNED % 2),
    "create first and back": Scenario(before=_PINNED % 1, program=_PINNED % 2, then=_PINNED % 1),
    "delete first": Scenario(before=_SLOTTED % 1, program=_SLOTTED % 2),
    "delete first and back": Scenario(before=_SLOTTED % 1, program=_SLOTTED % 2, then=_SLOTTED % 1),
    "destroy": Scenario(before=_PLAIN, program=_PLAIN, operation="destroy"),
    "destroy and back": Scenario(before=_PLAIN, program=_PLAIN, operation="destroy", then_operation="up"),
    "refresh": Scenario(before=_THREE, program=_THREE, drift=_change, operation="refresh"),
    "up after a look": Scenario(before=_THREE, program=_THREE, drift=_change, refresh=True),
    "half made": Scenario(
        program=_HALF % '"fail": "init"', then=_HALF % '"value": first.serial', is_failing=True
    ),
    "import": Scenario(program=_IMPORTED, drift=_foreign),
    "side by side": Scenario(program=_WIDE),
    "destroy side by side": Scenario(before=_WIDE, program=_WIDE, operation="destroy"),
}
