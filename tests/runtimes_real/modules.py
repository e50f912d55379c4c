"""Small modules of WebAssembly, and container images, made here: no compiler and no registry is needed.

A module uses WASI preview 1, and one that serves also what WasmEdge adds to it, ``sock_open``. An image is an
archive as containerd imports it, with one layer.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from functools import partial
from struct import pack

I32 = 0x7F
_DROP = b"\x1a"
_ARGUMENTS = {"fd_write": 4, "poll_oneoff": 4, "proc_exit": 1}
"""dict[function of WASI that a module imports -> number of its arguments, all of 32 bits]."""
_OCI = "application/vnd.oci.image"
_SERVING = {
    "fd_write": 4,
    "fd_close": 1,
    "proc_exit": 1,
    "sock_open": 3,
    "sock_bind": 3,
    "sock_listen": 2,
    "sock_accept": 2,
    "sock_recv": 6,
    "sock_send": 5,
}
"""The same, of one that serves. Sockets are WasmEdge's own (WasmEdge, lib/host/wasi/wasimodule.cpp)."""
_NIGHT = 12 * 3600 * 10**9
"""Nanoseconds that a module sleeps."""


def _number(value: int) -> bytes:
    """LEB128, signed; for small numbers that is unsigned as well."""
    done = b""
    while not -64 <= value < 64:
        done += bytes([value & 0x7F | 0x80])
        value >>= 7
    return done + bytes([value & 0x7F])


def _size(value: int) -> bytes:
    """LEB128, unsigned."""
    done = b""
    while value > 0x7F:
        done += bytes([value & 0x7F | 0x80])
        value >>= 7
    return done + bytes([value])


def _list(parts: Sequence[bytes]) -> bytes:
    return _size(len(parts)) + b"".join(parts)


def _section(number: int, parts: Sequence[bytes]) -> bytes:
    content = _list(parts)
    return bytes([number]) + _size(len(content)) + content


def _text(text: str) -> bytes:
    return _list([bytes([byte]) for byte in text.encode()])


def _constant(value: int) -> bytes:
    return b"\x41" + _number(value)


def _loaded(address: int) -> bytes:
    """What is in memory."""
    return _constant(address) + b"\x28\x02\x00"


def _called(functions: Mapping[str, int], function: str, *arguments: int | bytes) -> bytes:
    """A call; its result, where it has one, is on the stack."""
    pushed = b"".join(each if isinstance(each, bytes) else _constant(each) for each in arguments)
    assert functions[function] == len(arguments)
    return pushed + b"\x10" + _size([*functions].index(function))


def module(says: str, *, code: int | None = None) -> bytes:
    """A module that prints a line and ends with an exit code, or sleeps."""
    line = f"{says}\n".encode()
    written, waited, text = 16, 64, 256
    data = pack("<II", text, len(line)).ljust(waited, b"\0")
    clock = pack("<QB7xI4xQQH6x", 0, 0, 1, _NIGHT, 0, 0)  # a subscription: monotonic clock, relative
    data = (data + clock).ljust(text, b"\0") + line
    code_of = partial(_called, _ARGUMENTS)
    if code is None:
        end = code_of("poll_oneoff", waited, waited + 64, 1, written) + _DROP
    else:
        end = code_of("proc_exit", code)
    return _assembled(_ARGUMENTS, code_of("fd_write", 1, 0, 1, written) + _DROP + end, data)


def server(says: str, port: int) -> bytes:
    """A module that answers each request at an IPv4 port with a line, which it prints then as well.

    It exits with the number of an error (WASI, errno) where it cannot listen.
    """
    line = f"{says}\n".encode()
    reply = f"HTTP/1.0 200 OK\r\nContent-Length: {len(line)}\r\n\r\n".encode() + line
    answered, printed, request, address, nobody = 0, 8, 16, 24, 32  # vectors: where, and how many bytes
    listening, connection, result, text, room = 48, 52, 56, 256, 2048
    last = text + len(reply) - len(line)
    data = pack("<8I", text, len(reply), last, len(line), room, room, nobody, 4).ljust(text, b"\0") + reply
    code = partial(_called, _SERVING)

    def must(called: bytes) -> bytes:  # a local has the error; where it is one, exit with it
        return called + b"\x22\x00\x04\x40" + code("proc_exit", b"\x20\x00") + b"\x0b"

    inet4, stream = 1, 2
    start = must(code("sock_open", inet4, stream, listening))
    start += must(code("sock_bind", _loaded(listening), address, port))
    start += must(code("sock_listen", _loaded(listening), 16))
    each = must(code("sock_accept", _loaded(listening), connection))
    each += code("sock_recv", _loaded(connection), request, 1, 0, result, result + 4) + _DROP
    each += code("fd_write", 1, printed, 1, result) + _DROP
    each += code("sock_send", _loaded(connection), answered, 1, 0, result) + _DROP
    each += code("fd_close", _loaded(connection)) + _DROP
    forever = b"\x03\x40" + each + b"\x0c\x00\x0b"
    return _assembled(_SERVING, start + forever, data)


def _assembled(functions: Mapping[str, int], code: bytes, data: bytes) -> bytes:
    """A module of one function, with a local, that starts with `data` in its memory."""
    body = b"\x01\x01" + bytes([I32]) + code + b"\x0b"
    types = [
        b"\x60" + _list([bytes([I32])] * count) + _list([] if name == "proc_exit" else [bytes([I32])])
        for name, count in functions.items()
    ]
    imports = [
        _text("wasi_snapshot_preview1") + _text(name) + b"\x00" + _size(index)
        for index, name in enumerate(functions)
    ]
    return b"\0asm\1\0\0\0" + b"".join(
        [
            _section(1, [*types, b"\x60\x00\x00"]),
            _section(2, imports),
            _section(3, [_size(len(types))]),
            _section(5, [b"\x00\x01"]),
            _section(7, [_text("memory") + b"\x02\x00", _text("_start") + b"\x00" + _size(len(imports))]),
            _section(10, [_size(len(body)) + body]),
            _section(11, [b"\x00\x41\x00\x0b" + _list([bytes([byte]) for byte in data])]),
        ]
    )


def image(name: str, files: Mapping[str, bytes], *entrypoint: str) -> bytes:
    """An archive with an image for this machine, of programs by their paths."""
    layer = _tar({path: (0o755, content) for path, content in files.items()})
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": list(entrypoint)},
        "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
    }
    return _archive(name, config, layer, f"{_OCI}.layer.v1.tar")


def wasm_image(name: str, content: bytes, entrypoint: str) -> bytes:
    """An archive with an OCI image for the architecture wasm: its layer is the module itself.

    The layer has no diff ID, as it is no file system (oci-tar-builder of runwasi).
    """
    config = {
        "architecture": "wasm",
        "os": "wasip1",
        "config": {"Entrypoint": [entrypoint]},
        "rootfs": {"type": "layers", "diff_ids": []},
    }
    return _archive(name, config, content, "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm")


def _archive(name: str, config: Mapping[str, object], layer: bytes, media_type: str) -> bytes:
    described = _blob(json.dumps(config).encode(), f"{_OCI}.config.v1+json")
    manifest = {"schemaVersion": 2, "config": described, "layers": [_blob(layer, media_type)]}
    text = json.dumps(manifest).encode()
    listed = _blob(text, f"{_OCI}.manifest.v1+json") | {"annotations": {"io.containerd.image.name": name}}
    blobs = (layer, text, json.dumps(config).encode())
    index = json.dumps({"schemaVersion": 2, "manifests": [listed]}).encode()
    parts = {f"blobs/sha256/{_digest(blob)[7:]}": blob for blob in blobs}
    parts |= {"index.json": index, "oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}
    return _tar({path: (0o644, content) for path, content in parts.items()})


def _blob(content: bytes, media_type: str) -> dict[str, object]:
    return {"mediaType": media_type, "digest": _digest(content), "size": len(content)}


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _tar(files: Mapping[str, tuple[int, bytes]]) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, (mode, content) in files.items():
            entry = tarfile.TarInfo(path)
            entry.mode, entry.size = mode, len(content)
            tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()
