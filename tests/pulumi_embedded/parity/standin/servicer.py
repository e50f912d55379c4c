# ruff: noqa: N802, ARG002 - the protocol names the calls and their arguments
"""A stand-in provider: small things kept as files, with every behaviour an engine must cope with.

It serves both engines: over gRPC as a plugin of the Pulumi CLI, and in-process in the embedded engine. What a
thing does is written in its inputs, so that a scenario is one program, and can be changed outside later:

``value`` updates in place, ``pin`` replaces, ``slot`` replaces with the old one deleted first, ``loud`` comes
back as a secret output, ``fail`` names the calls that fail (``check create update delete read diff init``).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2, empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2
from pulumi.runtime.rpc import UNKNOWN

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a signature of the protocol
REPLACES = ("pin", "slot")


def plain(value: Any) -> Any:
    """Take secrets off a value."""
    if isinstance(value, dict):
        return (
            plain(value["value"])
            if value.get(SIGNATURE) == SECRET
            else {k: plain(v) for k, v in value.items()}
        )
    return [plain(v) for v in value] if isinstance(value, list) else value


def unpack(struct: struct_pb2.Struct) -> dict[str, Any]:
    return dict(json_format.MessageToDict(struct))


def pack(values: Mapping[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(dict(values), struct_pb2.Struct())


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Keeps things under ``<root>/things/<id>.json`` and a line per call in ``<root>/calls.jsonl``."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or Path(".standin")

    # configuration

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="")

    def GetSchema(self, _request: Any, _context: Any) -> Any:
        return provider_pb2.GetSchemaResponse(schema='{"name": "example"}')

    def Handshake(self, _request: Any, _context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    def Attach(self, _request: Any, _context: Any) -> Any:
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:
        news = unpack(request.news)
        if news.get("fail") == "checkconfig":
            return provider_pb2.CheckResponse(
                inputs=request.news, failures=[provider_pb2.CheckFailure(property="fail", reason="asked to")]
            )
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, _context: Any) -> Any:
        olds, news = unpack(request.old_inputs), unpack(request.news)
        diffs = sorted(k for k in olds.keys() | news.keys() if plain(olds.get(k)) != plain(news.get(k)))
        some = provider_pb2.DiffResponse.DIFF_SOME if diffs else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=some, diffs=diffs, replaces=[k for k in diffs if k == "region"]
        )

    def Configure(self, request: Any, context: Any) -> Any:
        if plain(unpack(request.args)).get("fail") == "configure":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the stand-in was asked not to configure")
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=True)

    def Cancel(self, _request: Any, _context: Any) -> Any:
        return empty_pb2.Empty()

    # things

    def Check(self, request: Any, context: Any) -> Any:
        news = unpack(request.news)
        if self._fails(news, "check"):
            failure = provider_pb2.CheckFailure(property="value", reason="asked to")
            return provider_pb2.CheckResponse(inputs=request.news, failures=[failure])
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> Any:
        olds, news = plain(unpack(request.old_inputs)), plain(unpack(request.news))
        if self._fails(news, "diff"):
            context.abort(grpc.StatusCode.UNKNOWN, "the stand-in was asked to fail diff")
        kinds = provider_pb2.PropertyDiff
        detailed, replaces = {}, []
        for key in sorted(olds.keys() | news.keys()):
            if olds.get(key) == news.get(key):
                continue
            kind = "ADD" if key not in olds else "DELETE" if key not in news else "UPDATE"
            if key in REPLACES:
                replaces.append(key)
                kind += "_REPLACE"
            detailed[key] = kinds(kind=kinds.Kind.Value(kind), inputDiff=True)
        some = provider_pb2.DiffResponse.DIFF_SOME if detailed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=some,
            diffs=sorted(detailed),
            replaces=replaces,
            detailedDiff=detailed,
            hasDetailedDiff=True,
            deleteBeforeReplace="slot" in replaces,
        )

    def Create(self, request: Any, context: Any) -> Any:
        inputs = unpack(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=pack(self._outputs(inputs, UNKNOWN)))
        name = request.urn.rsplit("::", 1)[-1]
        self._note("create", request.urn, name)
        if self._fails(inputs, "create"):
            context.abort(grpc.StatusCode.UNKNOWN, f"the stand-in was asked to fail creating {name}")
        count = len(list(self._things().glob(f"{name}-*.json"))) + self._gone(name)
        id_ = f"{name}-{count}"
        outputs = self._outputs(inputs, id_)
        self._write(id_, inputs)
        if self._fails(inputs, "init"):
            self._half_made(context, id_, outputs, inputs)
        return provider_pb2.CreateResponse(id=id_, properties=pack(outputs))

    def Read(self, request: Any, context: Any) -> Any:
        self._note("read", request.urn, request.id)
        path = self._things() / f"{request.id}.json"
        if not path.exists():
            return provider_pb2.ReadResponse()
        inputs = json.loads(path.read_text())
        if self._fails(inputs, "read"):
            context.abort(grpc.StatusCode.UNKNOWN, f"the stand-in was asked to fail reading {request.id}")
        return provider_pb2.ReadResponse(
            id=request.id, inputs=pack(inputs), properties=pack(self._outputs(inputs, request.id))
        )

    def Update(self, request: Any, context: Any) -> Any:
        inputs = unpack(request.news)
        outputs = self._outputs(inputs, request.id)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=pack(outputs))
        self._note("update", request.urn, request.id)
        if self._fails(inputs, "update"):
            context.abort(grpc.StatusCode.UNKNOWN, f"the stand-in was asked to fail updating {request.id}")
        self._write(request.id, inputs)
        if self._fails(inputs, "init"):
            self._half_made(context, request.id, outputs, inputs)
        return provider_pb2.UpdateResponse(properties=pack(outputs))

    def Delete(self, request: Any, context: Any) -> Any:
        self._note("delete", request.urn, request.id)
        path = self._things() / f"{request.id}.json"
        if path.exists() and self._fails(json.loads(path.read_text()), "delete"):
            context.abort(grpc.StatusCode.UNKNOWN, f"the stand-in was asked to fail deleting {request.id}")
        path.unlink(missing_ok=True)
        gone = self._root / "gone" / request.id
        gone.parent.mkdir(parents=True, exist_ok=True)
        gone.touch()
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        args = unpack(request.args)
        if self._fails(args, "invoke"):
            context.abort(grpc.StatusCode.UNKNOWN, "the stand-in was asked to fail the invoke")
        answer: dict[str, Any] = {"return": pack({"echo": args, "token": request.tok})}
        return provider_pb2.InvokeResponse(**answer)

    # what it is made of

    def _half_made(self, context: Any, id_: str, outputs: dict[str, Any], inputs: dict[str, Any]) -> NoReturn:
        detail = any_pb2.Any()
        detail.Pack(
            provider_pb2.ErrorResourceInitFailed(
                id=id_, properties=pack(outputs), inputs=pack(inputs), reasons=["it did not come up"]
            )
        )
        status = status_pb2.Status(code=2, message="made, but it did not come up", details=[detail])
        context.abort_with_status(_Status(status))
        raise AssertionError  # abort_with_status always raises

    def _outputs(self, inputs: dict[str, Any], id_: str) -> dict[str, Any]:
        outputs: dict[str, Any] = {k: v for k, v in inputs.items() if k != "loud"}
        outputs["serial"] = id_
        if "loud" in inputs:
            outputs["loud"] = {SIGNATURE: SECRET, "value": plain(inputs["loud"])}
        return outputs

    def _fails(self, inputs: dict[str, Any], call: str) -> bool:
        return call in str(plain(inputs.get("fail", ""))).split()

    def _things(self) -> Path:
        path = self._root / "things"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def _gone(self, name: str) -> int:
        return len(list((self._root / "gone").glob(f"{name}-*")))

    def _write(self, id_: str, inputs: dict[str, Any]) -> None:
        # At once and whole: a run may be killed by another thread while this one writes.
        path = self._things() / f"{id_}.json"
        path.with_suffix(".tmp").write_text(json.dumps(plain(inputs), sort_keys=True))
        path.with_suffix(".tmp").replace(path)

    def _note(self, call: str, urn: str, id_: str) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        with (self._root / "calls.jsonl").open("a") as calls:
            calls.write(json.dumps({"call": call, "urn": urn, "id": id_}) + "\n")


class _Status(grpc.Status):
    """What `abort_with_status` wants: a code, a message and the status in the trailers."""

    def __init__(self, status: status_pb2.Status) -> None:
        self.code = grpc.StatusCode.UNKNOWN
        self.details = status.message
        self.trailing_metadata = (("grpc-status-details-bin", status.SerializeToString()),)
