"""Tests that cannot fail: assertions that hold whatever the code does.

``all()`` and ``not any()`` hold over nothing, and a loop over nothing asserts nothing; ``raises`` without a
message accepts an error of another cause; a dataclass writes its own ``__doc__``. A test that needs one of
these asserts beside it what makes it strict.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.structure.source import tree

ROOT = Path(__file__).resolve().parents[2]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef
VIEWS = {"keys", "values", "items"}
WRAPPERS = {"sorted", "list", "tuple", "set", "enumerate", "reversed", "zip", "pairwise"}
WITHOUT_MESSAGE = {"KeyboardInterrupt"}
"""Exceptions that carry no text and whose only cause is the test's own."""


def called(node: ast.expr, name: str) -> ast.Call | None:
    """The call where `node` is one of the function `name`."""
    is_it = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    return node if is_it and isinstance(node, ast.Call) else None


def vacuous(assertion: ast.Assert) -> Iterator[ast.Call]:
    """Calls of ``all`` and ``not any`` that an assertion depends on."""
    for node in ast.walk(assertion.test):
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            call = called(node.operand, "any")
        else:
            call = called(node, "all") if isinstance(node, ast.expr) else None
        if call is not None:
            yield call


def sources(call: ast.Call) -> Iterator[str]:
    """What `call` runs over where that may be empty, as text without views and wrappers."""
    argument = call.args[0]
    if isinstance(argument, ast.GeneratorExp | ast.ListComp):
        argument = argument.generators[0].iter
    yield from may_be_empty(argument)


def may_be_empty(node: ast.expr) -> Iterator[str]:
    """What may be empty, as text: the collection, or what a range asks the length of."""
    bare = unwrapped(node)
    if isinstance(bare, ast.Tuple | ast.List | ast.Set) and bare.elts:
        return
    if called(bare, "range"):
        lengths = (
            call for part in ast.walk(bare) if isinstance(part, ast.expr) and (call := called(part, "len"))
        )
        yield from (ast.unparse(call.args[0]) for call in lengths)
    elif not is_constant(source := ast.unparse(bare)):
        yield source


def unwrapped(node: ast.expr) -> ast.expr:
    """The collection below ``sorted(...)``, ``....items()`` and slices, which keep it empty or not."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        return unwrapped(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in VIEWS:
        return unwrapped(node.func.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in WRAPPERS:
        return unwrapped(node.args[0])
    return node


def asserted(function: Function, source: str, *, but: ast.AST) -> bool:
    """Whether an assertion of the function names `source` outside the call `but`."""
    skipped = {id(node) for node in ast.walk(but)}
    return any(
        id(node) not in skipped and isinstance(node, ast.expr) and ast.unparse(node) == source
        for assertion in ast.walk(function)
        if isinstance(assertion, ast.Assert)
        for node in ast.walk(assertion.test)
    )


def is_constant(source: str) -> bool:
    """Whether `source` is a constant of the module or of the code, which a reviewer sees filled."""
    return source.rpartition(".")[2].isupper()


def unasserted_collections(function: Function) -> Iterator[int]:
    """Lines of ``assert all(...)`` and ``assert not any(...)`` over what may be empty."""
    for assertion in ast.walk(function):
        if isinstance(assertion, ast.Assert):
            for call in vacuous(assertion):
                if any(not asserted(function, source, but=call) for source in sources(call)):
                    yield call.lineno


def assertions_in(node: ast.AST, loops: tuple[ast.For, ...] = ()) -> Iterator[tuple[ast.For, ...]]:
    """The loops around each assertion below `node`; ``pytest.raises`` is one, too."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Assert) or (isinstance(child, ast.Attribute) and child.attr == "raises"):
            yield loops
        yield from assertions_in(child, (*loops, child) if isinstance(child, ast.For) else loops)


def asserted_in_loops_alone(function: Function) -> Iterator[int]:
    """The line of a test each of whose assertions is in a loop over what may be empty."""
    around = list(assertions_in(function))
    if (
        function.name.startswith("test")
        and around
        and all(
            any(not asserted_outside(function, loop) for loop in loops if [*may_be_empty(loop.iter)])
            for loops in around
        )
    ):
        yield function.lineno


def asserted_outside(function: Function, loop: ast.For) -> bool:
    """Whether an assertion names what the loop runs over."""
    return all(asserted(function, source, but=loop) for source in may_be_empty(loop.iter))


def raises_without_message(function: Function) -> Iterator[int]:
    """Lines of ``pytest.raises`` that compare neither the message nor the error that was caught."""
    reads = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    for block in ast.walk(function):
        if isinstance(block, ast.With | ast.AsyncWith):
            for item in block.items:
                call, name = item.context_expr, item.optional_vars
                if not isinstance(call, ast.Call) or ast.unparse(call.func) != "pytest.raises":
                    continue
                is_compared = any(keyword.arg in {"match", "check"} for keyword in call.keywords)
                is_read = isinstance(name, ast.Name) and name.id in reads
                if not is_compared and not is_read and ast.unparse(call.args[0]) not in WITHOUT_MESSAGE:
                    yield call.lineno


def asserted_docstrings(function: Function) -> Iterator[int]:
    """Lines that assert that there is a ``__doc__``."""
    for assertion in ast.walk(function):
        if isinstance(assertion, ast.Assert):
            test = assertion.test
            for node in test.values if isinstance(test, ast.BoolOp) else [test]:
                if isinstance(node, ast.Attribute) and node.attr == "__doc__":
                    yield node.lineno


Rule = Callable[[Function], Iterator[int]]
RULES: dict[str, Rule] = {
    "all() or not any() over a collection that no assertion of the test names": unasserted_collections,
    "assertions only in a loop over a collection that no other assertion names": asserted_in_loops_alone,
    "pytest.raises() without match, and the error is not looked at": raises_without_message,
    "a docstring, which a dataclass writes itself": asserted_docstrings,
}


def functions(module: ast.Module) -> Iterator[Function]:
    """Every function of a module that is not nested in another."""
    for node in ast.walk(module):
        if isinstance(node, ast.Module | ast.ClassDef):
            yield from (item for item in node.body if isinstance(item, Function))


def test_no_test_asserts_what_always_holds() -> None:
    """An assertion over nothing passes when the code under test returns nothing."""
    weak = [
        f"{path.relative_to(ROOT)}:{line}: {rule}"
        for path in TESTS
        for function in functions(tree(path))
        for rule, lines in RULES.items()
        for line in lines(function)
    ]
    assert [] == weak


WEAK = {
    "assert all(x for x in found)": unasserted_collections,
    "assert all(found.values())": unasserted_collections,
    "assert not any(x in y for x in found)": unasserted_collections,
    "assert count == 3 and all(x for x in read())": unasserted_collections,
    "for x in range(len(found)):\n        assert x": asserted_in_loops_alone,
    "for x in found:\n        assert x": asserted_in_loops_alone,
    "for x in (1, 2):\n        for y in f(x):\n            assert y": asserted_in_loops_alone,
    "with pytest.raises(ValueError):\n        f()": raises_without_message,
    "with pytest.raises(ValueError) as caught:\n        f()": raises_without_message,
    "assert Spec.__doc__": asserted_docstrings,
}
STRICT = {
    "assert found\n    assert all(x for x in found)": unasserted_collections,
    "assert found and all(x for x in found.values())": unasserted_collections,
    "assert 3 == len(found)\n    assert not any(x for x in sorted(found))": unasserted_collections,
    "assert all(x in found for x in (1, 2))": unasserted_collections,
    "assert not Spec.__doc__.startswith('Spec(')": asserted_docstrings,
    "assert all(x in found for x in KINDS)": unasserted_collections,
    "assert any(x for x in found)": unasserted_collections,
    "assert found\n    for x in found:\n        assert x": asserted_in_loops_alone,
    "for x in range(3):\n        assert x": asserted_in_loops_alone,
    "for x in found:\n        assert x\n    assert 3 == x": asserted_in_loops_alone,
    "with pytest.raises(ValueError, match='no'):\n        f()": raises_without_message,
    "with pytest.raises(ValueError) as caught:\n        f()\n    assert caught.value": raises_without_message,
}


@pytest.mark.parametrize("text", WEAK)
def test_a_weak_test_is_found(text: str) -> None:
    """Each rule is tried on what it forbids."""
    (function,) = functions(ast.parse(f"def test() -> None:\n    {text}\n"))
    assert 1 == len([*WEAK[text](function)])


@pytest.mark.parametrize("text", STRICT)
def test_a_strict_test_is_accepted(text: str) -> None:
    """And on what looks like it."""
    (function,) = functions(ast.parse(f"def test() -> None:\n    {text}\n"))
    assert [] == list(STRICT[text](function))
