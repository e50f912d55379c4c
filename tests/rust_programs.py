"""The program in Rust that tests run: `shim_wasmtime`, ours, on libraries that crates.io has.

``python -m tests.rust_programs`` builds it once, in some ten minutes of processor time. It is kept
(`tests.kept`) until its sources or cargo change; what cargo compiles for it is not. Cargo.lock has the
version and the digest of each library and names no registry: these lines are put back for the build.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.go_programs import NotBuilt
from tests.kept import kept, place

SOURCE = Path(__file__).with_name("shim_wasmtime")
NAME = "edgefleet-tests/shim-wasmtime"
SHIM = "containerd-shim-wasmtime-v1"
TOOLS = {"cargo": "rustup, for cargo 1.95", "protoc": "protobuf-compiler"}
HEADER = Path("/usr/include/seccomp.h")
OFFLINE = ("download", "resolve host", "spurious network error", "failed to fetch", "403")
TOO_OLD = ("requires rustc", "is not supported by the following package", "edition2024")
_CRATES_IO = 'source = "registry+https://github.com/rust-lang/crates.io-index"\n'
"""Cargo's name of crates.io, wherever a user's configuration has it fetched from."""


def shim() -> Path:
    """The shim for a test, which is skipped where it cannot be built."""
    try:
        return program()
    except NotBuilt as reason:
        pytest.skip(str(reason))


def program() -> Path:
    """The shim, which takes minutes the first time.

    Raises:
        NotBuilt: this machine cannot build it.
    """
    return kept(NAME, _key(), _make) / SHIM


def built() -> Path | None:
    """The shim, where it has been built."""
    try:
        path = place(NAME, _key()) / SHIM
    except NotBuilt:
        return None
    return path if path.exists() else None


def _key() -> str:
    """Another one for each change of the sources and of cargo."""
    lacking = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    lacking += [] if HEADER.exists() else ["libseccomp-dev"]
    if lacking:
        raise NotBuilt(f"needs cargo, protoc and libseccomp, and lacks {', '.join(lacking)}")
    files = sorted(path for path in SOURCE.rglob("*") if path.is_file())
    parts = [_cargo(SOURCE, "--version"), *(path.read_text() for path in files)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _make(scratch: Path, folder: Path) -> None:
    shutil.copytree(SOURCE, scratch)
    lock = scratch / "Cargo.lock"
    lock.write_text(lock.read_text().replace("checksum = ", f"{_CRATES_IO}checksum = "))
    _cargo(scratch, "build", "--quiet", "--release", "--locked")
    (scratch / "target/release" / SHIM).rename(scratch / SHIM)
    shutil.rmtree(scratch / "target")
    scratch.rename(folder)


def _cargo(folder: Path, *arguments: str) -> str:
    """What ``cargo`` prints, run in `folder`."""
    done = subprocess.run(
        ["cargo", *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=3600
    )
    if done.returncode and any(text in done.stderr for text in TOO_OLD):
        raise NotBuilt("needs a newer Rust: rustup update")
    if done.returncode and any(text in done.stderr for text in OFFLINE):
        raise NotBuilt(f"needs libraries that crates.io has: {done.stderr.strip().splitlines()[-1]}")
    assert 0 == done.returncode, done.stderr
    return done.stdout


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{program()}\n")
    except NotBuilt as why:
        sys.stderr.write(f"{SHIM} was not built, its tests skip: it {why}\n")
