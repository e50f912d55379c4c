"""Boxes to plan from: a server and an agent of one site."""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from edgefleet.model.firstboot import Box
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import from_plain

KEY = base64.b64encode(b"a key that only these tests use.").decode()
MakeBox = Callable[..., Box]


@pytest.fixture
def make_box() -> MakeBox:
    """``make_box("srv", k3s={...})``: one node of a two-node site, with parts of the site replaced."""

    def make(name: str = "srv", **parts: Any) -> Box:
        hardware = {"arch": "amd64", "cpus": 4, "memory": 8 * 2**30, "disk": 128 * 2**30, "storage": "nvme"}
        address = {"address": "10.0.0.2/24", "gateway": "10.0.0.1"}
        nodes = {
            "srv": {"hostname": "shop-srv", **hardware, "network": address},
            "cam": {"hostname": "shop-cam", "role": "agent", **hardware, "arch": "armhf", "network": {}},
        }
        plain = {
            "fleet": "shops",
            "region": "north",
            "name": "shop",
            "recipe": 1,
            "k3s": {"version": "v1.36.4+k3s1"},
            "nodes": nodes,
        }
        return Box(site=from_plain(SiteSpec, {**plain, **parts}), name=name, key=KEY)

    return make
