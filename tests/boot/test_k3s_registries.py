"""Step `k3s_registries`."""

from collections.abc import Callable

import yaml

from edgefleet.boot import k3s_registries
from edgefleet.model.firstboot import Box


def test_mirrors_are_written_as_k3s_reads_them(make_box: Callable[..., Box]) -> None:
    """k3s docs, installation/private-registry: ``endpoint`` is a list, the star is a quoted key."""
    box = make_box(
        registries={
            "docker.io": {"endpoints": ["https://reg.site:5000"], "rewrite": {"^rancher/(.*)": "mirror/$1"}},
            "*": {"endpoints": ["https://any.site"]},
        }
    )
    (file,) = k3s_registries.plan(box).files
    assert ("/etc/rancher/k3s/registries.yaml", 0o600) == (file.path, file.mode)
    assert {
        "mirrors": {
            "*": {"endpoint": ["https://any.site"]},
            "docker.io": {"endpoint": ["https://reg.site:5000"], "rewrite": {"^rancher/(.*)": "mirror/$1"}},
        }
    } == yaml.safe_load(file.content)


def test_without_mirrors_the_file_changes_nothing(make_box: Callable[..., Box]) -> None:
    """It is there all the same, so that a site that drops its mirrors drops them on the box too."""
    (file,) = k3s_registries.plan(make_box()).files
    assert {"mirrors": {}} == yaml.safe_load(file.content)
