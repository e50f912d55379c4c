"""Which field of a workload a value of its objects comes from, as far as the values tell. Pure.

Objects are composed, so no value has its origin with it. A field is named where exactly one has the value, or
where a key that only a patch can have made stands once; anything else is the workload as a whole.
"""

import re
from collections.abc import Mapping
from typing import Any

from edgefleet.model.kubernetes import at
from edgefleet.model.paths import Part, Path, leaves, parse_path

_TELLING = 3
"""Characters from which on a text is not equal to another by chance."""
_KEY = re.compile(r'\[(?!\d+\]|")([^\]]*)\]')
"""A key as an API server writes it: ``metadata.labels[example.com/tier]``."""


def origin(fields: Mapping[str, Any], item: Mapping[str, Any], path: str) -> Path:
    """The path below a workload of what makes the value of an object; empty for the workload as a whole.

    Args:
        fields: the workload, in its plain form.
        item: one of its objects.
        path: of a value of the object, as an API server writes it.
    """
    parts = parse_path(_KEY.sub(r'["\1"]', path))
    return field_of(fields, parts[-1], at(item, *parts)) if parts else ()


def field_of(fields: Mapping[str, Any], key: Part, value: Any) -> Path:
    """The same for a value that an object has at `key`."""
    if isinstance(value, str | int | float):
        alike = [found for found, leaf in leaves(fields) if type(leaf) is type(value) and leaf == value]
        named = [found for found in alike if key in found]
        if len(named) == 1:
            return named[0]
        is_telling = isinstance(value, str) and len(value) >= _TELLING
        return alike[0] if is_telling and len(alike) == 1 else ()
    above = {found[: found.index(key) + 1] for found, _ in leaves(fields) if key in found}
    return above.pop() if len(above) == 1 else ()
