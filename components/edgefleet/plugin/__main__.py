# ruff: noqa: INP001 - no package, so that nothing can import it
"""The edgefleet plugin, as the Pulumi CLI starts it: ``python <this folder> <engine's address>``.

This is where the provider and the components meet. A component is made of the provider's resources, so
`edgefleet.fleet` is above `edgefleet.provider` and cannot be imported there; this folder is no package and
nothing imports it, so here both can be put together: one server, one schema.
"""

import sys
from pathlib import Path

sys.path.insert(
    0, str(Path(__file__).resolve().parents[2])
)  # where the package lies that this file is part of

try:
    from edgefleet.fleet.control_plane import ControlPlane
    from edgefleet.fleet.fleet import Fleet
    from edgefleet.provider.servicer import Servicer
    from edgefleet.provider.serving import serve
except ModuleNotFoundError as error:
    sys.exit(
        f"edgefleet's plugin was started with {sys.executable}, which has no module {error.name}; "
        "install edgefleet in the virtual environment that Pulumi.yaml names under runtime.options.virtualenv"
    )

if __name__ == "__main__":
    serve(Servicer(components=(ControlPlane, Fleet)))
