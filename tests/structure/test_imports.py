"""What a command may load. Which package may import which is import-linter's to verify, in ``make lint``."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def heavy_modules(imports: str, heavy: set[str]) -> str:
    """Which of `heavy` a fresh Python has loaded after ``import`` of `imports`, as a list's text."""
    program = (
        f"import sys, {imports}\nprint(sorted({{name.split('.')[0] for name in sys.modules}} & {heavy!r}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT
    )
    return run.stdout.strip() + run.stderr


def test_validating_loads_neither_pulumi_nor_boto3() -> None:
    """``edgefleet validate`` runs on every save of an editor, so it must start fast."""
    heavy = {
        "pulumi",
        "boto3",
        "botocore",
        "grpc",
        "moto",
        "httpx",
        "cyclonedx",
        "segno",
        "pulumi_kubernetes",
    }
    assert "[]" == heavy_modules("edgefleet.cli, edgefleet.commands.validate", heavy)


def test_a_preview_loads_nothing_that_only_downloads_bills_and_sheets_need() -> None:
    """Each of them takes longer to import than a site to render."""
    heavy = {"httpx", "cyclonedx", "segno", "moto", "pulumi_kubernetes"}
    assert "[]" == heavy_modules("edgefleet.cli, edgefleet.commands.lifecycle, edgefleet.site.render", heavy)
