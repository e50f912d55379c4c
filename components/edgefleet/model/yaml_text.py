"""YAML that people read: block text for several lines, keys in the order given, the same bytes always.

Nodes are made here and written by libyaml. PyYAML's own way from values to nodes, which looks for equal
objects and for types that no boot file has, takes most of the time in which a site is rendered.
"""

import re
from typing import Any

import yaml

NUMBER_ELSEWHERE = re.compile(r"[-+]?(0o[0-7]+|\.?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?)")
"""Text that YAML 1.2 readers, k3s's among them, take for a number where PyYAML, of YAML 1.1, would not quote
it: a token ``1e234``, a mode ``0o640``."""
_TAG = "tag:yaml.org,2002:"


def to_yaml(value: Any) -> str:
    """`value` as a YAML document, two spaces a level, never folded and without anchors.

    Args:
        value: dicts with keys of text, lists, texts, whole numbers and booleans, within each other.

    Raises:
        TypeError: there is something else in it.
    """
    written: str = yaml.serialize(_node(value), Dumper=yaml.CSafeDumper, width=10**6, allow_unicode=True)
    return written


def _node(value: Any) -> yaml.Node:
    if isinstance(value, str):
        return yaml.ScalarNode(_TAG + "str", value, style=_style(value))
    if isinstance(value, dict):
        pairs = [(_node(key), _node(each)) for key, each in value.items()]
        return yaml.MappingNode(_TAG + "map", pairs, flow_style=False)
    if isinstance(value, list):
        return yaml.SequenceNode(_TAG + "seq", [_node(each) for each in value], flow_style=False)
    if isinstance(value, bool):
        return yaml.ScalarNode(_TAG + "bool", "true" if value else "false")
    if isinstance(value, int):
        return yaml.ScalarNode(_TAG + "int", str(value))
    raise TypeError(f"{type(value).__name__} has no place in a boot file")


def _style(text: str) -> str | None:
    if "\n" in text:
        return "|"
    return "'" if NUMBER_ELSEWHERE.fullmatch(text) else None
