# ruff: noqa: N802 - the protocol names the calls
"""A process that runs the engine with a provider each of whose changes waits for a byte on its input.

Its output tells, a line each, what waits, what the engine said, and how the run ended.
"""

import os
import sys
from pathlib import Path
from typing import Any

from tests.pulumi_embedded.conftest import ENVIRON
from tests.pulumi_embedded.crash.emulator import VARIANTS

from edgefleet.engine.api import Options
from edgefleet.engine.embedded import EmbeddedEngine


def tell(line: str) -> None:
    """Write a line, past what stands for the output while the program runs."""
    os.write(1, f"{line}\n".encode())


def main(operation: Any, variant: str) -> None:
    """Run the project in the present folder."""
    base: Any = VARIANTS[variant]

    class Waiting(base):  # type: ignore[misc]  # which one is known at run time
        def Create(self, request: Any, context: Any) -> Any:
            if not request.preview:
                self._wait(request)
            return super().Create(request, context)

        def Delete(self, request: Any, context: Any) -> Any:
            self._wait(request)
            return super().Delete(request, context)

        def _wait(self, request: Any) -> None:
            tell(f"waits {request.urn.rpartition('::')[2]}")
            os.read(0, 1)

    def hear(event: Any) -> None:
        if event.diagnostic_event is not None:
            tell(f"said {event.diagnostic_event.message.strip()}")

    engine = EmbeddedEngine(factories={"example": Waiting}, environ=ENVIRON)
    options = Options(stack="dev", project=Path.cwd(), parallel=2)
    tell(f"ended {engine.run(operation, options, hear).result}")


if __name__ == "__main__":
    main(*sys.argv[1:])
