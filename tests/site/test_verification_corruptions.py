"""A signed build that was changed at random is never taken for the one that was signed."""

import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.site.conftest import Plan
from tests.site.test_attestations import key
from tests.site.test_verification import nothing

from edgefleet.errors import InvalidInput
from edgefleet.io.signing import public_from
from edgefleet.keys import dsse
from edgefleet.site.building import BuildContext, build_site
from edgefleet.site.verdicts import Verification

Files = dict[Path, bytes]
Change = Callable[[random.Random, Files], tuple[Path, bytes | None]]
"""What is written in the place of which file; `None` removes it."""


def flip(chance: random.Random, files: Files) -> tuple[Path, bytes | None]:
    """One bit of a file."""
    path = chance.choice(sorted(files))
    data = bytearray(files[path])
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return path, bytes(data)


def truncate(chance: random.Random, files: Files) -> tuple[Path, bytes | None]:
    """The end of a file, or all of it, is missing."""
    path = chance.choice(sorted(files))
    return path, files[path][: chance.randrange(len(files[path]))]


def extend(chance: random.Random, files: Files) -> tuple[Path, bytes | None]:
    """More at the end of a file."""
    path = chance.choice(sorted(files))
    return path, files[path] + chance.choice((b"\0", b"\n{}", b" ", files[path]))


def swap(chance: random.Random, files: Files) -> tuple[Path, bytes | None]:
    """Another file, of this site or of the other one, in the place of a file."""
    path, other = chance.sample(sorted(files), 2)
    return path, files[other]


def remove(chance: random.Random, files: Files) -> tuple[Path, bytes | None]:
    """A file is gone; only the public key beside the images is not needed."""
    return chance.choice(sorted(path for path in files if path.suffix != ".pub")), None


def replace_field(chance: random.Random, files: Files) -> tuple[Path, bytes | None]:
    """A value of a document is another one, is gone, or stands there twice."""
    path = chance.choice(sorted(path for path in files if path.suffix == ".json"))
    plain = json.loads(files[path])
    places = list(_places(plain))
    container, name = chance.choice(places)
    how = chance.randrange(3)
    if how == 0:
        del container[name]
    elif how == 1:
        other, there = chance.choice(places)
        container[name] = chance.choice((other[there], None, [], 0, -1, True, "", "x", {"a": 1}, 10**18))
    else:
        text = json.dumps(container[name])
        old = json.dumps(plain, sort_keys=True, indent=1)
        return path, old.replace("{", f'{{"{name}": {text},', 1).encode()
    return path, json.dumps(plain, sort_keys=True, indent=1).encode() + b"\n"


def _places(plain: Any) -> Any:
    """Each place of a value in a document."""
    items = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    for name, value in items:
        yield plain, name
        yield from _places(value)


CHANGES: tuple[Change, ...] = (flip, truncate, extend, swap, remove, replace_field)


def is_the_same(path: Path, before: bytes, after: bytes | None) -> bool:
    """Whether a change is none: what a signature is not over, and nobody reads, is written otherwise."""
    if before == after:
        return True
    try:
        if path.suffix == ".pub" and after is not None:
            return public_from(before, "") == public_from(after, "")
        if path.name.endswith(".dsse.json") and after is not None:
            old, new = dsse.from_bytes(before), dsse.from_bytes(after)
            return (old.payload, old.signatures[0].data) == (new.payload, new.signatures[0].data)
    except (InvalidInput, ValueError):
        return False
    return False


@pytest.fixture
def signed(shop: BuildContext, plan: Plan, tmp_path: Path) -> tuple[Verification, Files]:
    """Two sites that are built and signed, and the bytes of all of their files."""
    by = key(tmp_path, "by")
    for site, image in (("berlin", "script"), ("munich", "nocloud")):
        context = BuildContext(out=shop.out, supplies=shop.supplies, signing=by)
        assert () == build_site(plan(site, n1={"image": {"format": image}}), context=context).problems
    files = {path: path.read_bytes() for path in shop.out.glob("*/[!.]*")}
    assert 14 == len(files)
    return Verification(find=nothing, trusted=(by.public,)), files


@pytest.mark.parametrize("trials", [300, pytest.param(2_000, marks=pytest.mark.faults)])
def test_no_corruption_of_a_signed_build_is_accepted(signed: tuple[Verification, Files], trials: int) -> None:
    """Flipped, cut, longer, exchanged, removed, another field: at random, each one refused."""
    verification, files = signed
    chance = random.Random(20261128)  # noqa: S311 - repeatable, no secret
    folder = next(iter(files)).parents[1]
    assert 2 == sum(verdict.is_good for verdict in verification.at(folder))
    refused: Counter[str] = Counter()
    while refused.total() < trials:
        change = chance.choice(CHANGES)
        path, after = change(chance, files)
        if is_the_same(path, files[path], after):
            continue
        path.unlink() if after is None else path.write_bytes(after)
        verdicts = list(verification.at(path.parent))
        assert any(verdict.problems for verdict in verdicts), (change.__name__, path, after)
        refused[change.__name__] += 1
        path.write_bytes(files[path])
    assert {change.__name__ for change in CHANGES} == set(refused)
    assert 2 == sum(verdict.is_good for verdict in verification.at(folder))
