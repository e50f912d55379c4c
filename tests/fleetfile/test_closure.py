"""What an air-gapped node carries follows from what runs on it and from the lock, and nothing else."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fleetfile.conftest import HEAD, Load
from tests.site.conftest import GOLDEN, spec_of

from edgefleet.errors import Problem
from edgefleet.fleetfile.artifacts_lock import ArtifactsLock, lock_text
from edgefleet.fleetfile.closure import clashes, needs, wanted_by_all
from edgefleet.model.references import parse_reference
from edgefleet.model.site import SiteSpec
from edgefleet.workloads.base.modules import WasmRuntime
from edgefleet.workloads.composing import entry
from edgefleet.workloads.payload import Payload

AIRGAPPED = HEAD
WORKLOADS = """\
workloads:
  till:
    kind: payload
    images: [nginx:1.27, registry.example:5000/shop/till:1.4]
    where: {groups: [kiosks]}
  sense: {kind: payload, runtime: {name: wasmtime, version: v0.6.0}, where: {labels: {tier: store}}}
  sync: {kind: payload, kubeedge: v1.23.1, where: {profiles: [pos], sites: [a]}}
"""
HEX = "a" * 64
OTHER = "b" * 64
LOCK: ArtifactsLock = {
    "api_version": "edgefleet.dev/v1",
    "k3s": {
        "v1.36.4+k3s1": {
            name: {"sha256": HEX, "size": 7}
            for name in (
                "k3s",
                "k3s-arm64",
                "k3s-airgap-images-amd64.tar.zst",
                "k3s-airgap-images-arm64.tar.zst",
            )
        }
    },
    "programs": {
        "wasmtime": {
            "v0.6.0": {
                "amd64": {"archive": {"sha256": HEX, "size": 3}, "member": "m", "sha256": HEX, "size": 5}
            }
        },
        "kubeedge": {
            "v1.23.1": {
                "amd64": {"archive": {"sha256": HEX, "size": 3}, "member": "m", "sha256": HEX, "size": 9}
            }
        },
    },
    "images": {
        "docker.io/library/nginx:1.27": {"arm64": {"digest": f"sha256:{OTHER}", "sha256": HEX, "size": 100}},
        "registry.example:5000/shop/till:1.4": {
            "arm64": {"digest": f"sha256:{OTHER}", "sha256": HEX, "size": 200}
        },
    },
}


@pytest.fixture
def locked(tmp_path: Path) -> None:
    """A lock beside the fleet file."""
    (tmp_path / "test.artifacts.lock.yaml").write_text(lock_text(LOCK))


@pytest.mark.usefixtures("locked")
def test_each_box_carries_what_runs_on_it(load: Load) -> None:
    """k3s and its images everywhere, the rest where it runs; nothing without the switch."""
    sites = (
        "sites:\n  a: {airgap: true, labels: {tier: store}}\n  b: {airgap: true, group: kiosks}\n  c: {}\n"
        "  d: {airgap: true}\n"
    )
    fleet = load(sites + WORKLOADS, head=AIRGAPPED)
    carried = {name: [file.path for file in site.nodes["n1"].payload] for name, site in fleet.sites.items()}
    k3s = ["bin/k3s", "images/k3s-airgap-images-amd64.tar.zst"]
    assert {
        "a": ["bin/containerd-shim-wasmtime-v1", "bin/edgecore", *k3s],
        "b": [
            "bin/k3s",
            "images/docker.io+library+nginx@1.27.tar",
            "images/k3s-airgap-images-arm64.tar.zst",
            "images/registry.example@5000+shop+till@1.4.tar",
        ],
        "c": [],
        "d": k3s,
    } == carried
    sizes = {file.path: file.size for file in fleet.sites["b"].nodes["n1"].payload}
    assert (7, 200) == (sizes["bin/k3s"], sizes["images/registry.example@5000+shop+till@1.4.tar"])
    assert {f"sha256:{HEX}"} == {file.digest for file in fleet.sites["b"].nodes["n1"].payload}


def test_what_is_not_locked_is_reported_once(problems: Callable[..., list[Problem]]) -> None:
    """Each thing with its count of nodes, and the command."""
    found = problems(
        "sites:\n  a: {airgap: true}\n  b: {airgap: true}\n  c: {airgap: true, group: kiosks}\n",
        head=AIRGAPPED,
    )
    told = [each.problem.split(" is not in the artifacts lock, and ") for each in found]
    assert [
        ["k3s v1.36.4+k3s1 for amd64", "2 nodes would contain it"],
        ["k3s-airgap-images-amd64.tar.zst v1.36.4+k3s1 for amd64", "2 nodes would contain it"],
        ["k3s-arm64 v1.36.4+k3s1 for arm64", "1 node would contain it"],
        ["k3s-airgap-images-arm64.tar.zst v1.36.4+k3s1 for arm64", "1 node would contain it"],
    ] == told
    assert {"run edgefleet artifacts lock -s test"} == {each.hint for each in found}
    assert {"test.fleet.yaml:14:15", "test.fleet.yaml:16:15"} == {each.where for each in found}


@pytest.mark.usefixtures("locked")
@pytest.mark.parametrize(
    ("workloads", "said"),
    [
        ("{x: {kind: payload, images: [Nginx:1]}}", "names of images are in lower case"),
        (
            "{x: {kind: payload, images: [nginx]}}",
            "nginx means whatever is the latest; say which, such as nginx:1.4",
        ),
        ("{x: {kind: payload, images: ['a b:1']}}", "is not a container image's name"),
        ("{x: {kind: payload, where: {groups: [kiosk]}}}", "no group is called kiosk; did you mean kiosks?"),
        ("{x: {kind: payload, where: {sites: [z]}}}", "no site is called z"),
        ("{x: {kind: payload, runtime: {name: wasmtime, version: 0.6}}}", "0.6 is not a release"),
        ("{x: {kind: payload, runtime: {name: wamr, version: v0.6.0}}}", "wamr"),
        (
            "{x: {kind: payload, kubeedge: v1.23.1}, y: {kind: payload, kubeedge: v1.22.0}}",
            "1 node would have both kubeedge v1.22.0 and v1.23.1; use one release in all workloads",
        ),
    ],
)
def test_workloads_that_cannot_be(say: Callable[..., list[str]], workloads: str, said: str) -> None:
    """One sentence with the place."""
    found = say(f"sites: {{a: {{airgap: true}}}}\nworkloads: {workloads}\n", head=AIRGAPPED)
    assert [True] == [said in each for each in found if "artifacts lock" not in each]
    assert found[0].startswith("test.fleet.yaml:1")


def test_what_nobody_released(say: Callable[..., list[str]]) -> None:
    """There is no shim for 32 bits, so that no lock would help."""
    hardware = "cpus: 4, memory: 4Gi, disk: 16Gi"
    profiles = f"profiles: {{pos: {{arch: armhf, {hardware}}}, board: {{arch: arm64, {hardware}}}}}\n"
    workloads = "workloads: {x: {kind: payload, runtime: {name: spin, version: v0.24.0}}}\n"
    found = say(f"sites: {{a: {{airgap: true}}}}\n{workloads}", head=AIRGAPPED, profiles=profiles)
    assert ["spin is not released for armhf, and 1 node would contain it"] == [
        each.split(": ")[-1].partition(";")[0] for each in found if "artifacts lock" not in each
    ]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("shop/till:1", "docker.io/shop/till:1"),
        ("localhost/till:1", "localhost/till:1"),
        ("registry:5000/a/b/c:1", "registry:5000/a/b/c:1"),
        (f"ghcr.io/a/b:1@sha256:{HEX}", f"ghcr.io/a/b@sha256:{HEX}"),
        ("index.docker.io/nginx:1", "docker.io/library/nginx:1"),
    ],
)
def test_names_of_images(text: str, whole: str) -> None:
    """As Kubernetes reads them; a whole name means itself."""
    assert whole == str(parse_reference(text))
    assert whole == str(parse_reference(whole))


@pytest.mark.parametrize("text", ["A/b:1", "a//b:1", "a:1:2", "http://a/b:1", "a@sha256:12", "-a:1"])
def test_what_is_no_image(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=re.escape(text)):
        parse_reference(text)


words = st.from_regex(r"[a-z0-9]+([._-][a-z0-9]+)?", fullmatch=True)
names = st.builds(
    lambda host, port, path, tag: f"{host}.example{port}/{'/'.join(path)}:{tag}",
    st.from_regex(r"[a-z0-9]{1,9}", fullmatch=True),
    st.sampled_from(["", ":5000"]),
    st.lists(words, min_size=1, max_size=3),
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,9}", fullmatch=True),
)


@given(names, names)
def test_two_images_are_two_files(one: str, other: str) -> None:
    """Whatever they are called, and names of files need no quoting in a shell."""
    first, second = parse_reference(one), parse_reference(other)
    assert (str(first) == str(second)) == (first.file_name == second.file_name)
    assert not set(first.file_name) & set("/:'\"\\ *?[]$&;|")


payloads = st.builds(
    Payload,
    images=st.lists(names, max_size=2).map(tuple),
    runtime=st.sampled_from([None, *(WasmRuntime(name="spin", version=v) for v in ("v1.0.0", "v2.0.0"))]),
)
SITE = replace(spec_of(GOLDEN / "recipe-1/shut-in"), airgap=True)
NODE, OTHER_NODE = list(SITE.nodes)[:2]
placements = st.sampled_from([(), (NODE,), (OTHER_NODE,)])


def with_workloads(workloads: list[tuple[Payload, tuple[str, ...]]]) -> SiteSpec:
    """The site with these workloads, each with the only nodes that run it."""
    entries = {f"w{at}": entry(load, nodes) for at, (load, nodes) in enumerate(workloads)}
    return replace(SITE, workloads=entries)


@given(st.lists(st.tuples(payloads, placements), max_size=4))
def test_a_closure_is_what_each_workload_needs(workloads: list[tuple[Payload, tuple[str, ...]]]) -> None:
    """More workloads never need less, their order does not matter, and a lock of all of it is requested."""
    site = with_workloads(workloads)
    whole = needs(site, NODE)
    each = [needs(with_workloads([one]), NODE) for one in workloads]
    assert set(whole) == {*needs(SITE, NODE), *(need for part in each for need in part)}
    assert whole == needs(with_workloads(workloads[::-1]), NODE)
    wanted = wanted_by_all({"a": site})
    assert {need for need in whole if need.kind != "program" or need.arch != "armhf"} <= wanted.keys()
    versions = {need.version for need in whole if need.kind == "program"}
    assert (len(versions) > 1) == bool(clashes(whole))
