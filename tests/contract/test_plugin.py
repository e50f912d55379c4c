"""The plugin as a process of its own: started, asked, ended, and shipped in the wheel."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as proto

from edgefleet.provider import plugin_path
from edgefleet.provider.properties import decode, encode
from edgefleet.provider.registry import RESOURCES

ROOT = Path(__file__).resolve().parents[2]


def test_it_says_its_port_and_answers(
    start_plugin: Callable[..., Any], site: dict[str, Any], tmp_path: Path
) -> None:
    """With the project's directory as its working directory, where a relative store is."""
    _, client = start_plugin()
    client.Handshake(proto.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))
    assert client.GetPluginInfo(Empty()).version
    tokens = json.loads(client.GetSchema(proto.GetSchemaRequest()).schema)["resources"]
    components = {"edgefleet:index:ControlPlane", "edgefleet:index:Fleet"}
    assert components | {each.TOKEN for each in RESOURCES} == set(tokens)
    client.Configure(proto.ConfigureRequest(args=encode({"region": "eu-central-1"})))
    urn = "urn:pulumi:dev::fleet::edgefleet:index:Site::store-0007"
    made = client.Create(proto.CreateRequest(urn=urn, properties=encode(site)))
    images = decode(made.properties)["images"]
    assert {"n1", "n2"} == set(images) == {each.stem for each in (tmp_path / "images").rglob("*.iso")}


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_by_a_signal(sign: int, start_plugin: Callable[..., Any]) -> None:
    """Without a word on standard error."""
    process, _ = start_plugin()
    process.send_signal(sign)
    assert (0, "") == (process.wait(15), process.stderr.read())


def test_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    """A CLI that is killed leaves no plugin behind."""
    starter = (
        "import subprocess, sys; p = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE);"
        " p.stdout.readline(); print(p.pid)"
    )
    command = [sys.executable, "-c", starter, sys.executable, str(plugin_path()), "127.0.0.1:1"]
    started = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    pid = int(started.stdout)
    waiting = f"import os, time\nwhile os.path.exists('/proc/{pid}/fd'): time.sleep(.1)"
    subprocess.run([sys.executable, "-c", waiting], timeout=15, check=True)
    assert not Path(f"/proc/{pid}/fd").exists()


def test_without_its_dependencies_it_says_what_to_do(tmp_path: Path) -> None:
    """The CLI shows standard error where a plugin does not start."""
    command = [sys.executable, "-S", "-I", str(plugin_path()), "127.0.0.1:1"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert 1 == run.returncode
    assert 1 == len(run.stderr.splitlines())
    assert "install edgefleet in the virtual environment that Pulumi.yaml names" in run.stderr


# finding a Python


def environment(folder: Path, name: str = "pulumi") -> Path:
    """A make-believe virtual environment whose Python prints its place and arguments."""
    (folder / "lib/python3.11/site-packages" / name).mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / "bin/python").write_text('#!/bin/sh\necho "$VIRTUAL_ENV|$PWD|$*"\n')
    (folder / "bin/python").chmod(0o755)
    return folder


def asked(plugin: Path, cwd: Path, **env: str) -> str:
    """The arguments of the Python that the plugin's environment finds."""
    command = [str(plugin / "environment/bin/python"), "plugin", "127.0.0.1:1"]
    run = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=cwd, env={"PATH": os.environ["PATH"], **env}
    )
    return run.stdout.strip()


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[str], Path]:
    """Puts the plugin's folder somewhere else."""

    def copy(to: str) -> Path:
        target = tmp_path / to
        launcher = plugin_path() / "environment/bin/python"
        (target / "environment/bin").mkdir(parents=True)
        (target / "environment/bin/python").write_bytes(launcher.read_bytes())
        (target / "environment/bin/python").chmod(launcher.stat().st_mode)
        return target

    return copy


def test_installed_it_uses_the_environment_around_it(tmp_path: Path, copied: Callable[[str], Path]) -> None:
    """Which has its dependencies by construction; the project is the working directory."""
    venv = environment(tmp_path / "venv")
    (venv / "pyvenv.cfg").touch()
    plugin = copied("venv/lib/python3.11/site-packages/edgefleet/plugin")
    other = environment(tmp_path / "project/.venv")
    found = asked(plugin, tmp_path / "project", PULUMI_RUNTIME_VIRTUALENV=str(other))
    assert f"{venv}|{tmp_path / 'project'}|plugin 127.0.0.1:1" == found


def test_from_elsewhere_it_uses_the_environment_that_the_project_names(
    tmp_path: Path, copied: Callable[[str], Path]
) -> None:
    """As the program does; the CLI says which, relative to the project."""
    plugin = copied("checkout/components/edgefleet/plugin")
    environment(tmp_path / "checkout/.venv")
    environment(tmp_path / "project/.venv")
    found = asked(plugin, tmp_path / "project", PULUMI_RUNTIME_VIRTUALENV=".venv")
    assert f"{tmp_path / 'project/.venv'}|{tmp_path / 'project'}|plugin 127.0.0.1:1" == found


def test_in_a_checkout_it_uses_the_environment_of_the_checkout(
    tmp_path: Path, copied: Callable[[str], Path]
) -> None:
    """Where the project names none, or one without the dependencies."""
    plugin = copied("checkout/components/edgefleet/plugin")
    environment(tmp_path / "checkout/.venv")
    environment(tmp_path / "project/.venv", name="something_else")
    found = asked(plugin, tmp_path / "project")
    assert f"{tmp_path / 'checkout/.venv'}|{tmp_path / 'project'}|plugin 127.0.0.1:1" == found


def test_last_it_uses_the_python_on_path_but_never_itself(
    tmp_path: Path, copied: Callable[[str], Path]
) -> None:
    """The CLI puts the folder that it takes for an environment on PATH first."""
    plugin = copied("plugin")
    (tmp_path / "bin").mkdir()
    for folder in (plugin / "environment/bin", tmp_path / "bin"):
        (folder / "python3").write_text(f'#!/bin/sh\necho "{folder}|$*"\n')
        (folder / "python3").chmod(0o755)
    path = os.pathsep.join([str(plugin / "environment/bin"), str(tmp_path / "bin"), os.environ["PATH"]])
    assert f"{tmp_path / 'bin'}|plugin 127.0.0.1:1" == asked(plugin, tmp_path, PATH=path)


def test_nothing_is_installed_into_an_environment_that_is_somebody_elses(
    tmp_path: Path, copied: Callable[[str], Path]
) -> None:
    """``pulumi install`` takes what it finds here for an environment of the plugin's own."""
    plugin = copied("checkout/components/edgefleet/plugin")
    environment(tmp_path / "checkout/.venv")
    command = [str(plugin / "environment/bin/python"), "-m", "pip", "install", "--upgrade", "pip"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (0, "") == (run.returncode, run.stdout)


# the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it ships."""
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    build = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert 0 == build.returncode, build.stderr
    (made,) = target.glob("*.whl")
    return made


def test_the_wheel_ships_the_plugin(wheel: Path) -> None:
    """All of its files, and the program among them may be run."""
    with zipfile.ZipFile(wheel) as archive:
        shipped = {each.filename: each.external_attr >> 16 & 0o111 for each in archive.infolist()}
    folder = "edgefleet/plugin"
    assert {f"{folder}/PulumiPlugin.yaml", f"{folder}/__main__.py"} <= set(shipped)
    assert 0o111 == shipped[f"{folder}/environment/bin/python"]


def test_an_installed_wheel_finds_and_starts_its_plugin(
    wheel: Path, tmp_path: Path, start_plugin: Callable[..., Any], site: dict[str, Any]
) -> None:
    """In an empty project elsewhere, through the plugin's own environment, as the CLI starts it."""
    target = tmp_path / "installed"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
    ]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    found = subprocess.run(
        [sys.executable, "-c", "from edgefleet.provider import plugin_path; print(plugin_path())"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(target)},
    )
    plugin = Path(found.stdout.strip())
    assert target / "edgefleet/plugin" == plugin
    _, client = start_plugin(
        [str(plugin / "environment/bin/python"), str(plugin)],
        {"PULUMI_RUNTIME_VIRTUALENV": sys.prefix, "PYTHONPATH": ""},
    )
    client.Configure(proto.ConfigureRequest(args=encode({"region": "eu-central-1"})))
    urn = "urn:pulumi:dev::fleet::edgefleet:index:Site::store-0007"
    answer = client.Create(proto.CreateRequest(urn=urn, properties=encode(site), preview=True))
    assert {"n1", "n2"} == set(decode(answer.properties)["images"])
