"""What this package is built of: locks, and no secret in a tracked file."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
OPTIONS = re.compile(r"^\s*(-[ief]\b|--(?!hash=)\S+)|\bindex\b|@ |https?://", re.MULTILINE)
"""Options of pip and addresses: a lock has hashes alone."""
SECRETS = {
    "a private key": rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/=]{40}",
    "an access key of AWS": rb"\b(AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of GitHub": rb"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60})",
    "a token of a package registry": rb"\bpypi-AgE[A-Za-z0-9_-]{50}|\bnpm_[A-Za-z0-9]{36}\b",
    "a token of Slack": rb"\bxox[abp]-[0-9A-Za-z-]{20}",
    "a web token": rb"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20}",
    "a password in an address": rb"\bhttps?://[^\s/:@\"'{}<>$]{3,}:[^\s/:@\"'{}<>$]{12,}@(?![^\s/]*\.example\b)",
}
"""dict[kind -> regular expression]."""
DERIVED = "tests/golden/"
"""Golden images hold secrets that are derived from the key in their own test."""
ACTION = re.compile(r"^\s*(?:- )?uses:\s*(?P<name>[^\s#]+)", re.MULTILINE)


def tracked() -> list[Path]:
    """The files of the repository, or of the tree where there is no git."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = done.stdout.splitlines() or [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def findings(data: bytes) -> list[str]:
    """Kinds of secrets in a file."""
    return [kind for kind, pattern in SECRETS.items() if re.search(pattern, data)]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_requirement_is_pinned_with_hashes(lock: Path) -> None:
    """A lock names no index, no address and no editable file, so that nothing else can be installed."""
    text = lock.read_text()
    entries = re.split(
        r"^(?=[A-Za-z0-9])", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE), flags=re.MULTILINE
    )
    requirements = [entry for entry in entries if entry.strip()]
    assert len(requirements) > 0
    unpinned = [
        entry.split("\n")[0] for entry in requirements if "==" not in entry or "--hash=sha256:" not in entry
    ]
    assert ([], []) == (unpinned, OPTIONS.findall(re.sub(r"#.*", "", text)))


def test_what_is_installed_is_installed_with_hashes() -> None:
    """Each set-up of the Makefile that may download requires them."""
    lines = [line for line in (ROOT / "Makefile").read_text().splitlines() if " pip install " in line]
    assert 4 == len(lines)
    assert [] == [line for line in lines if "--require-hashes" not in line and "--no-deps" not in line]


def test_no_tracked_file_holds_a_secret() -> None:
    """Of the kinds that others search public repositories for."""
    files = [path for path in tracked() if not str(path.relative_to(ROOT)).startswith(DERIVED)]
    assert len(files) > 500
    assert [] == [
        (str(path.relative_to(ROOT)), kinds) for path in files if (kinds := findings(path.read_bytes()))
    ]


@pytest.mark.parametrize("kind", SECRETS)
def test_each_kind_of_secret_is_found(kind: str) -> None:
    """The samples are put together here, so that this file holds none."""
    samples = {
        "a private key": "-----BEGIN PRIVATE" + " KEY-----\n" + "A" * 40,
        "an access key of AWS": "AKIA" + "A" * 16,
        "a token of GitHub": "ghp_" + "a" * 36,
        "a token of a package registry": "pypi-AgE" + "a" * 50,
        "a token of Slack": "xoxb-" + "1" * 20,
        "a web token": ".".join(("eyJ" + "a" * 20, "eyJ" + "b" * 20, "c" * 20)),
        "a password in an address": "https://user:" + "p" * 12 + "@host/",
    }
    assert [kind] == findings(samples[kind].encode())


def test_actions_are_pinned_by_digest() -> None:
    """A tag can be moved; a digest cannot. Without workflows there is none to pin."""
    workflows = [*(ROOT / ".github").rglob("*.yml"), *(ROOT / ".github").rglob("*.yaml")]
    names = [match["name"] for path in workflows for match in ACTION.finditer(path.read_text())]
    loose = [name for name in names if not re.search(r"@[0-9a-f]{40}$", name) and not name.startswith("./")]
    assert [] == loose
