"""Objects that others wrote: what is taken, what is refused, and what of them changes."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.workloads.rendering import rendering

from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure
from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.spec import from_plain, to_plain
from edgefleet.workloads.base.foreign import kept, substituted
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.manifests import KIND, Manifests, render

PLACE = Place(name="board")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))


def config_map(name: str = "board", **metadata: Any) -> Object:
    """An object."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": {}}


def pod(**container: Any) -> Object:
    """A Pod with one container."""
    containers = [{"name": "board", "image": "registry.example/board:1", **container}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "board"},
        "spec": {"containers": containers},
    }


def rendered(folder: Path, *documents: Any, **fields: Any) -> Manifests:
    """A workload of these objects, as the reading of a fleet file leaves it."""
    text = "---\n".join(map(to_yaml, documents))
    spec = from_plain(Manifests, {"kind": "manifests", "files": [text] if text else [], **fields})
    return render(spec, rendering(folder, "board"))


def objects(spec: Manifests, place: Place = PLACE) -> list[Object]:
    """What is applied."""
    return [*KIND.objects(spec, place)]


def test_the_spec_has_a_digest_in_the_place_of_texts(tmp_path: Path) -> None:
    """However large they are: an entry is in the state of each site."""
    many = [config_map(f"board-{number}") for number in range(2_000)]
    spec = rendered(tmp_path, *many)
    assert len(json.dumps(to_plain(spec))) < 200
    assert 2_001 == len(objects(spec))


def test_objects_get_the_namespace_of_the_workload(tmp_path: Path) -> None:
    """Those without one, by their kind; an object of the system stays there."""
    wide = {"apiVersion": "example.com/v1", "kind": "Issuer", "metadata": {"name": "a"}}
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "a"}}
    spec = rendered(
        tmp_path,
        config_map(),
        config_map("other", namespace="kube-system"),
        role,
        wide,
        clusterWide=["Issuer"],
    )
    assert ["board", "kube-system", None, None, "board"] == [
        each["metadata"].get("namespace") for each in objects(spec)
    ]


def test_lists_are_taken_apart_and_definitions_state_what_has_no_namespace(tmp_path: Path) -> None:
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "probes.agent.example"},
        "spec": {"scope": "Cluster", "names": {"kind": "Probe"}},
    }
    probe = {"apiVersion": "agent.example/v1", "kind": "Probe", "metadata": {"name": "a"}}
    spec = rendered(tmp_path, {"apiVersion": "v1", "kind": "List", "items": [definition, probe]})
    taken = objects(spec)
    assert ["CustomResourceDefinition", "Probe", "NetworkPolicy"] == [each["kind"] for each in taken]
    assert "namespace" not in taken[1]["metadata"]


@pytest.mark.parametrize(
    ("documents", "fields", "code", "words"),
    [
        ([{"apiVersion": "v1"}], {}, "no-object", "it lacks apiVersion, kind or metadata.name"),
        (["apiVersion"], {}, "no-object", "is no Kubernetes object"),
        (
            [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "board"}}],
            {},
            "own-namespace",
            "Namespace board",
        ),
        ([config_map(namespace="till")], {}, "other-namespace", "ConfigMap board is in the namespace till"),
        ([config_map(), config_map()], {}, "duplicate-object", "ConfigMap board is there twice"),
        (
            [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "board"}}],
            {"secrets": {"key": "board-key"}},
            "duplicate-object",
            "Secret board",
        ),
        ([pod(image="registry.example/board")], {}, "no-tag", "Pod board: registry.example/board means"),
        ([pod(ports="80")], {}, "wrong-type", r"Pod board: spec.containers\[0\].ports: expected a list"),
        ([pod(image="Board:1")], {}, "bad-image", "Pod board: Board:1 is not"),
        ([pod(imagePullPolicy="Always")], {}, "pull-without-link", "asks a registry"),
        ([config_map()], {"values": {"STORE": "a"}}, "unused-value", "no object has it"),
    ],
)
def test_what_is_wrong_is_refused(
    documents: list[Any], fields: dict[str, Any], code: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=words) as raised:
        rendered(tmp_path, *documents, **fields)
    assert code == raised.value.problem.code


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("apiVersion: [}", "not YAML in line 1"),
        ("# apiVersion\n", "is empty"),
        ("apiVersion: " + "[" * 300 + "]" * 300, "more than 200 levels"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {day: 2026-11-29}\n", "is a date"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: .inf}\n", "no finite number"),
    ],
)
def test_text_that_is_no_plain_data_is_refused(text: str, words: str, tmp_path: Path) -> None:
    spec = from_plain(Manifests, {"kind": "manifests", "files": [text]})
    with pytest.raises(InvalidInput, match=words) as raised:
        render(spec, rendering(tmp_path, "board"))
    assert "files[0]" == raised.value.problem.path


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="twice") as raised:
        rendered(tmp_path, config_map(), config_map(), pod(image="a"), config_map(namespace="b"))
    assert ["duplicate-object", "no-tag", "other-namespace"] == [each.code for each in raised.value.problems]


def test_values_are_parts_of_texts_and_change_no_structure(tmp_path: Path) -> None:
    """Whatever is in a value; a name that is not listed stays as it is written."""
    thing = config_map() | {"data": {"store": "${STORE}: ${OTHER}", "shell": "$${STORE}"}}
    hostile = '"}\n- a: {b: c}\n---\nkind: Secret'
    spec = rendered(tmp_path, thing, values={"STORE": "{site.name}"})
    assert {"STORE": "{site.name}"} == spec.values
    first = KIND.objects(from_plain(Manifests, {**to_plain(spec), "values": {"STORE": "x"}}), PLACE)
    assert {"store": "x: ${OTHER}", "shell": "${STORE}"} == next(iter(first))["data"]
    assert {"a": [f"-{hostile}-"]} == substituted({"a": ["-${STORE}-"]}, {"STORE": hostile})


def test_the_network_admits_what_the_objects_ask_for(tmp_path: Path) -> None:
    """Its own Pods and what needs it; the ingress controller and everybody only where an object says so."""
    ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "a"}, "spec": {}}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"type": "NodePort"}}
    counts = []
    for more in ((), (ingress,), (service,)):
        policy = objects(rendered(tmp_path, config_map(), *more))[-1]
        counts.append(len(policy["spec"]["ingress"][0]["from"]))
    assert [2, 3, 4] == counts


def test_a_lost_text_is_one_clear_error() -> None:
    spec = from_plain(Manifests, {"kind": "manifests", "rendered": "0" * 64})
    with pytest.raises(EdgefleetError, match="are not in the cache of this machine"):
        objects(spec)


def test_equal_texts_are_read_once(tmp_path: Path) -> None:
    """A reading that changes nothing parses nothing."""
    spec = from_plain(Manifests, {"kind": "manifests", "files": [to_yaml(config_map())]})
    first = render(spec, rendering(tmp_path, "board")).rendered
    assert first == kept(spec, rendering(tmp_path, "board"), {"files[0]": spec.files[0]})
    assert 1 == len([*(tmp_path / "home/edgefleet/rendered").iterdir()])


def kustomization(folder: Path, *resources: str) -> Manifests:
    """A workload of a folder with an overlay."""
    if not (shutil.which("kubectl") or shutil.which("kustomize")):
        pytest.skip("needs kustomize, or kubectl: apt-get install kubernetes-client")
    place = folder / "kustomize"
    place.mkdir()
    (place / "board.yaml").write_text(to_yaml(pod()))
    listed = [*resources, "board.yaml"]
    (place / "kustomization.yaml").write_text(to_yaml({"namePrefix": "shop-", "resources": listed}))
    return from_plain(Manifests, {"kind": "manifests", "kustomize": "file:kustomize"})


def test_a_kustomize_folder_is_rendered(tmp_path: Path) -> None:
    """By the program that people have, when the fleet file is read."""
    spec = render(kustomization(tmp_path), rendering(tmp_path, "board"))
    assert ["shop-board", "board"] == [each["metadata"]["name"] for each in objects(spec)]


@pytest.mark.parametrize("resource", ["https://127.0.0.1:1/remote.yaml", "gone.yaml"])
def test_a_folder_that_needs_a_link_or_lacks_a_file_is_refused(resource: str, tmp_path: Path) -> None:
    """Nothing is downloaded: the same folder gives the same objects everywhere."""
    with pytest.raises(InvalidInput, match=resource.rpartition("/")[2]) as raised:
        render(kustomization(tmp_path, resource), rendering(tmp_path, "board"))
    assert ("kustomize", "not-rendered") == (raised.value.problem.path, raised.value.problem.code)


def test_without_kustomize_the_error_names_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = kustomization(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutsideFailure, match="install kustomize, or kubectl, which contains it"):
        render(spec, rendering(tmp_path, "board"))


def test_a_workload_without_objects_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="it has no objects"):
        rendered(tmp_path)
