"""Problems as people read them."""

from typing import TYPE_CHECKING

from rich.cells import cell_len

from edgefleet.errors import Problem
from edgefleet.report import problems

if TYPE_CHECKING:
    from tests.conftest import Golden

LINES = {
    ("stacks/dev.fleet.yaml", 41): "          address: 10.20.7.10/24",
    ("stacks/dev.fleet.yaml", 3): "x: " + "y" * 10_000,
    ("stacks/dev.fleet.yaml", 4): "城市: 東京, ключ: значение",
}


def shown(*found: Problem) -> str:
    """Problems as one text."""
    lines = problems.lines(found, lambda file, number: LINES.get((file, number)))
    return "\n".join(line.plain.rstrip() for line in lines) + "\n"


def duplicate(where: str) -> Problem:
    return Problem(
        code="duplicate-address",
        where=where,
        path="sites.store-0007.nodes.n1.network.address",
        problem="10.20.7.10/24 is already store-0003's",
        hint="give each node its own address",
    )


def test_a_problem_shows_code_place_caret_and_help(golden: "Golden") -> None:
    """Where, what and what to do."""
    bare = Problem(code="no-passphrase", problem="no passphrase for this stack's secrets", hint="set one")
    golden("problems.txt", shown(duplicate("stacks/dev.fleet.yaml:41:20"), bare))


def test_equal_problems_are_one_with_a_count(golden: "Golden") -> None:
    """A thousand equal ones are one error; nothing is lost but repetition."""
    golden("equal-problems.txt", shown(*(duplicate(f"stacks/eu.csv:{line}:9") for line in range(1, 1001))))


def test_many_problems_of_one_kind_are_one_with_a_count() -> None:
    """They differ in a value and the name of a site; up to ten, each is shown with its own."""
    for count, entries in ((10, 10), (11, 1), (500, 1)):
        kind = [
            Problem(
                code="bad-address",
                where=f"stacks/eu.csv:{line}:9",
                path=f"sites.store-{line}.nodes.n1.network.address",
                problem=f"10.20.7.{line} is not an address with its prefix length",
                hint=f"write it like 10.20.7.{line}/24",
            )
            for line in range(count)
        ]
        text = shown(duplicate("stacks/eu.csv:7:9"), *kind, duplicate("stacks/eu.csv:8:9"))
        assert entries + 1 == text.count("error[")
        assert f"\n{count + 2} errors\n" == text[-len(f"\n{count + 2} errors\n") :]
        assert ("and 499 more places:" in text) is (count == 500)
        assert len(text.splitlines()) < 80
    login = [
        Problem(code="engine", path=f"role-{n}", problem=f"role-{n}: unable to locate credentials", hint="")
        for n in range(14)
    ]
    assert 1 == shown(*login).count("error[")


def test_a_huge_line_is_shown_around_the_caret() -> None:
    """A line of any length takes one line of the screen, with the caret under its column."""
    text = shown(duplicate("stacks/dev.fleet.yaml:3:5000"))
    assert [] == [line for line in text.splitlines() if cell_len(line) > 80 and "error[" not in line]
    source, caret = text.splitlines()[3:5]
    assert "*" == source[caret.index("^")]


def test_the_caret_stands_under_wide_characters() -> None:
    """Columns count characters, carets cells."""
    source, caret = shown(duplicate("stacks/dev.fleet.yaml:4:7")).splitlines()[3:5]
    before = caret[: caret.index("^")]
    assert "," == next(source[i] for i in range(len(source)) if cell_len(source[:i]) == cell_len(before))


def test_places_without_lines_are_only_named() -> None:
    """A file, or nothing at all, is a place too."""
    assert ("a", 0, 0) == problems.split("a")
    assert ("a:b.yaml", 4, 2) == problems.split("a:b.yaml:4:2")
    assert ("a", 4, 0) == problems.split("a:4")
    assert "  --> stacks/\n" in shown(duplicate("stacks/"))


def test_a_line_of_the_file_is_shown_without_its_secrets() -> None:
    """Keys show the place; of the values, only the one at the place that the problem itself states."""
    table = (
        ("a: {token: hunter2, port: 99}", "99 is too large", "a: {token: *******, port: 99}", 27),
        ("a: {token: hunter2, port: 99}", "no", "a: {token: *******, port: **}", 27),
        ('  - auth: "a, hunter2 {b}"  # hunter2', "no", "  - auth: *** ******* ****  * *******", 5),
        ("'curl -u me:hunter2'", "no", "***** ** ***********", 1),
        ('key: "hunter2', "no", "key: ********", 6),
        ("berlin,10.0.0.300/24,hunter2", "10.0.0.300/24 is no address", "******,10.0.0.300/24,*******", 8),
        ("x: [hunter2, {b: 2}]", "no", "x: [*******, {b: *}]", 1),
    )
    for line, problem, expected, column in table:
        found = Problem(problem=problem, hint="", where=f"a.yaml:1:{column}")
        assert f"  1 | {expected}" == source_of(found, line)
    secret = Problem(problem="login is wrong", hint="", where="a.yaml:1:4", code="plain-secret")
    assert "  1 | a: *****" == source_of(secret, "a: login")
    program = Problem(problem="no", hint="", where="a.py:1:1")
    assert "  1 | key(fleet(*********), 3)" == source_of(program, "key(fleet('hunter2'), 3)")


def source_of(problem: Problem, line: str) -> str:
    """The line of the file in what is shown of a problem."""
    _, _, source, _ = (text.plain for text in problems.lines([problem], lambda *_: line) if text.plain)
    return source.rstrip()


def test_an_address_that_is_a_name_is_shown_without_its_login() -> None:
    """In every form of a problem: on the screen, as one line and as JSON."""
    problem = Problem.of_value('sites["http://user:canary@proxy:3128"].time', "bad-name", "no name", "")
    texts = (shown(problem), str(problem), str(problems.plain([problem])))
    assert [] == [text for text in texts if "canary" in text or "//...@proxy:3128" not in text]
