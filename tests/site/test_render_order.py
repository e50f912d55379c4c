"""The order in which maps come says nothing: engines hand them over in any."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import from_plain, to_plain
from edgefleet.site.render import render_site


def turned(plain: Any) -> Any:
    """`plain` with every map's entries in the opposite order."""
    if isinstance(plain, dict):
        return {key: turned(plain[key]) for key in reversed(plain)}
    return [turned(each) for each in plain] if isinstance(plain, list) else plain


def digests(spec: SiteSpec, key: str, passphrases: Mapping[str, str]) -> dict[str, str]:
    """dict[node -> digest of its seed]."""
    return {node: image.seed for node, image in render_site(spec, key, passphrases).items()}


def test_maps_in_another_order_give_the_same_bytes(
    spec: SiteSpec, key: str, passphrases: dict[str, str]
) -> None:
    """Each golden site."""
    other = from_plain(SiteSpec, turned(to_plain(spec)))
    assert digests(spec, key, passphrases) == digests(other, key, passphrases)


def test_so_do_three_boxes_that_know_each_other(
    sites: dict[str, SiteSpec], key: str, passphrases: dict[str, str]
) -> None:
    """Of two each knows one neighbour alone, and nothing can be in a wrong order."""
    spec = sites["recipe-1/data-disk"]
    network = replace(spec.nodes["till"].network, address="10.6.0.12/24")
    third = replace(spec.nodes["till"], hostname="de-kol-002-cam", network=network)
    spec = replace(spec, nodes={**spec.nodes, "cam": third})
    other = from_plain(SiteSpec, turned(to_plain(spec)))
    assert [*spec.nodes] == [*reversed(other.nodes)]
    assert digests(spec, key, passphrases) == digests(other, key, passphrases)
