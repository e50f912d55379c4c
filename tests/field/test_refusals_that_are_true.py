"""Kind: a right fleet file that is refused, or a hint that leads to another error when it is followed.

Sources: RFC 4861, section 4.2 (a router's own address is link-local); netplan reference, ``on-link``.
"""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from tests.fleetfile.test_hostile import document
from tests.structure.test_grammars import SSH_KEY

import edgefleet
from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.load import load_fleet
from edgefleet.fleetfile.partial import DOCUMENT
from edgefleet.model.paths import Part, parse_path
from edgefleet.model.type_introspection import fields_of
from edgefleet.site.capacity import check_fits

TEXT = (
    Path(__file__)
    .with_name("refusals.yaml")
    .read_text()
    .replace("SSH_KEY", SSH_KEY)
    .replace("ZEROS", "a" * 64)
)
TABLE: dict[str, dict[str, list[dict[str, Any]]]] = yaml.safe_load(TEXT)
"""dict[module -> dict[code -> cases]]."""


CODE = re.compile(r"[a-z0-9{}]+(-[a-z0-9{}]+)*")
PACKAGE = Path(edgefleet.__file__).parent
MODULES = [
    *(
        path
        for name in ("model", "fleetfile", "runtimes", "workloads")
        for path in sorted((PACKAGE / name).rglob("*.py"))
    ),
    PACKAGE / "images" / "media_checks.py",
    PACKAGE / "site" / "capacity.py",
]
"""The modules whose problems validate reports."""
WITHOUT = {
    **dict.fromkeys(
        (
            *(f"fleetfile.document_io {code}" for code in ("empty", "is-directory", "long-line", "no-file")),
            *(f"fleetfile.document_io {code}" for code in ("not-utf8", "too-large", "unreadable")),
            *("fleetfile.load wrong-type", "fleetfile.source empty", "fleetfile.source too-many-values"),
        ),
        "of a whole file: tests/fleetfile/test_load.py",
    ),
    "fleetfile.editing not-editable": "of commands that edit: tests/fleetfile/test_editing.py",
    "fleetfile.imports.importing unknown-kind": "of another command",
    "model.stack_secrets no-passphrase": "of a stack's secrets, which validate does not read",
    "model.plain_data bad-value": "of another program's spec: tests/model/test_plain_data.py",
    "model.version_skew downgrade": "of two versions: tests/model/test_version_skew.py",
    "model.version_skew skew": "the same",
    **dict.fromkeys(
        (
            *(f"workloads.chart {code}" for code in ("hooks", "other-version", "random-chart")),
            *("workloads.chart secret-in-values", "workloads.manifests not-rendered"),
        ),
        "of charts and kustomize folders: tests/workloads/test_chart.py, test_manifests.py",
    ),
    "runtimes.base.site_certificate no-identity": "of another program's spec: tests/workloads/test_stream.py",
    "runtimes.base.edgecore no-cloudcore": "of another program's spec: tests/runtimes/test_kubeedge.py",
    "runtimes.base.k3s_keys reserved-k3s-config": "of another program's spec",
    "workloads.checking unknown-kind": "of another program's spec: tests/workloads/test_checking.py",
    **dict.fromkeys(
        (
            *(f"fleetfile.lone_workload {code}" for code in ("of-a-fleet", "unknown-kind", "no-objects")),
            *(f"fleetfile.lone_workload {code}" for code in ("no-priority", "no-site-value")),
        ),
        "of a workload of another program: tests/fleet/test_workload.py",
    ),
}
"""dict[problem without a case -> the reason]."""
AT_ONE_PLACE = {
    "fleetfile.inventory bad-table": "the code is a grammar's",
    "fleetfile.inventory no-file": "the code is that of reading a file",
    "model.pydantic_errors unknown-key": "assigned before the hint is known",
}
"""dict[case whose code does not stand beside its problem and hint -> the reason]."""


def overlaid(weak: dict[str, Any], strong: dict[str, Any]) -> dict[str, Any]:
    """`weak` with the values of `strong`, maps key by key, and without those that are `None`."""
    whole = {**weak, **strong}
    for key in weak.keys() & strong.keys():
        if isinstance(weak[key], dict) and isinstance(strong[key], dict):
            whole[key] = overlaid(weak[key], strong[key])
    return {key: value for key, value in whole.items() if value is not None}


def place(key: str) -> tuple[Part, ...]:
    """The path in a fleet file of a path of a case: of the whole file, or of the site a."""
    path = parse_path(key)
    return path if path[0] in fields_of(DOCUMENT) else ("sites", "a", *path)


def wrong_file(wrong: dict[str, Any]) -> dict[str, Any]:
    """A right fleet file with the wrong settings of a case in it."""
    site = {key: value for key, value in wrong.items() if len(place(key)) > 1}
    head = {key: value for key, value in wrong.items() if key not in site}
    return overlaid(overlaid(document({}), {"sites": {"a": deepcopy(site)}}), deepcopy(head))


def edited(file: dict[str, Any], edit: dict[str, Any]) -> dict[str, Any]:
    """`file` after an edit."""
    for key, value in edit.items():
        *above, last = place(key)
        within: Any = file
        for part in above:
            within = within.setdefault(part, {}) if isinstance(within, dict) else within[part]
        if value is None:
            del within[last]
        else:
            within[last] = value
    return file


def validated(folder: Path, file: dict[str, Any], case: dict[str, Any]) -> list[Problem]:
    """The problems of a fleet file with the text and the tables of a case."""
    folder.mkdir(exist_ok=True)
    for name, text in case.get("tables", {}).items():
        (folder / name).write_text(text)
    path = folder / "x.fleet.yaml"
    lines = [f"{key}: {json.dumps(value)}" for key, value in file.items()]
    path.write_text("\n".join([*lines, case.get("text", "")]))
    try:
        fleet = load_fleet(path, folder)
        check_fits(fleet.sites, fleet.lock, fleet.locate)
    except InvalidInput as error:
        return list(error.problems)
    return []


def followed(folder: Path, case: dict[str, Any]) -> tuple[list[tuple[str, str]], list[str]]:
    """What is reported of a case, as (code, hint), and after the edit."""
    file = wrong_file(case.get("wrong", {}))
    before = [problem for problem in validated(folder, file, case) if problem.code != case.get("beside")]
    edit = {**case["edit"]}
    others = {key: edit.pop(key) for key in ("text", "tables") if key in edit}
    after = validated(folder, edited(file, edit), {**case, **others})
    assert "hunter22" not in f"{before}{after}"
    return [*dict.fromkeys((problem.code, problem.hint) for problem in before)], [*map(str, after)]


def test_a_hint_that_is_followed_gives_a_valid_file(tmp_path: Path) -> None:
    """One cause, with its code and its hint; and none after the edit that the hint asks for."""
    failed = {}
    for module, codes in TABLE.items():
        for code, cases in codes.items():
            for number, case in enumerate(cases):
                name = f"{module} {code} {number}"
                before, after = followed(tmp_path / name, case)
                is_right = [case["hint"]] == [hint for _, hint in before] and not after
                if not is_right or not fnmatchcase(before[0][0], code.replace("{}", "*")):
                    failed[name] = (before, after)
    assert {} == failed


def text_of(node: ast.expr) -> str:
    """A text in the source, with ``{}`` for each value in it; empty where it is none."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def is_sentence(node: ast.expr) -> bool:
    """Whether it may be a problem or a hint."""
    if isinstance(node, ast.Name):
        return node.id in {"problem", "hint"} or node.id.isupper()
    return isinstance(node, ast.Call | ast.Subscript | ast.BinOp) or " " in text_of(node)


def producers(module: Path) -> Iterator[str]:
    """The code of each place in `module` that states code, problem and hint, in this order or by name."""
    for node in ast.walk(ast.parse(module.read_text())):
        if getattr(getattr(node, "func", None), "id", "") == "Grammar":  # its hint has an example
            continue
        values = node.args if isinstance(node, ast.Call) else getattr(node, "elts", [])
        named = {item.arg: item.value for item in getattr(node, "keywords", ())}
        triples = [*zip(values, values[1:], values[2:], strict=False)]
        if named.keys() >= {"code", "problem", "hint"}:
            triples.append((named["code"], named["problem"], named["hint"]))
        codes = [text_of(code) for code, *sentences in triples if all(map(is_sentence, sentences))]
        yield from (code for code in codes if CODE.fullmatch(code))


def test_each_message_has_a_case() -> None:
    """A new problem of a fleet file gets its wrong settings, its hint and the edit."""
    counts: Counter[str] = Counter()
    for path in MODULES:
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        counts.update(f"{module} {code}" for code in producers(path))
    cases = Counter(
        {f"{module} {code}": len(cases) for module, codes in TABLE.items() for code, cases in codes.items()}
    )
    assert len(counts) > len(WITHOUT)
    assert set(WITHOUT) == set(counts - cases)
    assert set(AT_ONE_PLACE) == cases.keys() - counts.keys()
