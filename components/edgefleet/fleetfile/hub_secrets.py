"""The secrets of the stack in the objects of a hub's cluster, and where the fleet file names them. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from edgefleet.model.paths import Part
from edgefleet.model.site_resource import passphrase
from edgefleet.model.stack_secrets import Reference
from edgefleet.model.syntax import reference, secret_name
from edgefleet.workloads.composing import SECRETS, Entry, hub_objects_of

Path = tuple[Part, ...]


def hub_references(entries: Mapping[str, Entry]) -> Iterator[Reference]:
    """The places in the entries at the hub, dict[workload -> entry], of secrets that its objects have."""
    for name, objects in hub_objects_of(entries).items():
        texts = {text for each in objects for _, text in _texts(each, ())}
        for path, text in _texts(entries.get(name, {}), ("workloads", name)):
            secret = secret_name(text) or (text if SECRETS in path else None)
            if secret and reference(secret) in texts:
                yield Reference(path=path, name=secret, grammar=passphrase)


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """(path, text) of all texts in plain data."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping | list | tuple):
        for key, inner in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from _texts(inner, (*path, key))
