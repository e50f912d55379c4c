"""Which version of a control plane may follow which. Pure.

Source: Kubernetes, "Version Skew Policy": no minor version is skipped. k3s cannot be downgraded: its data may
be in a newer form.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from edgefleet.errors import Problem


class Release(NamedTuple):
    """A release of k3s or Kubernetes, in order."""

    minor: int
    patch: int = 0
    build: int = 0

    def __str__(self) -> str:
        """The minor version, ``1.36``."""
        return f"1.{self.minor}"


def release(version: str) -> Release:
    """``v1.36.4+k3s1`` or ``1.36`` as numbers.

    Raises:
        ValueError: it is neither.
    """
    found = re.fullmatch(r"v?1\.(\d+)(?:\.(\d+))?(?:-rc\d+)?(?:\+k3s(\d+))?", version)
    if found is None:
        raise ValueError(version)
    return Release(*(int(number or 0) for number in found.groups()))


def upgrade_problems(old: str, new: str, *, path: str = "k3sVersion") -> Iterable[Problem]:
    """The problem of a control plane changing from `old` to `new`."""
    before, after = release(old), release(new)
    if after < before:
        hint = f"write {old}; to go back, restore a snapshot from before the upgrade"
        yield Problem(
            code="downgrade", path=path, problem=f"{new} is older than {old}, which is installed", hint=hint
        )
    elif after.minor > before.minor + 1:
        problem = f"from {old} to {new} skips {_between(before, after)}"
        hint = f"go to the newest 1.{before.minor + 1} first; Kubernetes takes one minor at a time"
        yield Problem(code="skew", path=path, problem=problem, hint=hint)


def _between(before: Release, after: Release) -> str:
    return " and ".join(f"1.{minor}" for minor in range(before.minor + 1, after.minor))
