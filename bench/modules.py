"""Containers against modules of WebAssembly, on the tree of Debian 13 that `make test-runtimes` has.

containerd is Debian's, with the configuration of runtime `containerd`, without what serves Kubernetes. Memory
is the proportional set size of all processes that come with a container or a module: its shim, and what that
runs. Modules run by crun with WasmEdge. edgecore is not measured: it needs CloudCore.
"""

import gzip
import os
import statistics
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest
from bench.processes import RunError
from bench.table import Row
from tests.go_programs import PLACES
from tests.runtimes_real.functions import NAME, built
from tests.runtimes_real.modules import image, module
from tests.runtimes_real.node import inside, tree

from edgefleet.io.templates import render

ROUNDS = 15
CONTAINER = "a container by runc"
WAYS = {
    CONTAINER: "shell",
    "a container by crun": "shell --runc-binary /usr/bin/crun",
    "a module by crun with WasmEdge": "module --runc-binary /usr/bin/crun "
    "--annotation module.wasm.image/variant=compat-smart",
}
"""dict[what runs -> its image and how `ctr` runs it]; the first is what others are compared with."""
_MEASURE = r"""
ctr() { chroot "$tree" ctr "$@"; }
used() { # the proportional set size of all processes here, or of those with this name, in KiB
  local sum=0 name key size unit
  for process in "$tree"/proc/[0-9]*; do
    read -r name 2>/dev/null <"$process/comm" || continue
    [ "${1:-$name}" = "$name" ] || continue
    while read -r key size unit; do
      if [ "$key" = Pss: ]; then sum=$((sum + size)); fi
    done 2>/dev/null <"$process/smaps_rollup" || true
  done
  echo "$sum"
}
for archive in "$tree"/images/*; do
  ctr images import --snapshotter native "/images/${archive##*/}" >/dev/null
done
rounds=$1
shift
sleep 2
echo "idle $(used containerd)"
for round in $(seq "$rounds"); do # in turn, so that other load of the machine meets all alike
  for number in $(seq $#); do
    read -r image options <<<"${!number}"
    start=$EPOCHREALTIME
    ctr run --rm --snapshotter native $options "registry.example/$image-ends:1" "s$number-$round" >/dev/null
    end=$EPOCHREALTIME
    echo "start-$number $((${end/./} - ${start/./}))"
  done
done
for number in $(seq $#); do
  read -r image options <<<"${!number}"
  before=$(used)
  ctr run --detach --snapshotter native $options "registry.example/$image:1" "long-$number" >/dev/null
  sleep 2
  echo "memory-$number $(($(used) - before))"
  ctr tasks kill --signal SIGKILL "long-$number"
  sleep 1
  ctr tasks rm --force "long-$number" >/dev/null 2>&1 || true
done
"""


def module_rows() -> list[Row]:
    """What modules and containers take, and what this machine lacks to measure it."""
    try:
        tree()
        with tempfile.TemporaryDirectory() as folder:
            return [*_running(Path(folder)), *_sizes(Path(folder))]
    except pytest.skip.Exception as lack:
        return [Row(what="containers and modules", ours=f"not measured: {lack}")]


def _running(folder: Path) -> list[Row]:
    figures = _measured(folder, [*WAYS.values()])
    rows = [Row(what="containerd without what serves Kubernetes, idle", ours=f"{_mb(figures['idle'])} MB")]
    starts = [statistics.median(figures[f"start-{number}"]) / 1000 for number, _ in enumerate(WAYS, 1)]
    memory = [_mb(figures[f"memory-{number}"]) for number, _ in enumerate(WAYS, 1)]
    for what, start, taken in zip(WAYS, starts, memory, strict=True):
        rows += [
            _row(f"start and end of {what}", start, starts[0], "ms"),
            _row(f"memory of {what}", taken, memory[0], "MB"),
        ]
    return rows


def _row(what: str, value: float, first: float, unit: str) -> Row:
    """A figure, beside that of a container by runc."""
    ours = f"{value:.0f} {unit}"
    if what.endswith(CONTAINER):
        return Row(what=what, ours=ours)
    return Row(what=what, ours=ours, peer=f"{CONTAINER} {first:.0f} {unit}", ratio=f"{value / first:.2f}")


def _measured(folder: Path, ways: list[str]) -> Mapping[str, list[int]]:
    """dict[figure -> its values]: microseconds of starts, KiB of memory."""
    upper, root = folder / "files/upper", folder / "root"
    for made in (root, upper / "images", upper / "etc", folder / "files/work"):
        made.mkdir(parents=True)
    (upper / "etc/containerd.toml").write_text(render("containers/config.toml"))
    shell = {"bin/busybox": (tree() / "usr/bin/busybox").read_bytes()}
    images = {
        "shell": image("registry.example/shell:1", shell, "/bin/busybox", "sleep", "3600"),
        "shell-ends": image("registry.example/shell-ends:1", shell, "/bin/busybox", "true"),
        "module": image("registry.example/module:1", {"a.wasm": module("a")}, "/a.wasm"),
        "module-ends": image("registry.example/module-ends:1", {"a.wasm": module("a", code=0)}, "/a.wasm"),
    }
    for name, archive in images.items():
        (upper / f"images/{name}.tar").write_bytes(archive)
    command = inside(_MEASURE, root, folder / "files", str(ROUNDS), *ways)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise RunError(f"containerd of Debian 13: {done.stderr.strip()[-500:]}")
    figures: dict[str, list[int]] = defaultdict(list)
    for line in done.stdout.splitlines():
        name, value = line.split()
        figures[name].append(int(value))
    return figures


def _mb(kib: list[int]) -> int:
    return round(statistics.median(kib) * 1024 / 1000**2)


def _sizes(folder: Path) -> list[Row]:
    """The function of `edgefleet new-function`, packed as a module and as a program of its own."""
    root = built(folder)
    path = os.pathsep.join([os.environ["PATH"], *PLACES])
    program = root / "program"
    subprocess.run(
        ["go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", program, "."],
        cwd=root,
        check=True,
        env={**os.environ, "PATH": path, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"},
    )
    sizes = [len(gzip.compress(file.read_bytes())) for file in (root / f"{NAME}.wasm", program)]
    ours, peer = (f"{size / 1000**2:.2f} MB" for size in sizes)
    what = "layer of a function in Go, as a module for all architectures"
    return [Row(what=what, ours=ours, peer=f"a container for one {peer}", ratio=f"{sizes[0] / sizes[1]:.2f}")]
