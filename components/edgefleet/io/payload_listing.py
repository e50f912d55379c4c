"""The contents of a payload's directory, as a manifest lists them.

Apart from `edgefleet.io.artifact_cache`, which makes that directory: every preview imports the formats, and
the modules that fetch take long to import.
"""

from pathlib import Path

from edgefleet.io import disk
from edgefleet.model.listing import Entry

SUMS = "SHA256SUMS"


def listed(folder: Path) -> tuple[Entry, ...]:
    """The entries of a payload, below ``payload/``, with modes and owners as a medium has them.

    Digests are those of `SUMS`, which were checked when the files were fetched.
    """
    sums = _sums(folder)
    entries = []
    for file in sorted(file_path for file_path in folder.rglob("*") if file_path.is_file()):
        path = file.relative_to(folder).as_posix()
        entries.append(
            Entry(
                path=f"payload/{path}",
                size=file.stat().st_size,
                digest=f"sha256:{sums.get(path) or disk.sha256(file)}",
                mode="0755" if path.startswith("bin/") else "0644",
                owner="root:root",
            )
        )
    return tuple(entries)


def _sums(folder: Path) -> dict[str, str]:
    lines = (line.split("  ", 1) for line in (disk.read(folder / SUMS) or b"").decode().splitlines())
    return {path: digest for digest, path in lines}
