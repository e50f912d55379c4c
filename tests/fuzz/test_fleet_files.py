"""Fleet files with a few changed values, as people and programs get them wrong: 10,000 in `make test-fuzz`.

Each is accepted, or refused with a file and a line for each problem and without a secret in a message.
"""

import copy
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from bench.fleet_file_reference import EXAMPLES

from edgefleet.commands.screen import source_line
from edgefleet.errors import InvalidInput, OutsideFailure
from edgefleet.fleetfile.imports.importing import imported
from edgefleet.fleetfile.load import load_fleet
from edgefleet.report import problems

pytestmark = pytest.mark.fuzz
ALL, FEW = 10_000, 48
PARTS = 4
"""Tests, so that workers share the files."""
CANARY = "hunter2canary"
DOCUMENTS = [
    (path, yaml.safe_load(path.read_text(encoding="utf-8"))) for path in sorted(EXAMPLES.glob("*.fleet.yaml"))
]
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        -1,
        0,
        7,
        65536,
        10**30,
        1.5,
        float("inf"),
        "",
        " ",
        "~",
        "yes",
        "1e3",
        "0x10",
        "a" * 5000,
    ),
    *(
        "../../etc/passwd",
        "/",
        "a b",
        "a\nb",
        "${x}",
        "{{ x }}",
        "'; reboot",
        "\u202eabc",
        "Ünïcode",
        "-",
        "*",
        ".",
    ),
    *(
        "10.0.0.1",
        "10.0.0.0/8",
        "999.1.1.1/24",
        "::1",
        "fe80::1%eth0",
        "0.0.0.0/0",
        "fd00::/8",
        "02:00:5e:10:00:01",
    ),
    *(
        "v1.99.0+k3s1",
        "sha256:" + "0" * 64,
        "https://example.org/x",
        "file:../x",
        "s3://b/p",
        "oci://r/x",
        "emulated",
    ),
    *(
        [],
        {},
        [[]],
        [None],
        [{}],
        {"": ""},
        {"a": {"b": {"c": []}}},
        {"secret": "db"},
        [1, "a", None],
        {1: 2},
    ),
)
SECRETS: tuple[Any, ...] = (
    f"http://user:{CANARY}@proxy.example:3128",
    f"https://{CANARY}@registry.example/x",
    *({key: CANARY} for key in ("password", "passphrase", "token", "secret", "agent-token", "vpn-auth")),
    *({key: CANARY} for key in ("etcd-s3-secret-key", "passphraseOf", "datastore-endpoint")),
)
"""Values that a person mistakes for what the file takes; a message that repeats one shows a secret."""


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(map or list, key) of each value below `value`."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _change(document: dict[str, Any], draw: random.Random) -> None:
    """Replace, remove, move, copy or misspell one value."""
    parent, key = draw.choice(list(_places(document)))
    change = draw.choice(("value", "value", "remove", "add", "rename", "move", "copy"))
    if change == "value":
        parent[key] = copy.deepcopy(draw.choice(VALUES))
    elif change == "remove":
        del parent[key]
    elif change == "add" and isinstance(parent[key], dict):
        parent[key][draw.choice(("zzz", "", "kubelet-args", "Name", "k3s", 7))] = copy.deepcopy(
            draw.choice(VALUES)
        )
    elif change == "rename" and isinstance(parent, dict):
        parent[f"{key}x"] = parent.pop(key)
    elif change in {"move", "copy"}:
        value = copy.deepcopy(parent[key])
        if change == "move":
            del parent[key]
        target, at = draw.choice(list(_places(document)) or [(document, "x")])
        target[at] = value


def _dumped(document: Any) -> str:
    text: str = yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    return text


def _mutated(number: int) -> tuple[Path, str]:
    """(the file that it comes from, the text) of the fleet file of this number."""
    draw = random.Random(number)  # noqa: S311 - the same file for the same number
    path, document = draw.choice(DOCUMENTS)
    document = copy.deepcopy(document)
    for _ in range(draw.randint(1, 4)):
        if document:
            _change(document, draw)
    if places := list(_places(document)):  # last, so that nothing takes a secret from its telling key
        parent, key = draw.choice(places)
        parent[key] = copy.deepcopy(draw.choice((parent[key], *SECRETS)))
    return path, _dumped(document)


def _absent(address: str, _sha256: str) -> Path:
    """No registry is queried: an answer would be another one tomorrow, and none takes 15 seconds."""
    raise OutsideFailure.at(address, "unreachable", "is not queried in tests", "")


def _faults(number: int, folder: Path) -> list[str]:
    """What is wrong with the outcome of one fleet file."""
    path, text = _mutated(number)
    file = folder / path.name
    file.write_text(text, encoding="utf-8")
    try:
        load_fleet(file, folder, fetch=_absent)
    except (InvalidInput, OutsideFailure) as error:
        lines = [(problem, str(problem)) for problem in error.problems]
        screen = problems.lines(error.problems, lambda name, line: source_line(folder / name, line))
        texts = [*(line for _, line in lines), *(line.plain for line in screen)]
        shown = [f"{number}: a secret: {line}" for line in texts if CANARY in line]
        return shown + [
            f"{number}: no place: {line}"
            for problem, line in lines
            if not re.fullmatch(r"[\w.-]+\.(yaml|csv):\d+(:\d+)?", problem.where)
        ]
    except Exception as error:  # noqa: BLE001 - any other one is the fault that is looked for
        return [f"{number}: {type(error).__name__}: {error}"]
    return []


SAMPLES = sorted(path for path in (EXAMPLES.parents[1] / "tests/fleetfile/imports").rglob("*.y*ml"))


def _faults_of_import(number: int, folder: Path) -> list[str]:
    """What is wrong with the import of one changed file of another tool."""
    draw = random.Random(number)  # noqa: S311 - the same file for the same number
    document = yaml.safe_load(draw.choice(SAMPLES).read_text(encoding="utf-8"))
    for _ in range(draw.randint(0, 3)):
        if document:
            _change(document, draw)
    file = folder / "file.yaml"
    file.write_text(_dumped(document), encoding="utf-8")
    try:
        imported(file, file.name, "shop-1")
    except InvalidInput:
        pass
    except Exception as error:  # noqa: BLE001 - any other one is the fault that is looked for
        return [f"{number}: {type(error).__name__}: {error}"]
    return []


def test_mutated_files_of_other_tools_are_imported_or_refused(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """No traceback."""
    count = ALL // 10 if request.config.getoption("--fuzz-seconds", default=0.0) else FEW // 4
    assert [] == [fault for number in range(count) for fault in _faults_of_import(number, tmp_path)]


@pytest.mark.parametrize("part", range(PARTS))
def test_mutated_fleet_files_give_problems_with_lines(
    request: pytest.FixtureRequest, tmp_path: Path, part: int
) -> None:
    """No traceback, no secret, and a file and line for each problem."""
    for other in EXAMPLES.glob("*.*"):
        (tmp_path / other.name).write_bytes(other.read_bytes())
    count = (ALL if request.config.getoption("--fuzz-seconds", default=0.0) else FEW) // PARTS
    first: int = request.config.getoption("--fuzz-seed", default=0) * ALL + part * count
    assert [] == [fault for number in range(first, first + count) for fault in _faults(number, tmp_path)]
