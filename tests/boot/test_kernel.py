"""Kernel settings: what kubelet insists on, and the site's own."""

from collections.abc import Callable

import pytest

from edgefleet.boot import kernel
from edgefleet.errors import InvalidInput
from edgefleet.model.firstboot import Step, Target
from edgefleet.runtimes import runtime_of
from edgefleet.site.first_boot import first_boot

KUBELET = "/etc/sysctl.d/90-kubelet.conf"
OWN = "/etc/sysctl.d/95-edgefleet.conf"


def test_kubelets_settings_are_the_hardening_guides(
    target: Callable[..., Target], text_of: Callable[[Step, str], str]
) -> None:
    """With protect-kernel-defaults, kubelet exits where one of the four is another."""
    expected = "vm.panic_on_oom = 0\nvm.overcommit_memory = 1\nkernel.panic = 10\nkernel.panic_on_oops = 1\n"
    assert expected == text_of(kernel.plan(target()), KUBELET)


def test_a_sites_own_settings_come_after_in_order_of_names(
    target: Callable[..., Target], text_of: Callable[[Step, str], str]
) -> None:
    """The order in a fleet file must not change an image."""
    settings = {"vm.swappiness": "10", "net.core.rmem_max": "7500000"}
    expected = "net.core.rmem_max = 7500000\nvm.swappiness = 10\n"
    assert expected == text_of(kernel.plan(target(sysctls=settings)), OWN)


def test_without_settings_of_its_own_a_site_has_no_second_file(target: Callable[..., Target]) -> None:
    """An empty file would only raise questions."""
    assert [KUBELET] == [file.path for file in kernel.plan(target(sysctls={})).files]


def test_settings_hold_before_the_runtime_starts_in_the_first_boot(target: Callable[..., Target]) -> None:
    """Else they would hold from the second boot on, and k3s would not start in the first."""
    node = target()
    commands = first_boot(node).commands
    loads, starts = commands.index(("sysctl", "--system")), runtime_of(node.node).installer
    assert loads < min(index for index, command in enumerate(commands) if starts in command)


@pytest.mark.parametrize("name", ["vm.overcommit_memory", "vm/overcommit_memory"])
def test_a_setting_that_would_keep_k3s_from_starting_is_refused(
    target: Callable[..., Target], name: str
) -> None:
    """The later file would win, and kubelet exit, at a place where nobody looks."""
    with pytest.raises(InvalidInput) as caught:
        kernel.plan(target(sysctls={name: "2"}))
    assert ("reserved-sysctl", f'sites.de-ber-001.sysctls["{name}"]') == (
        caught.value.problem.code,
        caught.value.problem.path,
    )


def test_saying_again_what_kubelet_insists_on_is_no_fault(target: Callable[..., Target]) -> None:
    """People copy lists of settings."""
    assert 2 == len(kernel.plan(target(sysctls={"vm.overcommit_memory": "1"})).files)
