"""The secrets of the stack in the objects of a hub's cluster, and where the fleet file names them. Pure."""

from collections.abc import Iterator, Mapping

from edgefleet.model.paths import leaves
from edgefleet.model.site_resource import passphrase
from edgefleet.model.stack_secrets import Reference
from edgefleet.model.syntax import reference, secret_name
from edgefleet.workloads.composing import SECRETS, Entry, hub_objects_of
from edgefleet.workloads.hub_nodes import name_of


def hub_references(entries: Mapping[str, Entry]) -> Iterator[Reference]:
    """The places in the entries at the hub, dict[workload -> entry], of secrets that its objects have."""
    for name, objects in hub_objects_of(entries).items():
        values = {str(value) for each in objects for _, value in leaves(each)}
        of_entry = entries.get(name, {})
        for path, value in leaves(of_entry, ("workloads", name_of(name, of_entry))):
            text = str(value)
            secret = secret_name(text) or (text if SECRETS in path else None)
            if secret and reference(secret) in values:
                yield Reference(path=path, name=secret, grammar=passphrase)
