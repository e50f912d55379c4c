"""What is on an ext4 file system, read from outside of the machine that wrote it, by debugfs."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file, link or directory on the disk."""

    kind: str
    """``regular``, ``symlink`` or ``directory``, as debugfs says."""
    mode: int
    """Permission bits."""
    owner: tuple[int, int]
    """(user, group)."""
    changed: str
    """When its content was last changed, to the nanosecond, in a form that only equals itself."""
    content: bytes = b""
    """Of a file; a link's target."""


def read_tree(image: str, folders: tuple[str, ...], scratch: Path) -> dict[str, Entry]:
    """dict[absolute path -> entry] of all below `folders`.

    Args:
        image: a file with the file system, with ``?offset=<bytes>`` where it is a partition of a disk.
        folders: absolute paths.
        scratch: an empty directory; contents are put there.
    """
    ask(image, *(f"rdump {folder} {place(scratch, folder)}" for folder in folders))
    paths = {
        f"/{path.relative_to(scratch)}": path
        for folder in folders
        for path in sorted((scratch / folder[1:]).rglob("*"))
    }
    said = ask(image, *(f'stat "{path}"' for path in paths))
    found = {}
    for (name, path), words in zip(paths.items(), said, strict=True):
        entry = parsed(words)
        content = path.read_bytes() if entry.kind == "regular" else b""
        if entry.kind == "symlink":
            content = str(path.readlink()).encode()
        found[name] = Entry(
            kind=entry.kind, mode=entry.mode, owner=entry.owner, changed=entry.changed, content=content
        )
    return found


def place(scratch: Path, folder: str) -> Path:
    """Where `folder` is put: debugfs makes its last part there itself."""
    parent = (scratch / folder[1:]).parent
    parent.mkdir(parents=True, exist_ok=True)
    return parent


def ask(image: str, *requests: str) -> list[str]:
    """The answers of debugfs to `requests`, one each."""
    done = subprocess.run(
        ["debugfs", "-f", "-", image],
        input="".join(f"{each}\n" for each in requests),
        capture_output=True,
        text=True,
        check=True,
        errors="surrogateescape",
        env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin", "LC_ALL": "C", "DEBUGFS_PAGER": "cat"},
    )
    answers = re.split(r"^debugfs: .*\n", done.stdout, flags=re.MULTILINE)[1:]
    assert len(requests) == len(answers), done.stderr
    return answers


def parsed(words: str) -> Entry:
    """What `stat` of debugfs says."""
    kind = re.search(r"Type: (\w+)", words)
    mode = re.search(r"Mode: +(\d+)", words)
    owner = re.search(r"User: +(\d+) +Group: +(\d+)", words)
    changed = re.search(r"mtime: (\S+)", words)
    assert kind is not None, words
    assert mode is not None, words
    assert owner is not None, words
    assert changed is not None, words
    return Entry(kind=kind[1], mode=int(mode[1], 8), owner=(int(owner[1]), int(owner[2])), changed=changed[1])
