"""The Pulumi SDK that the engine works with: private names that it relies on, verified minor by minor.

`tests/pulumi_embedded/test_sdk.py` verifies the names against the installed SDK, and that pyproject.toml
allows the minors below and no others. For a new minor: run the tests with it, then add it in both places.
"""

from importlib.metadata import version
from typing import Final

from pulumi_embedded.errors import OutsideFailure, Problem

VERIFIED: Final = ((3, 272),)
"""Minors of the SDK, in order and without gaps, that the names below are verified with."""
REGISTRATION: Final = "register_resource.<locals>.do_register"
"""Qualified name of the coroutine that prepares and sends one registration (`pulumi.runtime.resource`)."""
ROOT: Final = "ROOT"
"""The context variable of the stack's own resource (`pulumi.runtime.settings`)."""


def installed_sdk() -> str:
    """Return the version of the installed SDK."""
    return version("pulumi")


def requirement() -> str:
    """Return the supported versions as a pip requirement."""
    (major, first), (_, last) = VERIFIED[0], VERIFIED[-1]
    return f"pulumi>={major}.{first},<{major}.{last + 1}"


def check_sdk(installed: str) -> None:
    """Refuse an SDK whose private names are not verified.

    Args:
        installed: Its version, for example ``3.272.0``.

    Raises:
        OutsideFailure: with the names, the verified minors and what to install.
    """
    minor = tuple(int(part) for part in installed.split(".")[:2] if part.isdigit())
    if minor in VERIFIED:
        return
    verified = ", ".join(".".join(map(str, item)) for item in VERIFIED)
    raise OutsideFailure(
        Problem(
            where=f"pulumi {installed}",
            problem=f"the embedded engine relies on private names of the Pulumi SDK (runtime.resource: "
            f"{REGISTRATION}, runtime.settings: {ROOT}), which are verified with {verified} only",
            hint=f"install a verified one, `pip install '{requirement()}'`, or use the Pulumi CLI",
            code="sdk-version",
        )
    )
