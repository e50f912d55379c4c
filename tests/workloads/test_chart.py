"""Helm charts, rendered by real Helm from archives that the tests make."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.go_programs import programs
from tests.workloads.rendering import CHART, archive, rendering

from edgefleet.errors import InvalidInput, OutsideFailure
from edgefleet.fleetfile.load import load_fleet
from edgefleet.model.spec import from_plain
from edgefleet.workloads.base.foreign import Rendering
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.chart import KIND, Chart, render
from edgefleet.workloads.composing import objects_of

EXAMPLES = Path(__file__).resolve().parents[2] / "docs/examples"

HOOK = """\
apiVersion: batch/v1
kind: Job
metadata: {name: prepare, annotations: {helm.sh/hook: pre-install}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: registry.example/a:1}]}}}
"""
RANDOM = """\
apiVersion: v1
kind: Secret
metadata: {name: made-up}
stringData: {password: {{ .Values.password | default (randAlphaNum 16) | quote }}}
"""


@pytest.fixture
def helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Real Helm on PATH, and a cache of its own; the program."""
    (program,) = programs("helm")
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return program


def chart(folder: Path, files: Mapping[str, str] = CHART, **fields: Any) -> Chart:
    """The chart of a fleet file, with its archive in the project `folder`."""
    digest = archive(folder / "charts/agent.tgz", files)
    plain = {"kind": "chart", "chart": "file:charts/agent.tgz", "version": "1.8.2", "digest": digest}
    return from_plain(Chart, {**plain, **fields})


def objects(spec: Chart, given: Rendering) -> list[Object]:
    """What is applied."""
    return [*KIND.objects(render(spec, given), Place(name=given.name))]


@pytest.mark.usefixtures("helm")
def test_its_objects_are_known_when_the_fleet_file_is_read(tmp_path: Path) -> None:
    """Definitions first, with values and the cluster's version; tests are left out."""
    spec = chart(tmp_path, values={"replicas": 2, "note": "de-ber-001"})
    definition, deployment, probe, policy = objects(spec, rendering(tmp_path))
    assert ["CustomResourceDefinition", "Deployment", "Probe", "NetworkPolicy"] == [
        each["kind"] for each in (definition, deployment, probe, policy)
    ]
    assert ("agent", 2) == (deployment["metadata"]["namespace"], deployment["spec"]["replicas"])
    assert "36" == deployment["spec"]["template"]["metadata"]["labels"]["minor"]
    assert {"note": "de-ber-001"} == deployment["metadata"]["annotations"]
    assert "namespace" not in probe["metadata"]


@pytest.mark.usefixtures("helm")
def test_values_values_of_a_site_and_the_version_of_the_cluster_change_the_digest(tmp_path: Path) -> None:
    specs = [chart(tmp_path), chart(tmp_path, values={"note": "a"})]
    digests = [render(spec, rendering(tmp_path)).rendered for spec in (*specs, *specs)]
    digests.append(render(specs[0], rendering(tmp_path, kubernetes="1.35.1")).rendered)
    assert (3, digests[:2]) == (len(set(digests)), digests[2:4])


def test_equal_inputs_are_rendered_once(helm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second reading runs no Helm; another Helm renders again."""
    spec, given = chart(tmp_path), rendering(tmp_path)
    calls = tmp_path / "calls"
    stand_in = tmp_path / "bin/helm"
    stand_in.parent.mkdir()
    for word in ("one", "another"):
        stand_in.write_text(f'#!/bin/sh\n# {word}\necho "$1" >>{calls}\nexec {helm} "$@"\n')
        stand_in.chmod(0o755)
        monkeypatch.setenv("PATH", f"{stand_in.parent}:/usr/bin:/bin")
        for _ in range(3):
            render(spec, given)
    assert ["show", "template", "template"] * 2 == calls.read_text().split()


@pytest.mark.usefixtures("helm")
@pytest.mark.parametrize(
    ("fields", "path", "words"),
    [
        ({"digest": "0" * 64}, "digest", "is expected"),
        ({"chart": "file:charts/gone.tgz", "digest": "1" * 64}, "chart", "there is no such file"),
        ({"version": "1.8.3"}, "version", "the archive has the version 1.8.2; write 1.8.2"),
        ({"values": {"key": "{secret: agent-key}"}}, "values", "name it in secrets"),
        (
            {"values": {"image": "registry.example/agent"}},
            "chart",
            "Deployment agent: registry.example/agent",
        ),
        ({"values": {"replicas": "[1"}}, "chart", "YAML parse error on agent/templates/agent.yaml"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(
    fields: dict[str, Any], path: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=words) as raised:
        render(chart(tmp_path, **fields), rendering(tmp_path))
    assert path == raised.value.problem.path


@pytest.mark.usefixtures("helm")
def test_hooks_are_refused_unless_the_chart_works_without_them(tmp_path: Path) -> None:
    files = {**CHART, "templates/prepare.yaml": HOOK}
    with pytest.raises(InvalidInput, match="its hooks would not run: Job prepare"):
        render(chart(tmp_path, files), rendering(tmp_path))
    kinds = [each["kind"] for each in objects(chart(tmp_path, files, hooks="drop"), rendering(tmp_path))]
    assert "Job" not in kinds


@pytest.mark.usefixtures("helm")
def test_a_chart_that_makes_something_up_is_refused(tmp_path: Path) -> None:
    """Its preview would never be true; with the value set it is taken."""
    files = {**CHART, "templates/secret.yaml": RANDOM}
    with pytest.raises(InvalidInput, match="each rendering gives other objects: Secret made-up"):
        render(chart(tmp_path, files), rendering(tmp_path))
    assert render(chart(tmp_path, files, values={"password": "a"}), rendering(tmp_path)).rendered


@pytest.mark.usefixtures("helm")
def test_a_broken_template_is_helms_own_message(tmp_path: Path) -> None:
    files = {**CHART, "templates/broken.yaml": "a: {{ .Values.gone.deep }}\n"}
    with pytest.raises(InvalidInput, match=r"templates/broken.yaml:1:"):
        render(chart(tmp_path, files), rendering(tmp_path))


@pytest.mark.usefixtures("helm")
def test_sites_have_the_objects_of_their_cluster_and_their_values(tmp_path: Path) -> None:
    """The example: a chart by digest, rendered for each version of k3s and each site's name."""
    digest = archive(tmp_path / "agent.tgz", CHART)
    place = tmp_path / "home/edgefleet/sha256" / digest
    place.parent.mkdir(parents=True)
    (tmp_path / "agent.tgz").rename(place)
    fleet = load_fleet(EXAMPLES / "charts.fleet.yaml", EXAMPLES)
    seen = {}
    for name, site in fleet.sites.items():
        (deployment,) = [each for each in objects_of(site)["agent"] if "Deployment" == each["kind"]]
        minor = deployment["spec"]["template"]["metadata"]["labels"]["minor"]
        seen[name] = (deployment["metadata"]["annotations"]["note"], minor)
    assert {"de-ber-001": ("de-ber-001", "36"), "de-ham-001": ("de-ham-001", "35")} == seen
    boards = [site.workloads["board"] for site in fleet.sites.values()]
    assert boards[0] is boards[1]
    assert "lobby-board" in {each["metadata"]["name"] for each in objects_of(site)["board"]}


def test_a_missing_program_is_an_error_of_the_outside_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each workload that needs it, at once."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "edgefleet/sha256").mkdir(parents=True)
    digest = archive(tmp_path / "edgefleet/sha256/agent", CHART)
    (tmp_path / "edgefleet/sha256/agent").rename(tmp_path / "edgefleet/sha256" / digest)
    with pytest.raises(OutsideFailure, match="install Helm") as raised:
        load_fleet(EXAMPLES / "charts.fleet.yaml", EXAMPLES)
    assert ["workloads.agent", "workloads.board"] == [each.path for each in raised.value.problems]
    assert ["charts.fleet.yaml:20:3"] == [each.where for each in raised.value.problems][:1]


def test_a_chart_that_no_place_has_is_an_error_of_the_outside_with_its_line() -> None:
    """Charts are fetched by what the caller gives, so that tests query no registry."""
    asked = []

    def fetch(address: str, sha256: str) -> Path:
        asked.append((address, sha256[:4]))
        raise OutsideFailure.at(address, "unreachable", "does not answer", "check the address")

    with pytest.raises((OutsideFailure, InvalidInput), match="does not answer") as raised:
        load_fleet(EXAMPLES / "charts.fleet.yaml", EXAMPLES, fetch=fetch)
    assert [("oci://registry.shops.example/charts/agent", "f48b")] == asked
    assert ("workloads.agent", "charts.fleet.yaml:20:3") == (
        raised.value.problems[0].path,
        raised.value.problems[0].where,
    )


def test_without_helm_the_error_names_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutsideFailure, match="none is installed; install Helm"):
        render(chart(tmp_path), rendering(tmp_path))
