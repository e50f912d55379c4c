"""Step `kernel`."""

from collections.abc import Callable

from edgefleet.boot import kernel
from edgefleet.model.firstboot import Box


def test_kubelet_finds_the_settings_it_insists_on(make_box: Callable[..., Box]) -> None:
    """With protect-kernel-defaults, kubelet exits where one of these differs (k3s hardening guide)."""
    (file,) = kernel.plan(make_box()).files
    lines = file.content.decode().splitlines()
    assert "/etc/sysctl.d/90-kubelet.conf" == file.path
    assert {
        "vm.panic_on_oom = 0",
        "vm.overcommit_memory = 1",
        "kernel.panic = 10",
        "kernel.panic_on_oops = 1",
    } == set(lines)


def test_a_sites_own_settings_come_after_in_a_fixed_order(make_box: Callable[..., Box]) -> None:
    """The order in the fleet file changes no image."""
    box = make_box(sysctls={"net.ipv4.tcp_keepalive_time": "60", "fs.inotify.max_user_watches": "524288"})
    _, own = kernel.plan(box).files
    assert "/etc/sysctl.d/95-edgefleet.conf" == own.path
    expected = "fs.inotify.max_user_watches = 524288\nnet.ipv4.tcp_keepalive_time = 60\n"
    assert expected == own.content.decode()


def test_the_settings_hold_without_a_restart(make_box: Callable[..., Box]) -> None:
    """They are loaded at first boot, before k3s starts."""
    assert (("sysctl", "--system"),) == kernel.plan(make_box()).commands
