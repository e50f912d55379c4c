"""Step `hardening`, and what it makes of k3s's configuration."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.boot.conftest import Targets
from tests.go_programs import built

from edgefleet.boot import hardening, runtime_config
from edgefleet.errors import InvalidInput
from edgefleet.model.firstboot import Step, Target
from edgefleet.runtimes.base import k3s
from edgefleet.runtimes.base.k3s_hardening import ADMISSION, AUDIT, LOGS, check_hardening

TextOf = Callable[[Step, str], str]
CASE = "recipe-1/server-static"


@pytest.fixture
def config(target: Targets, text_of: TextOf) -> Callable[..., dict[str, Any]]:
    """``config(**{"kubelet-arg+": [...]})``: config.yaml of a node whose fleet file says that of k3s."""

    def make(*, hardening: bool = True, airgap: bool = False, **said: Any) -> dict[str, Any]:
        one = target(CASE, hardening=hardening, airgap=airgap)
        made = Target(
            site=replace(one.site, k3s=replace(one.site.k3s, config=said)), name=one.name, key=one.key
        )
        written: dict[str, Any] = yaml.safe_load(text_of(runtime_config.plan(made), k3s.CONFIG))
        return written

    return make


def test_a_server_gets_what_the_guide_says(config: Callable[..., dict[str, Any]]) -> None:
    """k3s docs, security/hardening-guide."""
    made = config()
    assert made["protect-kernel-defaults"]
    assert made["secrets-encryption"]
    api = made["kube-apiserver-arg"]
    assert "enable-admission-plugins=NodeRestriction,EventRateLimit" in api
    assert f"admission-control-config-file={ADMISSION}" in api
    assert f"audit-log-path={LOGS}/audit.log" in api
    assert f"audit-policy-file={AUDIT}" in api
    assert ["terminated-pod-gc-threshold=100"] == made["kube-controller-manager-arg"]
    assert not any("AlwaysPullImages" in each for each in api)


def test_one_switch_turns_all_of_it_off(config: Callable[..., dict[str, Any]], target: Targets) -> None:
    made = config(hardening=False)
    assert "kube-apiserver-arg" not in made
    assert "kubelet-arg" not in made
    step = hardening.plan(target(CASE, hardening=False))
    assert ((), ()) == (step.files, step.units)
    assert (("rm", "-f", hardening.SYSCTL, hardening.DEBIANS, hardening.TMPFILES),) == step.commands


def test_what_procps_says_of_links_does_not_come_last(target: Targets, text_of: TextOf) -> None:
    """A file of the same name below /etc stands in its place (sysctl.d, "Configuration directories")."""
    step = hardening.plan(target(CASE))
    assert "fs.protected_fifos = 2\n" in text_of(step, hardening.SYSCTL)
    said = text_of(step, "/etc/sysctl.d/99-protect-links.conf")
    assert ["#"] == [line[0] for line in said.splitlines()]


def test_what_the_fleet_file_adds_is_appended_and_plugins_are_one_list(
    config: Callable[..., dict[str, Any]],
) -> None:
    """A flag that is given twice would be the last one alone."""
    made = config(
        **{
            "kube-apiserver-arg+": ["enable-admission-plugins=AlwaysPullImages", "v=2"],
            "kubelet-arg": ["max-pods=50"],
        }
    )
    plugins = [each for each in made["kube-apiserver-arg"] if each.startswith("enable-admission-plugins")]
    assert ["enable-admission-plugins=NodeRestriction,EventRateLimit,AlwaysPullImages"] == plugins
    assert "v=2" == made["kube-apiserver-arg"][-1]
    assert "max-pods=50" == made["kubelet-arg"][-1]
    assert "kube-apiserver-arg+" not in made


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"kube-apiserver-arg+": ["audit-log-maxage=7"]}, "audit-log-maxage=7 contradicts"),
        ({"kubelet-arg": ["streaming-connection-idle-timeout=0"]}, "streaming-connection-idle-timeout=0"),
        ({"protect-kernel-defaults": False}, "protect-kernel-defaults: false"),
    ],
    ids=["appended", "given", "switch"],
)
def test_a_contradiction_is_an_error_that_names_it(
    config: Callable[..., dict[str, Any]], said: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidInput, match=named):
        config(**said)
    assert config(hardening=False, **said)


def test_an_air_gapped_site_never_asks_for_its_images_again(config: Callable[..., dict[str, Any]]) -> None:
    """AlwaysPullImages would keep every container from starting."""
    said = {"kube-apiserver-arg": ["enable-admission-plugins=AlwaysPullImages"]}
    for is_hardened in (True, False):
        with pytest.raises(InvalidInput, match="AlwaysPullImages"):
            config(airgap=True, hardening=is_hardened, **said)
    assert config(**said)


def test_the_loader_finds_contradictions_at_their_key(target: Targets) -> None:
    site = target(CASE).site
    said = replace(site, k3s=replace(site.k3s, config={"kubelet-arg+": ["tls-cipher-suites=NULL"]}))
    assert ['k3s.config["kubelet-arg+"]'] == [each.path for each in check_hardening(said)] or [
        "k3s.config.kubelet-arg+"
    ] == [each.path for each in check_hardening(said)]
    assert [] == list(check_hardening(site))


def test_an_agent_has_kernel_settings_and_kubelet_arguments_only(target: Targets, text_of: TextOf) -> None:
    """Policies are the API server's."""
    agent = target("server-and-agent", "cam")
    assert "k3s-agent" == agent.node.runtime
    made = yaml.safe_load(text_of(runtime_config.plan(agent), k3s.CONFIG))
    assert "kubelet-arg" in made
    assert not {"kube-apiserver-arg", "secrets-encryption"} & set(made)
    assert [hardening.SYSCTL, hardening.DEBIANS] == [file.path for file in hardening.plan(agent).files]


def test_the_policies_have_the_shape_that_kubernetes_reads(target: Targets, text_of: TextOf) -> None:
    """Every plugin that is enabled beside the built-in ones has a configuration, and modes are known ones."""
    step = hardening.plan(target(CASE))
    admission = yaml.safe_load(text_of(step, ADMISSION))
    assert ("apiserver.config.k8s.io/v1", "AdmissionConfiguration") == (
        admission["apiVersion"],
        admission["kind"],
    )
    plugins = {each["name"]: each["configuration"] for each in admission["plugins"]}
    assert {"PodSecurity", "EventRateLimit"} == set(plugins)
    defaults = plugins["PodSecurity"]["defaults"]
    modes = ("enforce", "audit", "warn")
    assert {*modes, *(f"{mode}-version" for mode in modes)} == set(defaults)
    assert {"restricted"} == {defaults[mode] for mode in modes}
    limits = plugins["EventRateLimit"]["limits"]
    assert limits
    assert all({"type", "qps", "burst"} <= set(each) for each in limits)
    policy = yaml.safe_load(text_of(step, AUDIT))
    assert ("audit.k8s.io/v1", "Policy", {"level": "Metadata"}) == (
        policy["apiVersion"],
        policy["kind"],
        policy["rules"][-1],
    )


def test_the_settings_load_and_the_folder_is_roots(target: Targets, text_of: TextOf, tmp_path: Path) -> None:
    """systemd-tmpfiles itself makes the audit log's folder, 0700."""
    step = hardening.plan(target(CASE))
    for line in text_of(step, hardening.SYSCTL).splitlines()[1:]:
        name, _, value = line.partition(" = ")
        assert name.count(".")
        assert value.isdecimal()
    tool = shutil.which("systemd-tmpfiles")
    if tool is None:
        pytest.skip("needs systemd-tmpfiles: apt-get install systemd")
    config = tmp_path / "edgefleet.conf"
    config.write_text(text_of(step, hardening.TMPFILES).replace(" root root ", " - - "))
    root = tmp_path / "root"
    root.mkdir()
    subprocess.run([tool, "--create", f"--root={root}", str(config)], check=True, timeout=30)
    assert 0o700 == (root / LOGS[1:]).stat().st_mode & 0o777


@pytest.mark.boot
def test_kubernetes_own_api_server_reads_the_policies(
    target: Targets, text_of: TextOf, tmp_path: Path
) -> None:
    """With its own code, a Go program beside this test."""
    policies = built(Path(__file__).parent / "policies", tmp_path / "policies")
    step = hardening.plan(target(CASE))
    for path in (ADMISSION, AUDIT):
        (tmp_path / Path(path).name).write_text(text_of(step, path))
    done = subprocess.run(
        [str(policies), str(tmp_path / "admission.yaml"), str(tmp_path / "audit.yaml")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert 0 == done.returncode, done.stderr
    assert "audit rules: 3\nenforced: restricted\n" == done.stdout
