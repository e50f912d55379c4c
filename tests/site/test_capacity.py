"""What media hold is known from the lock, and one that is too small is found before anything is fetched."""

from dataclasses import replace
from typing import Any

import pytest
from tests.site.conftest import GOLDEN, spec_of

from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.artifacts_lock import EMPTY, ArtifactsLock
from edgefleet.model.medium import Base, Medium, PayloadFile
from edgefleet.model.site import SiteSpec
from edgefleet.report import text
from edgefleet.site.capacity import ROOM, check_fits, medium_usages, shares

SITE = spec_of(GOLDEN / "recipe-1/server-static")
NODE = next(iter(SITE.nodes))
HEX = "a" * 64
LOCK: ArtifactsLock = {**EMPTY, "bases": {HEX: {"source": "file:base.raw", "size": 2_000}}}
FILES = (
    PayloadFile(path="bin/k3s", digest=f"sha256:{HEX}", size=1_000),
    PayloadFile(path="images/x.tar", digest=f"sha256:{HEX}", size=3_000),
)


UNKNOWN = "a base that the artifacts lock does not have"


def site(name: str = "a", *, disk: int = 10**9, **medium: Any) -> SiteSpec:
    """A site without workloads whose node carries 4,000 bytes."""
    image = Medium(**medium)
    node = replace(SITE.nodes[NODE], payload=FILES, image=image, disk=disk)
    return replace(SITE, name=name, nodes={NODE: node}, workloads={})


RAW: dict[str, Any] = {"format": "raw", "base": Base(source="file:base.raw", sha256=HEX)}


@pytest.mark.parametrize(
    ("made", "lock", "said"),
    [
        (site(**RAW), LOCK, f"{ROOM + 6_000:,} bytes of 1,000,000,000: fits"),
        (site(**RAW, disk=ROOM + 5_999), LOCK, f"{ROOM + 6_000:,} bytes of {ROOM + 5_999:,}: does not fit"),
        (site(**RAW, size=ROOM + 6_000), LOCK, f"{ROOM + 6_000:,} bytes of {ROOM + 6_000:,}: fits"),
        (site(**RAW), EMPTY, f"{ROOM + 4_000:,} bytes and {UNKNOWN} of 1,000,000,000: fits without it"),
        (site(), LOCK, f"{ROOM + 4_000:,} bytes; medium size unknown, set image.size"),
    ],
)
def test_what_a_medium_holds(made: SiteSpec, lock: ArtifactsLock, said: str) -> None:
    """The payload and the base, on the medium that is named or on the node's disk."""
    (found,) = medium_usages({"a": made}, lock)
    assert said == text.held(found)


def test_a_seed_alone_is_nothing_to_tell() -> None:
    assert [] == list(medium_usages({"a": SITE}, LOCK))


def test_equal_boxes_are_one_line() -> None:
    """With a count; a few are named."""
    sites = {name: site(name, **RAW) for name in ("a", "b", "c", "d")} | {"e": site("e")}
    lines = [line.plain for line in text.media(tuple(medium_usages(sites, LOCK)))]
    assert [
        "MEDIA - 5 nodes with more than a seed",
        "  parts: the digest of the inputs; image build prints the image's own digest",
        f"     4 nodes  {ROOM + 6_000:,} bytes of 1,000,000,000: fits",
        f"      1 node  {ROOM + 4_000:,} bytes; medium size unknown, set image.size (e)",
    ] == lines


def test_a_medium_that_is_too_small() -> None:
    """Where, what it would hold, what to do; equal ones are one problem."""
    sites = {name: site(name, **RAW, size=5_000) for name in ("a", "b")}
    with pytest.raises(InvalidInput) as caught:
        check_fits(sites, LOCK, lambda _, path: f"fleet.yaml:9:{len(path)}")
    path = f"nodes.{NODE}.image.size"
    parts = f"payload 4,000, base 2,000, room {ROOM:,}"
    holds = f"the medium has 5,000 bytes and would hold {ROOM + 6_000:,} ({parts}) (and so for 1 more)"
    hint = "take a larger medium, or let fewer workloads run there, or put the payload on its own medium"
    assert f"fleet.yaml:9:{len(path)}: sites.a.{path}: {holds}; {hint}" == str(caught.value)
    check_fits({"a": site(**RAW)}, LOCK, lambda *_: "")


def web(memory: str, cpu: str = "50m") -> dict[str, Any]:
    """An entry of a workload that takes this."""
    return {
        "kind": "web",
        "image": "registry.example/shop/x:1",
        "port": 80,
        "resources": {"memory": memory, "cpu": cpu},
    }


def test_workloads_that_take_more_than_a_node_has() -> None:
    """Each with its amount beside k3s's; equal sites are one problem, with a count."""
    node = replace(SITE.nodes[NODE], memory=2 * 1000**3, cpus=2)
    workloads = {"till": web("384Mi"), "menu": web("64Mi")}
    small = replace(SITE, nodes={NODE: node}, workloads=workloads)
    sites = {name: replace(small, name=name) for name in ("a", "b", "c")}
    with pytest.raises(InvalidInput, match="till 384Mi") as caught:
        check_fits(sites, EMPTY, lambda _, path: f"fleet.yaml:9:{len(path)}")
    path = f"nodes.{NODE}.memory"
    parts = "till 384Mi, menu 64Mi, k3s 1.6 GB: 2.1 of 2.0 GB"
    problem = f"workloads take more memory than there is: {parts} (and so for 2 more)"
    hint = "let fewer of them run there, let them take less, or use larger nodes"
    assert f"fleet.yaml:9:{len(path)}: sites.a.{path}: {problem}; {hint}" == str(caught.value)
    check_fits({"a": replace(small, workloads={"till": web("64Mi")})}, EMPTY, lambda *_: "")


def test_every_resource_is_reported_at_once() -> None:
    """Many workloads are summed up behind the largest."""
    node = replace(SITE.nodes[NODE], memory=4 * 1000**3, cpus=2)
    workloads = {f"w{index}": web(f"{index * 100}Mi", "500m") for index in range(1, 9)}
    big = replace(SITE, nodes={NODE: node}, workloads=workloads)
    with pytest.raises(InvalidInput, match="w8 800Mi") as caught:
        check_fits({"a": big}, EMPTY, lambda *_: "")
    memory, cpu = (problem.problem.partition(": ")[2] for problem in caught.value.problems)
    largest = ", ".join(f"w{index} {index}00Mi" for index in range(8, 2, -1))
    assert f"{largest}, 2 more 300Mi, k3s 1.6 GB: 5.4 of 4.0 GB" == memory
    assert cpu.endswith("w6 500m, 2 more 1, k3s 300m: 4.3 of 2 cores")


@pytest.mark.parametrize(
    ("taken", "whole", "words"),
    [
        (2_100 * 1000**2, 2 * 1000**3, "2.1 of 2.0 GB"),
        (2_001 * 1000**2, 2 * 1000**3, "2.001 of 2.000 GB"),
        (1000**3, 1000**3, "1.0 of 1.0 GB"),
    ],
)
def test_amounts_that_differ_look_different(taken: int, whole: int, words: str) -> None:
    """An error of 2.0 of 2.0 GB would explain nothing."""
    assert words == shares("memory", taken, whole)
