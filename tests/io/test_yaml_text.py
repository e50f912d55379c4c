"""YAML for boot files: read back as it was, by readers of either YAML."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from edgefleet.io.yaml_text import to_yaml

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff"))
LEAVES = TEXT | st.integers() | st.booleans()
VALUES: st.SearchStrategy[Any] = st.dictionaries(
    TEXT, st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=20)
)


@given(VALUES)
def test_what_is_written_is_read_back(value: dict[str, Any]) -> None:
    """Text stays text, whatever it looks like: ``no``, ``012``, a line that starts with a dash."""
    written = to_yaml(value)
    assert value == yaml.safe_load(written)
    assert written == to_yaml(value)


@pytest.mark.parametrize("text", ["1e234", "49553593282e09", "0o640", "1.5e3", "0640", "12", "yes", "~", ""])
def test_text_that_some_reader_takes_for_something_else_is_quoted(text: str) -> None:
    """k3s reads YAML 1.2: a token of digits and one ``e`` would be a number to it, and open nothing."""
    assert f"token: '{text}'\n" == to_yaml({"token": text})


def test_several_lines_are_a_block_that_people_can_read() -> None:
    """A script in user-data is looked at on the node, when something is wrong."""
    assert "content: |\n  one\n  two\n" == to_yaml({"content": "one\ntwo\n"})


def test_equal_parts_are_written_out_each_time() -> None:
    """An anchor in a boot file helps nobody."""
    part = {"dhcp4": False}
    assert "a:\n  dhcp4: false\nb:\n  dhcp4: false\n" == to_yaml({"a": part, "b": part})


@pytest.mark.parametrize("value", [b"x", ("a",), {1}])
def test_what_has_no_place_in_a_boot_file_is_refused(value: Any) -> None:
    """A bug in a boot step shows where it is, and not on a node."""
    with pytest.raises(TypeError, match="cannot be in"):
        to_yaml({"key": value})
