"""What programs on a node may not do: trust a medium, or follow an address that has no TLS."""

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
SCRIPTS = sorted(path for path in TEMPLATES.rglob("*") if path.is_file() and ".sh" in path.suffixes)
DATA_DISK = "hardware/data-disk.sh.j2"
"""It formats its disk itself, and k3s runs programs from there."""
PROC = ("safety/register-ssm.sh.j2", "mount -o remount,hidepid=2 /proc")
"""No medium: what every user sees of the others' processes."""
MEDIUM = re.compile(r"-t (squashfs|vfat|iso9660|\"\$\w+\") -o ro,nosuid,nodev,noexec ")


def calls(text: str, program: str) -> list[str]:
    """The calls of a program, each as one line."""
    joined = text.replace("\\\n", " ")
    return re.findall(rf"^(?: *|.*(?:&& |\|\| |then |\$\())({program} -.*)$", joined, re.MULTILINE)


def test_media_are_mounted_for_reading_with_a_stated_file_system() -> None:
    """A medium brings no device, no privilege and no program, and reaches few parsers of the kernel."""
    mounts = {
        (path.relative_to(TEMPLATES).as_posix(), call)
        for path in SCRIPTS
        for call in calls(path.read_text(), "mount")
    }
    assert any(path == "heal/payload.sh.j2" for path, _ in mounts)
    media = mounts - {PROC}
    assert [] == [found for found in media if found[0] != DATA_DISK and not MEDIUM.search(found[1])]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_redirects_are_limited_to_addresses_with_tls(path: Path) -> None:
    """A curl that follows redirects states schemes; wget, which has no such option, follows none."""
    text = path.read_text()
    followed = [call for call in calls(text, "curl") if "--location" in call]
    assert [] == [call for call in followed if not {"--proto", "--proto-redir"} <= set(call.split())]
    assert [] == [call for call in calls(text, "wget") if "--max-redirect=0" not in call]


def test_no_program_on_a_node_trusts_a_list_on_a_medium() -> None:
    """Digests of a payload stand in the seed."""
    programs = [path for path in SCRIPTS if path.parent.name in {"heal", "k3s"}]
    assert [] == [
        path.name for path in programs if re.search(r"sha256sum\s+(-c|--check)|SHA256SUMS", path.read_text())
    ]
