"""`edgefleet hub gateway-credentials`: what a gateway signs with, in the form that it reads."""

import os
import subprocess
import sys
from pathlib import Path


def ran(folder: Path, *options: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """The command with these variables alone."""
    return subprocess.run(
        [sys.executable, "-m", "edgefleet.cli", "-C", folder, "hub", "gateway-credentials", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "AWS_EC2_METADATA_DISABLED": "true"}
        | environment,
    )


def test_it_writes_what_the_environment_gives(tmp_path: Path) -> None:
    """A line each, for the gateway's user alone; keys without a session have an empty third line."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIAGATEWAY", "AWS_SECRET_ACCESS_KEY": "private/key+of=it"}
    done = ran(tmp_path, "credentials", "--once", **keys)
    assert (0, "credentials: written\n") == (done.returncode, done.stderr)
    file = tmp_path / "credentials"
    assert ("AKIAGATEWAY\nprivate/key+of=it\n\n", 0o600) == (file.read_text(), file.stat().st_mode & 0o777)
    ran(tmp_path, "credentials", "--once", **keys | {"AWS_SESSION_TOKEN": "to/ken"})
    assert "AKIAGATEWAY\nprivate/key+of=it\nto/ken\n" == file.read_text()


def test_without_any_it_says_so_and_writes_nothing(tmp_path: Path) -> None:
    """With what is missing."""
    done = ran(tmp_path, "credentials", "--once")
    assert 2 == done.returncode
    assert "credentials" in done.stderr
    assert not (tmp_path / "credentials").exists()
