"""Step `k3s_config`."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from edgefleet.boot import k3s_config
from edgefleet.errors import InvalidInput
from edgefleet.model.firstboot import Box


def config(box: Box) -> dict[str, Any]:
    """What k3s reads on a box."""
    (file,) = k3s_config.plan(box).files
    found: dict[str, Any] = yaml.safe_load(file.content)
    return found


def test_a_server_is_on_its_own(make_box: Callable[..., Box]) -> None:
    """It joins nobody: its API answers to its own name and address, with the cloud away too."""
    found = config(make_box("srv"))
    assert "server" not in found
    assert ["shop-srv", "10.0.0.2"] == found["tls-san"]
    assert ("shop-srv", "10.0.0.2") == (found["node-name"], found["node-ip"])


def test_an_agent_joins_its_sites_server_with_the_agents_token(make_box: Callable[..., Box]) -> None:
    """It never holds the server's token, which opens the datastore."""
    server, agent = config(make_box("srv")), config(make_box("cam"))
    assert "https://10.0.0.2:6443" == agent["server"]
    assert server["agent-token"] == agent["token"]
    assert server["token"] not in agent.values()


def test_the_file_is_a_secret_of_the_box(make_box: Callable[..., Box]) -> None:
    """Mode 0600, and marked so that its digest and content are never shown."""
    (file,) = k3s_config.plan(make_box()).files
    assert (True, 0o600, "root:root") == (file.is_secret, file.mode, file.owner)


def test_labels_say_where_a_node_stands(make_box: Callable[..., Box]) -> None:
    """Zone and region are labels that a kubelet may set on itself."""
    assert {
        "edgefleet.dev/fleet=shops",
        "edgefleet.dev/site=shop",
        "topology.kubernetes.io/region=north",
        "topology.kubernetes.io/zone=shop",
    } == set(config(make_box())["node-label"])


def test_further_settings_are_handed_on(make_box: Callable[..., Box]) -> None:
    """Keys that edgefleet does not write come from the fleet file as they are."""
    box = make_box(k3s={"version": "v1.36.4+k3s1", "config": {"flannel-backend": "host-gw"}})
    assert "host-gw" == config(box)["flannel-backend"]


def test_a_token_in_the_fleet_file_is_refused(make_box: Callable[..., Box]) -> None:
    """A credential of the file's would be shared and would stand in version control."""
    box = make_box(k3s={"version": "v1.36.4+k3s1", "config": {"token": "mine"}})
    with pytest.raises(InvalidInput) as caught:
        k3s_config.plan(box)
    assert "sites.shop.k3s.config.token" == caught.value.problem.path
