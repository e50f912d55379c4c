"""The folder of a project: what paths in its fleet files and inputs are relative to."""

from pathlib import Path


def project_folder(start: Path | None = None) -> Path:
    """The folder of the nearest Pulumi.yaml at or above `start`, the working directory; else `start`.

    With ``main`` in Pulumi.yaml, program and plugins work in the program's folder, not in the project's.
    """
    start = start or Path.cwd()
    return next((folder for folder in (start, *start.parents) if (folder / "Pulumi.yaml").is_file()), start)
