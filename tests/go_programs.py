"""Programs in Go that tests run: other projects' own code, built from their Go modules.

What takes minutes to build is a `Recipe`. ``python -m tests.go_programs NAME...`` builds the programs of
these names once and prints their folders as PATH has them; a program that cannot be built is one line on
standard error, and the tests that need it skip. The programs are kept (`tests.kept`), what Go caches is not.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from tests.kept import kept

HERE = Path(__file__).parent
PLACES = ("/usr/local/go/bin", "/usr/lib/go/bin")
"""Where Go is beside PATH."""
NO_GO = "needs go 1.21 or newer: apt-get install golang-go, or unpack it to /usr/local/go"
OFFLINE = (
    "dial tcp",
    "no such host",
    "connection refused",
    "proxyconnect",
    "i/o timeout",
    "module lookup disabled",
    "403 Forbidden",
)
TOO_OLD = ("invalid go version", "note: module requires Go", "toolchain not available")


def _stripped(package: str = "", **variables: str) -> tuple[str, str]:
    """Flags that leave out what a debugger reads, and set variables of a package, such as its version."""
    return (
        "-ldflags",
        " ".join(["-s -w", *(f"-X {package}.{name}={variables[name]}" for name in variables)]),
    )


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How programs are built that share a module, and so most of what Go compiles for them."""

    programs: Mapping[str, str]
    """dict[program → its package]"""
    module: str = ""
    """``path@version`` of the module that is required, with the replacements of its own go.mod."""
    staging: str = ""
    """Version of the modules that `module` replaces by folders of its repository."""
    source: Path | None = None
    """A folder beside this file: a module with go.mod and go.sum, or files for one that requires `module`."""
    files: tuple[str, ...] = ()
    """Files and folders of `module` that are beside the sources, and later beside the programs."""
    flags: tuple[str, ...] = _stripped()

    def key(self) -> str:
        """Another one for each change of the modules, of how they are built, and of Go."""
        ours = (
            sorted(file for file in (HERE / self.source).rglob("*") if file.is_file()) if self.source else []
        )
        parts = [repr(self), _go(HERE, "version"), *(file.read_text() for file in ours)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


KUBERNETES = "1.37.2"
PULUMI = "v3.276.0"
"""As in tests/pulumi_cli/go.mod; a CLI that does not know its version is refused by the Automation API."""
PULUMI_KUBERNETES = "github.com/pulumi/pulumi-kubernetes/provider/v4"
ROLES_ANYWHERE = "github.com/aws/rolesanywhere-credential-helper"
_of_kubernetes = _stripped(
    "k8s.io/component-base/version", gitVersion=f"v{KUBERNETES}", gitMajor="1", gitMinor="37"
)

RECIPES = {
    "etcd": Recipe(module="go.etcd.io/etcd/server/v3@v3.7.3", programs={"etcd": "go.etcd.io/etcd/server/v3"}),
    "kubernetes": Recipe(
        module=f"k8s.io/kubernetes@v{KUBERNETES}",
        staging=f"v0.{KUBERNETES.removeprefix('1.')}",
        programs={
            name: f"k8s.io/kubernetes/cmd/{name}"
            for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
        },
        flags=_of_kubernetes,
    ),
    "kubelet": Recipe(
        module=f"k8s.io/kubernetes@v{KUBERNETES}",
        staging=f"v0.{KUBERNETES.removeprefix('1.')}",
        programs={"kubelet": "k8s.io/kubernetes/cmd/kubelet"},
        flags=_of_kubernetes,
    ),
    "containerd": Recipe(
        module="github.com/containerd/containerd/v2@v2.3.7",
        programs={
            name: f"github.com/containerd/containerd/v2/cmd/{name}"
            for name in ("containerd", "containerd-shim-runc-v2")
        },
        flags=(*_stripped(), "-tags", "no_btrfs,no_zfs,no_devmapper"),
    ),
    "kwok": Recipe(
        module="sigs.k8s.io/kwok@v0.8.0",
        programs={"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
        files=("kustomize/stage",),
    ),
    "helm": Recipe(
        module="helm.sh/helm/v4@v4.3.1",
        programs={"helm": "helm.sh/helm/v4/cmd/helm"},
        flags=_stripped("helm.sh/helm/v4/internal/version", version="v4.3.1"),
    ),
    "nats-server": Recipe(
        module="github.com/nats-io/nats-server/v2@v2.15.3",
        programs={"nats-server": "github.com/nats-io/nats-server/v2"},
    ),
    "rolesanywhere": Recipe(
        module=f"{ROLES_ANYWHERE}@v1.4.0",
        programs={"aws_signing_helper": ROLES_ANYWHERE},
        flags=_stripped(f"{ROLES_ANYWHERE}/cmd", Version="1.4.0"),
    ),
    "pulumi": Recipe(
        source=Path("pulumi_cli"),
        programs={
            "pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
            "pulumi-typescript-sdk": "./typescript_sdk",
            "pulumi-language-yaml": "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
        },
        flags=_stripped("github.com/pulumi/pulumi/sdk/v3/go/common/version", Version=PULUMI),
    ),
    "pulumi-kubernetes": Recipe(
        module=f"{PULUMI_KUBERNETES}@v4.0.0-20260115033456-f47bc2d6f199",
        staging="v4.22.2",
        source=Path("pulumi_kubernetes"),
        programs={"pulumi-resource-kubernetes": "."},
        files=tuple(
            f"cmd/pulumi-resource-kubernetes/{name}.json" for name in ("schema", "terraform-mapping")
        ),
        flags=_stripped(f"{PULUMI_KUBERNETES}/pkg/version", Version="4.25.0"),
    ),
}


class NotBuilt(Exception):  # noqa: N818 - no error of the tests: the machine lacks something
    """This machine has no Go, or no module proxy answers."""


def program(name: str) -> Path:
    """The program of `RECIPES`, which may take minutes the first time.

    Raises:
        NotBuilt: this machine cannot build it.
    """
    named = next(named for named, recipe in RECIPES.items() if name in recipe.programs)
    folder = kept(f"edgefleet-tests/{named}", RECIPES[named].key(), partial(_make, RECIPES[named]))
    return folder / name


def programs(*names: str) -> tuple[Path, ...]:
    """The same for a test, which is skipped where one of them cannot be built."""
    try:
        return tuple(map(program, names))
    except NotBuilt as reason:
        pytest.skip(str(reason))


def build(source: Path, target: Path, *arguments: str, cache: Path | None = None) -> Path:
    """`target`, built from the Go module `source`, with these arguments of ``go build``.

    Raises:
        NotBuilt: this machine cannot.
    """
    _go(source, "build", "-o", str(target), *(arguments or ["."]), cache=cache)
    return target


def built(source: Path, target: Path) -> Path:
    """The same for a test, which is skipped where it cannot be built."""
    try:
        return build(source, target)
    except NotBuilt as reason:
        pytest.skip(str(reason))


def _make(recipe: Recipe, scratch: Path, folder: Path) -> None:
    """Build the recipe in `scratch`, and give it its name when it is whole."""
    module, cache = scratch.with_name("module"), scratch.with_name("cache")
    scratch.mkdir()
    module.mkdir()
    if recipe.source:
        shutil.copytree(HERE / recipe.source, module, dirs_exist_ok=True)
    if recipe.module:
        for file in _require(recipe, module):
            for folder_of_it in (module, scratch):
                subprocess.run(["cp", "-r", "--no-preserve=mode", file, folder_of_it], check=True)
    for name, package in recipe.programs.items():
        mode = "-mod=mod" if recipe.module else "-mod=readonly"
        build(module, scratch / name, mode, "-trimpath", *recipe.flags, package, cache=cache)
    for done in (module, cache):
        shutil.rmtree(done, ignore_errors=True)
    scratch.rename(folder)


def _require(recipe: Recipe, module: Path) -> list[Path]:
    """Make `module` a Go module that requires the recipe's, and return the files that it asks for."""
    _go(module, "mod", "init", "edgefleet.test/programs")
    required = json.loads(_go(module, "mod", "download", "-json", recipe.module))
    own = json.loads(_go(module, "mod", "edit", "-json", required["GoMod"]))
    replacements = []
    for replace in own.get("Replace") or []:
        old, new = replace["Old"]["Path"], replace["New"]
        if "Version" in new:
            replacements.append(f"{old}={new['Path']}@{new['Version']}")
        elif recipe.staging:
            replacements.append(f"{old}={old}@{recipe.staging}")
    _go(
        *(module, "mod", "edit", f"-go={own['Go']}", f"-require={recipe.module}"),
        *(f"-replace={replacement}" for replacement in replacements),
    )
    return [Path(required["Dir"]) / name for name in recipe.files]


def _go(module: Path, *arguments: str, cache: Path | None = None) -> str:
    """What ``go`` prints, run in `module`."""
    go = shutil.which("go", path=os.pathsep.join([os.environ.get("PATH", ""), *PLACES]))
    if go is None:
        raise NotBuilt(NO_GO)
    done = subprocess.run(
        [go, *arguments],
        cwd=module,
        env=os.environ | ({"GOCACHE": str(cache)} if cache else {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
    )
    said = done.stderr + done.stdout
    if done.returncode and any(text in said for text in OFFLINE):
        raise NotBuilt(f"needs Go modules that no module proxy answers: {said.strip().splitlines()[-1]}")
    if done.returncode and any(text in said for text in TOO_OLD):
        raise NotBuilt(NO_GO)
    assert 0 == done.returncode, said
    return done.stdout


def main(names: list[str]) -> None:
    """Build the programs of these names, and print their folders."""
    folders = []
    for name in names:
        try:
            folders.append(str(program(name).parent))
        except NotBuilt as reason:
            sys.stderr.write(f"{name} was not built, its tests skip: it {reason}\n")
    sys.stdout.write(os.pathsep.join(dict.fromkeys(folders)) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.go_programs", description=main.__doc__)
    choices = sorted(name for recipe in RECIPES.values() for name in recipe.programs)
    parser.add_argument("names", nargs="+", choices=choices, metavar="NAME", help=", ".join(choices))
    main(parser.parse_args().names)
