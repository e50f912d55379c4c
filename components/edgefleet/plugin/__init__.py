"""The edgefleet plugin, as the Pulumi CLI starts it: ``pulumi-resource-edgefleet <engine's address>``.

This is where the provider and the components meet. A component is made of the provider's resources, so
`edgefleet.fleet` is above `edgefleet.provider` and cannot be imported there: one server, one schema.
"""

from edgefleet.fleet.control_plane import ControlPlane
from edgefleet.fleet.fleet import Fleet
from edgefleet.fleet.workload import Workload
from edgefleet.provider.constructing import Components
from edgefleet.provider.registry import RESOURCES
from edgefleet.provider.schema import schema_json
from edgefleet.provider.servicer import Servicer
from edgefleet.provider.serving import serve

COMPONENTS = (ControlPlane, Fleet, Workload)
"""The components of the package."""


def schema() -> str:
    """The schema of the package as JSON text."""
    return schema_json(RESOURCES, Components(COMPONENTS).schema)


def main() -> None:
    """Serve the engine that started this process."""
    serve(Servicer(components=COMPONENTS))
