"""IAM Roles Anywhere's ways of naming and finding, the same for all that it has."""

import re
from dataclasses import dataclass
from typing import Any

from edgefleet.io.arn_tags import ROLES_ANYWHERE
from edgefleet.io.environment import Outside

IDENTITY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Thing:
    """How the service speaks of one kind of thing."""

    method: str
    """Word in boto3's methods, ``trust_anchor``."""
    name: str
    """Word in parameters and answers, ``trustAnchor``."""

    def get(self, outside: Outside, identity: str, place: str) -> dict[str, Any] | None:
        """The thing of an id, or of a name where this very resource made it; None where there is none.

        Names are not unique in the service, so of several only the one with our tags is ours.
        """
        if IDENTITY.fullmatch(identity):
            asked = {f"{self.name}Id": identity}
            found = outside.aws.seek("rolesanywhere", f"get_{self.method}", place, **asked)
            return None if found is None else dict(found[self.name])
        for each in outside.aws.pages("rolesanywhere", f"list_{self.method}s", place, key=f"{self.name}s"):
            if each["name"] == identity and self._is_mine(outside, each, place):
                return each
        return None

    def enable(self, outside: Outside, identity: str, place: str, *, is_enabled: bool) -> None:
        """Turn it on or off."""
        verb = "enable" if is_enabled else "disable"
        outside.aws.call("rolesanywhere", f"{verb}_{self.method}", place, **{f"{self.name}Id": identity})

    def _is_mine(self, outside: Outside, found: dict[str, Any], place: str) -> bool:
        owner = outside.owner
        live = ROLES_ANYWHERE.live(outside.aws, found[f"{self.name}Arn"])
        return owner is not None and owner.is_mine(live, place)
