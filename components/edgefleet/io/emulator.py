"""The emulated cloud of one project: found where it runs, started where it does not.

It is moto's server in a process of its own on loopback, outliving the command that started it; its
contents live as long as the process does. ``.edgefleet/emulator.json`` names the process. Where
that process is gone, `Emulator.was_lost` reports it, since its contents are gone as well.
"""

import http.client
import importlib.util
import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from edgefleet.errors import OutsideFailure
from edgefleet.io import disk, processes
from edgefleet.io.processes import Process

HOST = "127.0.0.1"
MODULE = "edgefleet.emulator"
HEALTH, TOKEN_HEADER = "/edgefleet-emulator/health", "X-Edgefleet-Token"
LOG = "emulator.log"
PATIENCE = 60.0
"""Seconds to wait for a new emulator to answer; the first import of moto takes a few on a small machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """A running emulated cloud."""

    url: str
    """Its address with the token of its callers, ``http://<token>@127.0.0.1:41234``; see `Aws.emulated`."""
    pid: int
    was_lost: bool = False
    """An earlier one of this project ended without being stopped: all that was in it is gone."""


def parted(url: str) -> tuple[str, str]:
    """(address, token) of an emulator's url; an address alone has an empty token."""
    token, _, host = url.removeprefix("http://").rpartition("@")
    return f"http://{host}", token


class State(TypedDict):
    """The record of a running emulator."""

    pid: int
    started: str
    port: int
    token: str


def is_importable(module: str) -> bool:
    """Whether `module` is installed beside edgefleet."""
    return importlib.util.find_spec(module) is not None


def ensure(
    project: Path, *, is_installed: Callable[[str], bool] = is_importable, patience: float = PATIENCE
) -> Emulator:
    """The emulated cloud of `project`, started where it does not run; any number may ask at once.

    Args:
        project: directory of the project; the emulator's files are in its ``.edgefleet``.
        is_installed: whether a module can be imported.
        patience: seconds that a new one may take to answer.

    Raises:
        OutsideFailure: moto is not installed, the emulator does not come up, or its folder or log is a link.
    """
    with _locked(project) as folder:
        state = _load(folder)
        if state is not None and _answers(state):
            return Emulator(url=_url(state), pid=state["pid"])
        if state is not None:
            processes.stop(_process(state))
        _require_moto(is_installed)
        fresh = _start(folder, patience)
        return Emulator(url=_url(fresh), pid=fresh["pid"], was_lost=state is not None)


def find(project: Path) -> Emulator | None:
    """The emulated cloud of `project` where it runs; None otherwise. Nothing is started.

    Only `ensure` reports a lost one.
    """
    state = _load(project / ".edgefleet")
    return Emulator(url=_url(state), pid=state["pid"]) if state is not None and _answers(state) else None


def stop(project: Path) -> bool:
    """Stop the emulated cloud of `project` and forget it; whether one was running.

    Raises:
        OutsideFailure: its files cannot be removed.
    """
    if not (project / ".edgefleet").is_dir():
        return False
    with _locked(project) as folder:
        state = _load(folder)
        was_running = state is not None and processes.is_running(_process(state))
        if state is not None:
            processes.stop(_process(state))
        disk.remove(folder / "emulator.json")
        return was_running


@contextmanager
def _locked(project: Path) -> Iterator[Path]:
    """The project's ``.edgefleet``, while no other process starts or stops an emulator there."""
    root = project.resolve()
    folder = root / ".edgefleet"
    disk.check_no_link(root, folder / LOG)
    with disk.locked(folder, who="a start of the emulated cloud", is_patient=True):
        yield folder


def _load(folder: Path) -> State | None:
    """The record of the project's emulator; None where there is none, or it is damaged."""
    try:
        noted = json.loads(disk.read(folder / "emulator.json") or b"null")
        pid, port = int(noted["pid"]), int(noted["port"])
        return {"pid": pid, "started": str(noted["started"]), "port": port, "token": str(noted["token"])}
    except (ValueError, TypeError, KeyError):
        return None


def _process(state: State) -> Process:
    return Process(pid=state["pid"], started=state["started"])


def _url(state: State) -> str:
    return f"http://{state['token']}@{HOST}:{state['port']}"


def _answers(state: State) -> bool:
    """Whether the noted process still runs and serves."""
    return processes.is_running(_process(state)) and _is_healthy(state["port"], state["token"])


def _is_healthy(port: int, token: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", HEALTH, headers={"Connection": "close", TOKEN_HEADER: token})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _require_moto(is_installed: Callable[[str], bool]) -> None:
    if not (is_installed("moto") and is_installed("flask")):
        raise OutsideFailure.at(
            "",
            "no-emulator",
            "the emulated cloud needs moto, which is not installed",
            f"install it: {shlex.quote(sys.executable)} -m pip install 'moto[server]'",
            path="cloud.endpoint",
        )


def _start(folder: Path, patience: float) -> State:
    """Start an emulator, wait until it answers, and note it."""
    log, ready = folder / LOG, folder / "emulator.port"
    disk.remove(ready)
    command = [sys.executable, "-P", "-m", MODULE, str(ready)]
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    process = processes.start_detached(command, log=log, env={"PYTHONPATH": path})
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and processes.is_running(process):
        noted = json.loads(disk.read(ready) or b"null")
        if noted and _is_healthy(noted["port"], noted["token"]):
            port, token = int(noted["port"]), str(noted["token"])
            state: State = {"pid": process.pid, "started": process.started, "port": port, "token": token}
            disk.write(folder / "emulator.json", json.dumps(state).encode())
            disk.remove(ready)
            return state
        time.sleep(0.05)
    processes.stop(process)
    problem = f"the emulated cloud did not come up within {patience:g} s"
    raise OutsideFailure.at(log, "no-emulator", problem, "read the log there")
