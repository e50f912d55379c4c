"""A path means the same file on both engines, whatever folder the program is in.

Source: pulumi/pulumi#20305 (`main` moves the working directory, so that relative files are not found),
pulumi/pulumi#16843 (no path of the project's root), pulumi/pulumi#667 (`main` sets the working directory).
"""

from pathlib import Path
from typing import Any

from tests.field.test_effects import FLEET, SECRET

PROGRAM = f"""
from pathlib import Path
pulumi.export("beside", Path("beside.txt").read_text())
edgefleet.Fleet("shops", {{"file": "stacks/eu.fleet.yaml", "secret": {SECRET!r}}})
"""


def test_with_main_the_program_works_in_its_folder_and_the_fleet_file_is_in_the_project(stack: Any) -> None:
    """What the program opens is beside it; paths of inputs are relative to Pulumi.yaml, images too."""
    settings = stack.root / "Pulumi.yaml"
    settings.write_text(settings.read_text() + "main: infra\n")
    for name, text in (("infra/beside.txt", "here"), ("stacks/eu.fleet.yaml", FLEET)):
        (stack.root / name).parent.mkdir()
        (stack.root / name).write_text(text)
    stack.write(PROGRAM)
    (stack.root / "__main__.py").rename(stack.root / "infra" / "__main__.py")
    run = stack.up()
    assert ("succeeded", "here") == (run.result, run.outputs.get("beside")), run.text
    assert {"berlin", "hamburg", "munich"} == {
        path.name for path in Path(stack.root, "images/sites").iterdir()
    }
    assert {} == stack.preview().ops
