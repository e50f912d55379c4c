"""The registry of boot steps: order, recipes, and what holds for all of them."""

import re
from collections.abc import Callable
from pathlib import PurePosixPath

import pytest

from edgefleet import boot
from edgefleet.errors import InvalidInput
from edgefleet.keys.hub_pki import PURPOSES
from edgefleet.model.firstboot import FirstBoot, Target
from edgefleet.runtimes.base import k3s
from edgefleet.site.first_boot import first_boot

CASES = ("server-static", "arm64-dhcp", "vlan", "bond", "server-and-agent")
Targets = Callable[..., Target]


@pytest.fixture(params=CASES)
def planned(request: pytest.FixtureRequest, target: Targets) -> FirstBoot:
    """The first boot of each of some golden sites."""
    return first_boot(target(request.param))


def test_an_unknown_recipe_is_named_with_the_known_ones(target: Targets) -> None:
    """A fleet file of a newer edgefleet must not be rendered by guess."""
    with pytest.raises(InvalidInput) as caught:
        first_boot(target(recipe=99))
    assert ("recipe", "recipe") == (caught.value.problem.code, caught.value.problem.path)
    assert "use one of 1," in caught.value.problem.hint


def test_k3s_comes_after_all_that_it_needs() -> None:
    """Facts first; kernel, clock and payload before k3s; its configuration before its binary."""
    order = [step.name for step in boot.RECIPES[1]]
    assert "facts" == order[0]
    needs = ["data_disk", "kernel", "hardening", "clock", "ssh", "firewall", "identity", "proxy"]
    runtime = ["runtime_config", "payload", "healing", "runtime_install"]
    assert [*needs, *runtime] == [step for step in order if step in {*needs, *runtime}]


def test_no_two_steps_write_the_same_file(planned: FirstBoot) -> None:
    """The later one would win, and nobody would see it in the earlier."""
    paths = [file.path for file in planned.files] + [unit.name for unit in planned.units]
    assert sorted(set(paths)) == sorted(paths)


def test_files_have_plain_absolute_paths_outside_tmp(planned: FirstBoot) -> None:
    """cloud-init may clean /tmp while it works; ``..`` has no place in an image."""
    assert planned.files
    for file in planned.files:
        path = PurePosixPath(file.path)
        assert path.is_absolute()
        assert ".." not in path.parts
        assert "tmp" not in path.parts


def test_only_root_may_read_a_file_with_a_secret(target: Targets, planned: FirstBoot) -> None:
    """Whatever holds a derived secret says so and has mode 0600; nothing else holds one."""
    another = first_boot(Target(site=target().site, name="n1", key="A" * 43 + "="))
    mine = first_boot(target())
    secret = {a.path for a, b in zip(mine.files, another.files, strict=True) if a.content != b.content}
    assert secret == {file.path for file in mine.files if file.is_secret}
    authorities = {f"{k3s.AUTHORITIES}/{name}.pem" for name in ("service", *PURPOSES)}
    expected = {"/etc/rancher/k3s/config.yaml", "/etc/edgefleet/seal.key", *authorities}
    assert expected == {file.path for file in planned.files if file.is_secret}
    assert {0o600, 0o400} >= {file.mode for file in planned.files if file.is_secret}
    assert mine.units == another.units


def test_units_have_no_braces_left(planned: FirstBoot) -> None:
    """A template that was not filled in would be a unit that systemd ignores by line."""
    assert not [unit.name for unit in planned.units if re.search(r"\{[{%]", unit.text)]
    assert planned.units
    assert [] == [unit.name for unit in planned.units if not unit.text.endswith("\n")]
