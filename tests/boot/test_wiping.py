"""Step `wiping`: what is removed, and what cloud-init goes by stays."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.boot.conftest import Targets

from edgefleet.boot import wiping
from edgefleet.model.firstboot import Step

COPIES = ("user-data.txt", "user-data.txt.i", "cloud-config.txt", "obj.pkl")
KEPT = ("sem/config_write_files", "scripts/runcmd", "boot-finished")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """What cloud-init leaves behind."""
    instance = tmp_path / "root/var/lib/cloud/instances/shops-1"
    for name in (*COPIES, *KEPT):
        (instance / name).parent.mkdir(parents=True, exist_ok=True)
        (instance / name).write_text("secret")
    (tmp_path / "root/run/cloud-init").mkdir(parents=True)
    return tmp_path / "root"


@pytest.mark.parametrize(
    ("result", "left"),
    [
        ('{\n "v1": {\n  "datasource": "DataSourceNoCloud",\n  "errors": []\n }\n}\n', ()),
        ('{"v1": {"errors": ["(\'write_files\', OSError())"]}}', COPIES),
        (None, COPIES),
    ],
    ids=["done", "errors", "not-done"],
)
def test_copies_go_when_all_is_done(
    target: Targets,
    text_of: Callable[[Step, str], str],
    root: Path,
    result: str | None,
    left: tuple[str, ...],
) -> None:
    """Twice is no error; what says that this instance was set up stays, so that nothing is done again."""
    script = root / "wipe-seed"
    script.write_text(text_of(wiping.plan(target()), wiping.SCRIPT))
    if result is not None:
        (root / "run/cloud-init/result.json").write_text(result)
    for _ in range(2):
        subprocess.run(
            [shutil.which("dash") or "/bin/sh", str(script)],
            env={"PATH": "/usr/bin:/bin", "EDGEFLEET_PREFIX": str(root)},
            check=True,
            timeout=30,
        )
    instance = root / "var/lib/cloud/instances/shops-1"
    found = {path.relative_to(instance).as_posix() for path in instance.rglob("*") if path.is_file()}
    assert {*KEPT, *left} == found


@pytest.mark.parametrize(("mark", "is_kept"), [("edgefleet", False), ("theirs", True)])
def test_a_seed_that_an_installer_put_there_goes_too(
    target: Targets, text_of: Callable[[Step, str], str], root: Path, mark: str, *, is_kept: bool
) -> None:
    """One that somebody else put there stays."""
    seed = root / "var/lib/cloud/seed/nocloud"
    seed.mkdir(parents=True)
    for name in ("user-data", mark):
        (seed / name).write_text("secret")
    script = root / "wipe-seed"
    script.write_text(text_of(wiping.plan(target()), wiping.SCRIPT))
    (root / "run/cloud-init/result.json").write_text('{"v1": {"errors": []}}')
    around = {"PATH": "/usr/bin:/bin", "EDGEFLEET_PREFIX": str(root)}
    subprocess.run(["/bin/sh", str(script)], env=around, check=True, timeout=30)
    assert is_kept is seed.exists()


def test_it_comes_after_all_that_cloud_init_does(target: Targets) -> None:
    """And is no part of multi-user.target, which cloud-init's last stage is ordered after."""
    (unit,) = wiping.plan(target()).units
    assert "After=cloud-final.service\n" in unit.text
    assert "WantedBy=cloud-init.target\n" in unit.text


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck: apt-get install shellcheck")
def test_shellcheck_finds_nothing(
    target: Targets, text_of: Callable[[Step, str], str], tmp_path: Path
) -> None:
    script = tmp_path / "wipe-seed"
    script.write_text(text_of(wiping.plan(target()), wiping.SCRIPT))
    done = subprocess.run(
        ["shellcheck", "--shell=sh", str(script)], capture_output=True, text=True, check=False
    )
    assert "" == done.stdout
