"""A plan of images to build: the same bytes each time, cut into shards, and refused where it is none."""

import gzip
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgefleet.errors import InvalidInput
from edgefleet.model.medium import Medium
from edgefleet.model.network import Network
from edgefleet.model.site import K3s, Node
from edgefleet.model.site_resource import SiteInputs
from edgefleet.site.build_job import from_bytes, shard, to_bytes

K3S = K3s(version="v1.36.4+k3s1")
NODE = Node(
    hostname="n1",
    runtime="k3s-server",
    arch="amd64",
    cpus=4,
    memory=2**33,
    disk=2**36,
    storage="ssd",
    network=Network(),
    image=Medium(),
)


def site(name: str, key: str = "A" * 48) -> SiteInputs:
    """A site."""
    return SiteInputs(
        name=name,
        fleet="retail",
        region="eu",
        recipe=1,
        key_generation=1,
        k3s=K3S,
        nodes={"n1": NODE},
        store="file:store",
        key=key,
    )


JOBS = tuple(site(f"store-{number}", f"keyOf{number}".ljust(48, "A")) for number in range(5))


def names(jobs: tuple[SiteInputs, ...]) -> list[str]:
    return [job.name for job in jobs]


@given(st.sets(st.text(max_size=8)), st.integers(1, 9))
def test_each_site_is_in_exactly_one_shard_and_none_is_much_larger(sites: set[str], of: int) -> None:
    """Nothing is built twice and nothing is forgotten; the slowest worker has one site more at most."""
    jobs = [site(name) for name in sites]
    shards = [shard(jobs, index, of) for index in range(of)]
    assert sorted(sites) == sorted(job.name for each in shards for job in each)
    sizes = [len(each) for each in shards]
    assert max(sizes) - min(sizes) <= 1


def test_a_shard_has_the_same_sites_in_whatever_order_they_come() -> None:
    """A plan that is made again gives each worker what it had."""
    assert ["store-1", "store-3"] == names(shard(JOBS, 1, 2)) == names(shard(JOBS[::-1], 1, 2))


def test_a_shard_holds_no_other_sites_key() -> None:
    """A worker that is broken into opens its own sites."""
    text = gzip.decompress(to_bytes(shard(JOBS, 0, 5))).decode()
    assert "keyOf0" in text
    assert [] == [job.name for job in JOBS[1:] if job.key in text]


def test_what_is_written_is_read_back_and_the_same_bytes_each_time() -> None:
    assert JOBS == from_bytes(to_bytes(JOBS), "plan.gz")
    turned = replace(JOBS[0], k3s=replace(K3S, config={"b": 1, "a": 2}))
    assert to_bytes([turned]) == to_bytes([replace(turned, k3s=replace(K3S, config={"a": 2, "b": 1}))])


def test_a_job_shows_no_secret_when_it_is_printed() -> None:
    """In a traceback, for example."""
    assert "keyOf" not in repr(JOBS[0])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"sites:",
        to_bytes(JOBS)[:-9],
        gzip.compress(b"[]", mtime=0),
        gzip.compress(b"{}", mtime=0),
        gzip.compress(b"\xff", mtime=0),
        gzip.compress(json.dumps({"version": 1, "sites": [{"name": "n"}]}).encode(), mtime=0),
    ],
)
def test_what_is_no_plan_is_refused_with_the_way_to_make_one(data: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"plan\.gz.*is not a plan.*edgefleet image job"):
        from_bytes(data, "plan.gz")


def test_a_later_versions_plan_is_named_as_that() -> None:
    """The builders' container image is older than the program that made the plan."""
    data = gzip.compress(json.dumps({"version": 2, "sites": []}).encode(), mtime=0)
    with pytest.raises(InvalidInput, match=r"of this version \(version: "):
        from_bytes(data, "plan.gz")
