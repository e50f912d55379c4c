# ruff: noqa: N802 - the protocol names the calls
"""The parity tests' stand-in for a provider, with a line for each thing that came to be.

It is a stand-in: no cloud is behind it. With `Named`, a thing's id is known before the thing is there, as
that of a bucket is; it is made of its name and its pin, and cannot be created twice.
"""

import json
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.rpc import UNKNOWN
from tests.pulumi_embedded.conftest import SERVICER
from tests.pulumi_embedded.parity.standin.servicer import pack, plain, unpack


class Numbered(SERVICER):  # type: ignore[misc]  # the stand-in is loaded at run time
    """Gives things ids that nobody can know before they are there."""

    def _write(self, id_: str, inputs: dict[str, Any]) -> None:
        if not (self._things() / f"{id_}.json").exists():
            with (self._root / "made.jsonl").open("a") as made:
                made.write(json.dumps(id_) + "\n")
        super()._write(id_, inputs)


class Named(Numbered):
    """Gives things ids that are known in previews."""

    def Create(self, request: Any, context: Any) -> Any:
        inputs = unpack(request.properties)
        pin = plain(inputs.get("pin", ""))
        name = request.urn.rpartition("::")[2]
        id_ = "" if pin == UNKNOWN else f"{name}-{pin}"
        outputs = self._outputs(inputs, id_ or UNKNOWN)
        if request.preview:
            return provider_pb2.CreateResponse(id=id_, properties=pack(outputs))
        self._note("create", request.urn, name)
        if (self._things() / f"{id_}.json").exists():
            context.abort(grpc.StatusCode.ALREADY_EXISTS, f"{id_} already exists")
        self._write(id_, inputs)
        if self._fails(inputs, "init"):
            self._half_made(context, id_, outputs, inputs)
        return provider_pb2.CreateResponse(id=id_, properties=pack(outputs))


VARIANTS = {"numbered": Numbered, "named": Named}


def held(root: Path) -> dict[str, Any]:
    """Return what exists: id -> inputs."""
    things = (root / ".standin" / "things").glob("*.json")
    return {path.stem: json.loads(path.read_text()) for path in things}


def made(root: Path) -> list[str]:
    """Return the ids of all that ever came to be, in order."""
    path = root / ".standin" / "made.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def name_of(id_: str) -> str:
    """Return the name of the resource that a thing was made for."""
    return id_.partition("-")[0]
