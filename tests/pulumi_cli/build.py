"""Builds the Pulumi CLI once and prints its folder, for `make test-parity`.

Beside it are the language host of YAML and a generator of SDKs. Where they cannot be built, the folder is
none and standard error states why in one line: the tests skip.
"""

import hashlib
import sys
from pathlib import Path

from tests.go_programs import NotBuilt, build
from tests.kept import kept

HERE = Path(__file__).parent
VERSION = "v3.276.0"
"""As in go.mod; a CLI that does not know its version is refused by the Automation API."""
PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
GENERATOR = "pulumi-typescript-sdk"
YAML_HOST = "pulumi-language-yaml"
"""The language host of YAML, in the version that Pulumi's release scripts pin."""
FLAGS = ("-ldflags", f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={VERSION}")


def key() -> str:
    """Another one for each change of the modules or of how they are built."""
    files = (HERE / "go.sum", HERE / "go.mod", HERE / "typescript_sdk" / "main.go")
    parts = [*(file.read_text() for file in files), FLAGS]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def make(scratch: Path, folder: Path) -> None:
    """Build it in `scratch`, and give it its name when it is whole."""
    scratch.mkdir(exist_ok=True)
    build(HERE, scratch / "pulumi", *FLAGS, PACKAGE)
    build(HERE, scratch / GENERATOR, *FLAGS, "./typescript_sdk")
    build(HERE, scratch / YAML_HOST, *FLAGS, f"github.com/pulumi/pulumi-yaml/cmd/{YAML_HOST}")
    scratch.rename(folder)


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{kept('edgefleet-tests', key(), make)}\n")
    except NotBuilt as reason:
        sys.stderr.write(f"the Pulumi CLI was not built, its tests skip: it {reason}\n")
