"""The plugin as a folder that the Pulumi CLI starts: ``python <this folder> <engine's address>``."""

import sys
from pathlib import Path

sys.path.insert(
    0, str(Path(__file__).resolve().parents[2])
)  # where the package lies that this file is part of

try:
    from edgefleet.plugin import main
except ModuleNotFoundError as error:
    sys.exit(
        f"edgefleet's plugin was started with {sys.executable}, which has no module {error.name}; "
        "install edgefleet in the virtual environment that Pulumi.yaml names under runtime.options.virtualenv"
    )

if __name__ == "__main__":
    main()
