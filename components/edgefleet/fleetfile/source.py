"""YAML with the position of every value, and without YAML 1.1's surprises.

The reader takes text only: whether ``no``, ``1.10`` or ``02:00:5e:10:00:01`` is a word, a version or a
number is decided by what the model wants there, never by how it looks. Only maps, lists and text are
read: no tags, no merge keys, each key once, at most `DEEPEST` levels and `MOST` values.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Protocol

import yaml
from yaml.error import Mark

from edgefleet.errors import InvalidInput, Problem
from edgefleet.model.k3s_config import Plain
from edgefleet.model.paths import Part, format_path
from edgefleet.model.syntax import shown as cut

DEEPEST = 40
"""Levels of maps and lists; libyaml's composer would overrun its stack somewhere beyond 5,000."""
MOST = 5_000_000
"""Values after aliases are expanded: a few lines of aliases can expand to very many."""

_PLAIN, _QUOTED = "plain", "quoted"
_TAGS = {"tag:yaml.org,2002:" + kind for kind in ("str", "int", "float", "bool", "null", "map", "seq")}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_HINTS = (
    ("found character that cannot start any token", "quote the value; indent with spaces, never with tabs"),
    ("mapping values are not allowed", "check the indentation, and quote a value that holds ': '"),
    ("did not find expected ',' or", "close the bracket, or put a comma between the items"),
    ("unexpected end of stream", "close the quote"),
    ("could not find expected ':'", "write key: value"),
    ("did not find expected key", "check the indentation"),
    ("did not find expected '-' indicator", "check the indentation"),
    ("block sequence entries are not allowed", "start the list on a separate line"),
    ("undefined alias", "define it first with &name, or quote a value that starts with *"),
    ("duplicate anchor", "give each anchor its own name"),
)


class _Composer(yaml.CSafeLoader):
    """libyaml's parser and composer, with positions; it neither resolves nor constructs values."""

    depth = 0

    def resolve(self, kind: type, value: Any, implicit: Any) -> str:  # noqa: ARG002 - called by yaml's composer
        """Record in the tag whether a value is unquoted."""
        return _PLAIN if implicit and implicit is not True and implicit[0] else _QUOTED

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:  # noqa: ARG002 - the same
        """Count a level."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise yaml.MarkedYAMLError(
                problem=f"nested more than {DEEPEST} levels deep",
                problem_mark=current_node.start_mark if current_node else None,
            )

    def ascend_resolver(self) -> None:
        """Count a level back."""
        self.depth -= 1


class Positions(Protocol):
    """A text whose values have positions."""

    def find(self, path: Sequence[Part], *, of_key: bool = False) -> str | None:
        """``file:line:column`` of the value (or its key) at `path`; `None` where nothing stands there."""
        ...  # pragma: no cover - a protocol


class Source:
    """The text of one YAML file, its plain data, and the position of each value."""

    def __init__(self, text: str, shown: str) -> None:
        self.text = text
        self.shown = shown
        self._index: dict[int, dict[str, tuple[yaml.Node, yaml.Node]]] = {}

    @cached_property
    def root(self) -> yaml.Node:
        """The composed document.

        Raises:
            InvalidInput: the text is no YAML.
        """
        loader = None
        try:
            loader = _Composer(self.text)
            root = loader.get_single_node()
        except yaml.YAMLError as error:
            raise InvalidInput(self._broken(error)) from error
        finally:
            if loader is not None:
                loader.dispose()
        if root is None:
            problem, hint = (
                "the file holds nothing but comments",
                "create a starting point with edgefleet new DIR",
            )
            raise InvalidInput.at(self.shown, "empty", problem, hint)
        return root

    def forget(self) -> None:
        """Free the composed document; the next query of a position parses it again."""
        self.__dict__.pop("root", None)
        self._index.clear()

    def plain(self, problems: list[Problem]) -> Any:
        """The document as maps, lists and text; what is wrong with it is added to `problems`.

        Unquoted text is `edgefleet.model.k3s_config.Plain`, an absent value is `None`.
        """
        return _Reader(self, problems).read(self.root, ())[0]

    def at(self, node: yaml.Node) -> str:
        """Position of the start of `node`."""
        return self._at(node.start_mark)

    def find(self, path: Sequence[Part], *, of_key: bool = False) -> str | None:
        """``file:line:column`` of the value (or its key) at `path`; `None` where nothing stands there."""
        nodes = self.walk(path)
        key, value = nodes[-1]
        return self.at(key if of_key else value) if len(nodes) > len(path) else None

    def walk(self, path: Sequence[Part]) -> list[tuple[yaml.Node, yaml.Node]]:
        """(key, value) of the root and of the parts of `path`, as far as they are there."""
        nodes = [(self.root, self.root)]
        for part in path:
            step = self._step(nodes[-1][1], part)
            if step is None:
                break
            nodes.append(step)
        return nodes

    def _step(self, node: yaml.Node, part: Part) -> tuple[yaml.Node, yaml.Node] | None:
        if isinstance(node, yaml.MappingNode):
            if id(node) not in self._index:
                self._index[id(node)] = {str(key.value): (key, value) for key, value in reversed(node.value)}
            return self._index[id(node)].get(str(part))
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            return node.value[part], node.value[part]
        return None

    def _at(self, mark: Mark) -> str:
        return f"{self.shown}:{mark.line + 1}:{mark.column + 1}"

    def _broken(self, error: yaml.YAMLError) -> Problem:
        if not isinstance(error, yaml.MarkedYAMLError):
            return self._unprintable(error)
        problem = error.problem or "broken"
        context = ""
        if error.context and error.context_mark and "for the next token" not in error.context:
            context = f"{error.context} from line {error.context_mark.line + 1}: "
        hint = next((hint for part, hint in _HINTS if part in problem), "check this line and the one before")
        if "but found another document" in problem:
            context, problem, hint = "", "a second document starts here", "write one document, without ---"
        mark = error.problem_mark or error.context_mark
        where = self._at(mark) if mark else self.shown
        return Problem(where=where, code="broken-yaml", problem=f"broken YAML: {context}{problem}", hint=hint)

    def _unprintable(self, error: yaml.YAMLError) -> Problem:
        unprintable = re.search(r"[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", self.text)
        where = self.shown
        if unprintable is not None:
            before = self.text[: unprintable.start()]
            where += f":{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
        problem = f"broken YAML: {getattr(error, 'reason', 'unreadable')}"
        return Problem(where=where, code="broken-yaml", problem=problem, hint="remove this character")


class _Reader:
    """Turns nodes into plain data, each once, also if aliases refer to it."""

    def __init__(self, source: Source, problems: list[Problem]) -> None:
        self.source = source
        self.problems = problems
        self.done: dict[int, tuple[Any, int]] = {}
        self.open: set[int] = set()

    def read(self, node: yaml.Node, path: tuple[Part, ...]) -> tuple[Any, int]:
        """Plain data of `node` and its number of values."""
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path), 1
        done = self.done.get(id(node))
        if done is not None:
            return done
        if id(node) in self.open:
            self._report(node, path, "endless", "this value refers to itself", "write the values out")
            return None, 1
        self.open.add(id(node))
        self._check_tag(node, path)
        data = self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._sequence(node, path)
        self.open.discard(id(node))
        self.done[id(node)] = data
        return data

    def _scalar(self, node: yaml.ScalarNode, path: tuple[Part, ...]) -> str | None:
        if node.tag == _PLAIN:
            return None if node.value in _NULLS else Plain(node.value)
        self._check_tag(node, path)
        return str(node.value)

    def _sequence(self, node: yaml.Node, path: tuple[Part, ...]) -> tuple[list[Any], int]:
        items = [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        return [item for item, _ in items], self._bounded(node, 1 + sum(size for _, size in items))

    def _mapping(self, node: yaml.Node, path: tuple[Part, ...]) -> tuple[dict[str, Any], int]:
        mapping: dict[str, Any] = {}
        total = 1
        for key, value in node.value:
            name = self._key(key, path)
            if name is None:
                continue
            if name in mapping:
                self._repeated(node, key, path)
                continue
            mapping[name], size = self.read(value, (*path, name))
            total += size
        return mapping, self._bounded(node, total)

    def _key(self, key: yaml.Node, path: tuple[Part, ...]) -> str | None:
        if not isinstance(key, yaml.ScalarNode) or (key.tag == _PLAIN and key.value in _NULLS):
            self._report(key, path, "bad-key", "a key must be text", "write key: value")
            return None
        if key.value == "<<" and key.tag == _PLAIN:
            hint = "put what sites share in a group or in defaults"
            self._report(key, path, "merge-key", "merge keys are not read", hint)
            return None
        return str(key.value)

    def _repeated(self, node: yaml.Node, key: yaml.Node, path: tuple[Part, ...]) -> None:
        first = next(other for other, _ in node.value if other.value == key.value)
        problem = f"{cut(key.value)} is here for the second time, first in line {first.start_mark.line + 1}"
        hint = "give each its own name, or remove one"
        self._report(key, (*path, key.value), "duplicate-key", problem, hint)

    def _check_tag(self, node: yaml.Node, path: tuple[Part, ...]) -> None:
        if node.tag not in {_PLAIN, _QUOTED} and node.tag not in _TAGS:
            tag = cut(node.tag.replace("tag:yaml.org,2002:", "!!"))
            self._report(node, path, "bad-tag", f"the tag {tag} is not read", "remove it")

    def _bounded(self, node: yaml.Node, size: int) -> int:
        if size > MOST:
            problem = f"with its aliases this stands for more than {MOST:,} values"
            hint = "write fewer aliases of aliases; put what sites share in a group"
            raise InvalidInput.at(self.source.at(node), "too-many-values", problem, hint)
        return size

    def _report(self, node: yaml.Node, path: tuple[Part, ...], code: str, problem: str, hint: str) -> None:
        problem_here = Problem.of_value(format_path(path), code, problem, hint)
        self.problems.append(replace(problem_here, where=self.source.at(node)))
