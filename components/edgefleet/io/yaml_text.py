"""YAML that people read: block text for several lines, keys in the order given, the same bytes always.

The events are made here and written by libyaml. PyYAML's own way there, which builds nodes, looks for
equal objects and resolves every text again, takes most of the time in which a site is rendered.
"""

import json
import re
from functools import lru_cache
from typing import Any

import yaml

NUMBER_ELSEWHERE = re.compile(r"[-+]?(0o[0-7]+|\.?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?)")
"""Text that YAML 1.2 readers, k3s's among them, take for a number where PyYAML, of YAML 1.1, would not quote
it: a token ``1e234``, a mode ``0o640``."""
_TEXT = "tag:yaml.org,2002:str"
_RESOLVER = yaml.resolver.Resolver()
_START = (yaml.StreamStartEvent(), yaml.DocumentStartEvent(explicit=False))
_END = (yaml.DocumentEndEvent(explicit=False), yaml.StreamEndEvent())
_OPEN_MAPPING = yaml.MappingStartEvent(None, None, True, flow_style=False)
_CLOSE_MAPPING = yaml.MappingEndEvent()
_OPEN_SEQUENCE = yaml.SequenceStartEvent(None, None, True, flow_style=False)
_CLOSE_SEQUENCE = yaml.SequenceEndEvent()


def to_yaml(value: Any) -> str:
    """`value` as a YAML document, two spaces a level, never folded and without anchors.

    Args:
        value: dicts with keys of text, lists, texts, numbers, booleans and null, within each other.

    Raises:
        TypeError: there is something else in it.
    """
    events = [*_START, *_events(value, []), *_END]
    written: str = yaml.emit(events, Dumper=yaml.CSafeDumper, width=10**6, allow_unicode=True)
    return written


def from_yaml(text: str) -> list[Any]:
    """The documents of `text`, which is ours."""
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


def _events(value: Any, into: list[yaml.Event]) -> list[yaml.Event]:
    if isinstance(value, str):
        into.append(_text(value))
    elif isinstance(value, dict):
        into.append(_OPEN_MAPPING)
        for key, item in value.items():
            into.append(_text(key))
            _events(item, into)
        into.append(_CLOSE_MAPPING)
    elif isinstance(value, list):
        into.append(_OPEN_SEQUENCE)
        for item in value:
            _events(item, into)
        into.append(_CLOSE_SEQUENCE)
    elif value is None or isinstance(value, int | float):
        into.append(yaml.ScalarEvent(None, None, (True, False), json.dumps(value)))
    else:
        raise TypeError(f"{type(value).__name__} cannot be in a file of YAML")
    return into


def _text(text: str) -> yaml.ScalarEvent:
    if "\n" in text:
        return yaml.ScalarEvent(None, _TEXT, (False, True), text, style="|")
    return _line(text)


@lru_cache(maxsize=4096)
def _line(text: str) -> yaml.ScalarEvent:
    """A text of one line, in quotes where it would be read as something else; most stand in every site."""
    style = "'" if NUMBER_ELSEWHERE.fullmatch(text) else None
    read: str = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]  # so in the stubs
    return yaml.ScalarEvent(None, _TEXT, (read == _TEXT, True), text, style=style)
