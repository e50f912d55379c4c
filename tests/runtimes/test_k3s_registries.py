"""Where container images come from."""

from collections.abc import Callable

import yaml

from edgefleet.model.firstboot import Target
from edgefleet.runtimes.base import k3s


def test_mirrors_are_written_as_k3s_reads_them(target: Callable[..., Target]) -> None:
    """Endpoints keep their order, which is the order in which they are tried."""
    (file,) = k3s.registries(target()).files
    expected = {
        "*": {"endpoint": ["https://registry.example:5000"]},
        "docker.io": {
            "endpoint": ["https://registry.example:5000", "https://mirror.example"],
            "rewrite": {"^library/(.*)": "hub/$1"},
        },
    }
    assert {"mirrors": expected} == yaml.safe_load(file.content)
    assert ("/etc/rancher/k3s/registries.yaml", 0o600) == (file.path, file.mode)


def test_a_site_without_mirrors_has_an_empty_list(target: Callable[..., Target]) -> None:
    """The file is there at once, so that a later mirror is a changed file and not a new one."""
    (file,) = k3s.registries(target("vlan")).files
    assert {"mirrors": {}} == yaml.safe_load(file.content)
