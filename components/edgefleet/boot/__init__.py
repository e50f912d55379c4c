"""First boot as an ordered list of small steps; each turns a `Target` into files, units and commands.

A recipe pins its list of steps and everything that they render. From the first published version on, a change
of rendered bytes is a new recipe with a list of its own, in which the steps that changed are new files; the
lists before it stay as they are.
"""

from edgefleet.boot import recipe_1
from edgefleet.model.firstboot import BootStep

RECIPES: dict[int, tuple[BootStep, ...]] = {1: recipe_1.STEPS}
"""dict[recipe -> its steps, in their order]."""
