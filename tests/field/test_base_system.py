"""Kind: settings of the base system under k3s: names, SSH, kernel, language.

Sources: k3s-io/k3s issues 6335 (a node's name is its host name) and 2626 (no flag for annotations: Longhorn
reads one); kubernetes/kubeadm issue 653 (names with a domain); raspberrypi/linux issue 3070
(``usb-storage.quirks``); canonical/cloud-init, cc_set_hostname, cc_locale and cc_keyboard;
suse-edge/edge-image-builder (kernelArgs, keymap).
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import yaml
from tests.boot.conftest import boot, target
from tests.field.test_system_additions import Problems, shop

from edgefleet.images import FORMATS
from edgefleet.model.base_system import Kernel
from edgefleet.model.firstboot import FirstBoot, Target
from edgefleet.model.kernel_command_line import contradictions, words

__all__ = ["boot", "target"]


def test_a_full_host_name_is_the_name_everywhere(boot: FirstBoot) -> None:
    """Of the system, of the node in Kubernetes, and in /etc/hosts beside the short one."""
    config = yaml.safe_load(FORMATS["nocloud"].seed(boot).files["user-data"])
    names = ("de-ulm-001", "de-ulm-001.shop.example", True)
    assert names == (config["hostname"], config["fqdn"], config["prefer_fqdn_over_hostname"])
    (k3s,) = (file for file in boot.files if file.path == "/etc/rancher/k3s/config.yaml")
    assert names[1] == yaml.safe_load(k3s.content)["node-name"]
    ignition = json.loads(FORMATS["ignition"].seed(boot).files["config.ign"])
    (hostname,) = (file for file in ignition["storage"]["files"] if file["path"] == "/etc/hostname")
    assert hostname["contents"]["source"].startswith("data:")


def test_ignition_sets_kernel_arguments_itself(boot: FirstBoot) -> None:
    """Flatcar and Fedora CoreOS have no boot loader that a script could configure."""
    config = json.loads(FORMATS["ignition"].seed(boot).files["config.ign"])
    assert ["usb-storage.quirks=152d:0578:u"] == config["kernelArguments"]["shouldExist"]


@pytest.mark.parametrize(
    ("settings", "path", "code"),
    [
        ({"hostname": "a..b"}, "hostname", "bad-name"),
        ({"ssh": {"port": 6443}}, "ssh.port", "port-taken"),
        ({"ssh": {"port": 7443}, "k3s": {"config": {"https-listen-port": 7443}}}, "ssh.port", "port-taken"),
        ({"kernel": {"arguments": ["cgroup_disable=memory"]}}, "kernel.arguments[0]", "reserved-argument"),
        ({"kernel": {"arguments": ["root=/dev/sda1"]}}, "kernel.arguments[0]", "reserved-argument"),
        ({"kernel": {"arguments": ["sysctl.vm.swappiness=1"]}}, "kernel.arguments[0]", "reserved-argument"),
        (
            {"kernel": {"arguments": ["console=ttyS1"]}, "hardware": {"serialConsole": "ttyS0"}},
            "kernel.arguments[0]",
            "reserved-argument",
        ),
        (
            {"annotations": {"k3s.io/node-args": "a"}},
            'annotations["k3s.io/node-args"]',
            "reserved-annotation",
        ),
        ({"locale": "de_DE"}, "locale", "bad-locale"),
    ],
)
def test_what_contradicts_edgefleet_or_k3s_is_refused(
    problems: Problems, settings: dict[str, Any], path: str, code: str
) -> None:
    """At the place in the fleet file."""
    assert [(f"sites.shop.{path}", code)] == [
        (problem.path, problem.code) for problem in problems(shop(**settings))
    ]


def test_a_contradiction_names_both(problems: Problems) -> None:
    kernel = {"arguments": ["console=ttyS1"]}
    (problem,) = problems(shop(kernel=kernel, hardware={"serialConsole": "ttyS0"}))
    assert "console=ttyS1 contradicts console=ttyS0,115200" in problem.problem


def test_what_the_other_side_sets_as_well_is_no_contradiction(target: Callable[..., Target]) -> None:
    """k3s's own documentation lists these words for a Raspberry Pi."""
    node = target("raspberry-pi").node
    told = replace(node, kernel=Kernel(arguments=("cgroup_enable=cpuset", "cgroup_enable=memory")))
    assert [] == [*contradictions(told)]
    assert [*words(node), "cgroup_enable=cpuset"] == [*words(told)]
