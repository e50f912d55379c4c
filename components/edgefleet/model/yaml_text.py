"""YAML that people read: block text for several lines, keys in the order given, the same bytes always."""

import re
from typing import Any

import yaml

NUMBER_ELSEWHERE = re.compile(r"[-+]?(0o[0-7]+|\.?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?)")
"""Text that YAML 1.2 readers, k3s's among them, take for a number where PyYAML, of YAML 1.1, would not quote
it: a token ``1e234``, a mode ``0o640``."""


class _Dumper(yaml.CSafeDumper):
    """libyaml's writer with literal blocks for text of several lines and no anchors."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the library's signature
        """Write equal values out each time: an anchor in a boot file helps nobody."""
        return True


def _text(dumper: yaml.CSafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else "'" if NUMBER_ELSEWHERE.fullmatch(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(value: Any) -> str:
    """`value` as a YAML document, two spaces a level, never folded."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=10**6, allow_unicode=True)
