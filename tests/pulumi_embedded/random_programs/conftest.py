"""Random programs of the stand-in's things, groups and providers, and random edits of them."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import strategies as st

MANY = int(os.environ.get("EDGEFLEET_RANDOM_PROGRAMS", "0"))
TYPES = {
    "Thing": "example:test:Thing",
    "Group": "example:test:Group",
    "Cloud": "pulumi:providers:example",
}
STACK = "urn:pulumi:dev::fleet::"
REACH = 4
"""How many of the resources before it one may refer to."""
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One resource of a program; other nodes are referred to by key, which no edit changes."""

    key: int
    kind: str
    name: str
    inputs: Pairs = ()
    """Pairs of a property and the Python that gives it; ``{3}`` stands for the node of key 3."""
    parent: int | None = None
    provider: int | None = None
    deleted_with: int | None = None
    depends_on: tuple[int, ...] = ()
    options: Pairs = ()
    """Pairs of a resource option and the Python that gives it."""
    aliases: tuple[str, ...] = ()
    """URNs it had."""

    def needs(self) -> set[int]:
        """Return the keys that it refers to."""
        named = {self.parent, self.provider, self.deleted_with, *self.depends_on}
        for _, text in self.inputs:
            if "{" in text:
                named.add(int(text.partition("{")[2].partition("}")[0]))
        return {key for key in named if key is not None}


Nodes = tuple[Node, ...]


def urn(program: Nodes, node: Node) -> str:
    """Return a node's URN."""
    types = [TYPES[node.kind]]
    while node.parent is not None:
        node = next(item for item in program if item.key == node.parent)
        types.append(TYPES[node.kind])
    return f"{STACK}{'$'.join(reversed(types))}::{{}}"


def spelled(program: Nodes, node: Node) -> str:
    """Return a node's whole URN."""
    return urn(program, node).format(node.name)


@dataclass(frozen=True, slots=True)
class Program:
    """A program, as one edit leaves it."""

    nodes: Nodes

    @property
    def source(self) -> str:
        """Spell it in Python."""
        lines = [line(node) for node in self.nodes]
        things = [node for node in self.nodes if node.kind == "Thing"]
        return "\n".join([*lines, *(f'export("{node.name}", r{node.key}.serial)' for node in things)])

    def unprotected(self) -> "Program":
        """Return it without protection."""
        return Program(tuple(replace(node, options=without(node.options, "protect")) for node in self.nodes))


def without(pairs: Pairs, name: str) -> Pairs:
    return tuple(pair for pair in pairs if pair[0] != name)


def line(node: Node) -> str:
    """Spell a node in Python."""
    inputs = ", ".join(f'"{name}": {named(text)}' for name, text in node.inputs)
    options = dict(node.options)
    for option, key in (("parent", node.parent), ("provider", node.provider)):
        if key is not None:
            options[option] = f"r{key}"
    if node.deleted_with is not None:
        options["deleted_with"] = f"r{node.deleted_with}"
    if node.depends_on:
        options["depends_on"] = f"[{', '.join(f'r{key}' for key in node.depends_on)}]"
    if node.aliases:
        options["aliases"] = repr(list(node.aliases))
    arguments = [repr(node.name), *([f"{{{inputs}}}"] if node.kind != "Group" else [])]
    spelled_options = ", ".join(f"{name}={text}" for name, text in options.items())
    return f"r{node.key} = {node.kind}({', '.join(arguments)}, opts=Opts({spelled_options}))"


def named(text: str) -> str:
    return text.replace("{", "r").replace("}", "")


# making programs


def things(program: Nodes) -> list[int]:
    return [node.key for node in program if node.kind == "Thing"][-REACH:]


def of_kind(program: Nodes, kind: str) -> list[int]:
    return [node.key for node in program if node.kind == kind]


@st.composite
def values(draw: st.DrawFn, before: Nodes) -> str:
    """A value: plain, secret, or another thing's."""
    plain = st.integers(0, 2).map(str)
    kinds = [plain, plain.map(lambda text: f"Output.secret({text})")]
    if things(before):
        kinds.append(st.sampled_from(things(before)).map(lambda key: f"{{{key}}}.serial"))
        kinds.append(st.sampled_from(things(before)).map(lambda key: f"{{{key}}}.value"))
    return draw(st.one_of(kinds))


@st.composite
def inputs(draw: st.DrawFn, before: Nodes) -> Pairs:
    """A thing's inputs."""
    found = [("value", draw(values(before)))]
    found += [
        (name, draw(values(before))) for name in ("pin", "slot", "loud") if draw(st.integers(0, 3)) == 3
    ]
    return tuple(found)


OPTIONS = (
    ("delete_before_replace", "True"),
    ("delete_before_replace", "False"),
    ("ignore_changes", '["value"]'),
    ("ignore_changes", '["pin"]'),
    ("replace_on_changes", '["value"]'),
    ("replace_on_changes", '["*"]'),
    ("retain_on_delete", "True"),
    ("protect", "True"),
    ("retain_on_delete", "False"),
    ("protect", "False"),
    ("additional_secret_outputs", '["serial"]'),
    ("custom_timeouts", 'pulumi.CustomTimeouts(create="5m", delete="1h")'),
    ("hide_diffs", '["value"]'),
)
options = st.lists(st.sampled_from(OPTIONS), max_size=3, unique_by=lambda pair: pair[0]).map(tuple)


def one_of(draw: st.DrawFn, keys: list[int]) -> int | None:
    """Draw one of the keys, or none."""
    return draw(st.sampled_from([None, None, *keys]))


@st.composite
def nodes(draw: st.DrawFn, key: int, before: Nodes) -> Node:
    """A node that may refer to those before it."""
    kind = draw(st.sampled_from(["Thing", "Thing", "Thing", "Group", "Cloud"]))
    node = Node(key=key, kind=kind, name=f"{kind.lower()}{key}")
    if kind == "Cloud":
        return replace(node, inputs=(("region", repr(draw(st.sampled_from(["eu", "us"])))),))
    node = replace(node, parent=one_of(draw, parents(before)))
    if kind == "Thing":
        node = replace(node, inputs=draw(inputs(before)))
    return with_options(draw, node, before)


def parents(before: Nodes) -> list[int]:
    """Return what a node may be in: any group, or a thing that is near."""
    return [*of_kind(before, "Group"), *things(before)]


def with_options(draw: st.DrawFn, node: Node, before: Nodes) -> Node:
    """Give a thing or a group options; those of a group are handed down, or are not."""
    near = things(before)
    needed = draw(st.lists(st.sampled_from(near), max_size=2, unique=True)) if near else []
    return replace(
        node,
        options=draw(options),
        provider=one_of(draw, of_kind(before, "Cloud")),
        deleted_with=one_of(draw, near) if draw(st.booleans()) else None,
        depends_on=tuple(needed),
    )


# editing programs


def swap(program: Nodes, place: int, node: Node) -> Nodes:
    return (*program[:place], node, *program[place + 1 :])


def renamed(_draw: st.DrawFn, program: Nodes, place: int) -> Nodes:
    """Give a node another name, with an alias."""
    node = program[place]
    aliases = (*node.aliases, spelled(program, node))
    name = f"{node.name.partition('x')[0]}x{len(aliases)}"
    return swap(program, place, replace(node, name=name, aliases=aliases))


def moved(draw: st.DrawFn, program: Nodes, place: int) -> Nodes:
    """Give a node another parent, with an alias."""
    node = program[place]
    if node.kind == "Cloud":
        return program
    parent = one_of(draw, parents(program[:place]))
    aliases = (*node.aliases, spelled(program, node))
    changed = swap(program, place, replace(node, parent=parent))
    if spelled(changed, changed[place]) == spelled(program, node):
        return changed
    return swap(program, place, replace(node, parent=parent, aliases=aliases))


def removed(_draw: st.DrawFn, program: Nodes, place: int) -> Nodes:
    """Remove a node and all that refers to it."""
    gone = {program[place].key}
    for node in program[place + 1 :]:
        if node.needs() & gone:
            gone.add(node.key)
    return tuple(node for node in program if node.key not in gone)


def changed(draw: st.DrawFn, program: Nodes, place: int) -> Nodes:
    """Give a node another input."""
    node, before = program[place], program[:place]
    if node.kind == "Cloud":
        return swap(program, place, replace(node, inputs=(("region", repr(draw(st.sampled_from("abc")))),)))
    if not node.inputs:
        return program
    found = dict(node.inputs)
    found[draw(st.sampled_from(["value", "value", "value", "pin", "slot", "loud"]))] = draw(values(before))
    return swap(program, place, replace(node, inputs=tuple(found.items())))


def reoptioned(draw: st.DrawFn, program: Nodes, place: int) -> Nodes:
    """Give a thing or a group other options."""
    node = program[place]
    if node.kind == "Cloud":
        return program
    return swap(program, place, with_options(draw, node, program[:place]))


def added(draw: st.DrawFn, program: Nodes, _place: int) -> Nodes:
    """Add a node, with a key that no other ever had."""
    key = draw(st.integers(100, 10**9))
    return (*program, draw(nodes(key, program)))


EDITS: tuple[Callable[[st.DrawFn, Nodes, int], Nodes], ...] = (
    changed,
    changed,
    reoptioned,
    removed,
    added,
    renamed,
    moved,
)


@st.composite
def drawn_histories(draw: st.DrawFn, least: int = 1, most: int = 12 if MANY else 7) -> list[Program]:
    """A program of so many resources, and what its edits make of it."""
    program: Nodes = ()
    for key in range(draw(st.integers(least, most))):
        program = (*program, draw(nodes(key, program)))
    history = [Program(program)]
    for _ in range(draw(st.integers(1, 4 if MANY else 2))):
        for _ in range(draw(st.integers(1, 4))):
            if program:
                edit = draw(st.sampled_from(EDITS))
                program = edit(draw, program, draw(st.integers(0, len(program) - 1)))
        history.append(Program(program))
    return history


@pytest.fixture(scope="session")
def histories() -> Callable[..., st.SearchStrategy[list[Program]]]:
    """Makes programs with their edits, in order."""
    return drawn_histories
