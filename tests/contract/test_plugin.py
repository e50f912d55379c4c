"""The plugin as a process of its own: started, asked, ended, and shipped in the wheel."""

import json
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
from tests.contract.conftest import PLUGIN

from edgefleet.provider.properties import decode, encode
from edgefleet.provider.registry import RESOURCES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def test_it_says_its_port_and_answers(
    start_plugin: Callable[..., Any], site: dict[str, Any], tmp_path: Path
) -> None:
    """With the project's directory as its working directory, where a relative store is."""
    _, client = start_plugin()
    client.Handshake(proto.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))
    assert client.GetPluginInfo(Empty()).version
    tokens = json.loads(client.GetSchema(proto.GetSchemaRequest()).schema)["resources"]
    components = {f"edgefleet:index:{name}" for name in ("ControlPlane", "Fleet", "Workload")}
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
    command = [sys.executable, "-c", starter, str(PLUGIN), "127.0.0.1:1"]
    started = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    pid = int(started.stdout)
    waiting = f"import os, time\nwhile os.path.exists('/proc/{pid}/fd'): time.sleep(.1)"
    subprocess.run([sys.executable, "-c", waiting], timeout=15, check=True)
    assert not Path(f"/proc/{pid}/fd").exists()


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


def test_the_wheel_ships_the_plugin_as_a_program(wheel: Path) -> None:
    """And not what builds it in a checkout."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (file,) = (name for name in names if name.endswith(".dist-info/entry_points.txt"))
        programs = archive.read(file).decode()
    assert "pulumi-resource-edgefleet = edgefleet.plugin:main" in programs
    assert {"__init__.py", "__main__.py"} == {
        Path(name).name for name in names if name.startswith("edgefleet/plugin/")
    }


def test_an_installed_wheel_starts_its_plugin(
    wheel: Path, tmp_path: Path, start_plugin: Callable[..., Any], site: dict[str, Any]
) -> None:
    """In an empty project elsewhere, as the CLI starts it."""
    target = tmp_path / "installed"
    options = ["--quiet", "--no-deps", "--no-index", "--target", str(target)]
    install = [sys.executable, "-m", "pip", "install", *options, str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    _, client = start_plugin(target / "bin" / PLUGIN.name, {"PYTHONPATH": str(target)})
    client.Configure(proto.ConfigureRequest(args=encode({"region": "eu-central-1"})))
    urn = "urn:pulumi:dev::fleet::edgefleet:index:Site::store-0007"
    answer = client.Create(proto.CreateRequest(urn=urn, properties=encode(site), preview=True))
    assert {"n1", "n2"} == set(decode(answer.properties)["images"])
