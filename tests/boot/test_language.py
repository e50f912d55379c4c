"""Language and keyboard."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.boot.conftest import Targets

from edgefleet.boot import language
from edgefleet.model.firstboot import Step


def test_debian_and_others_find_the_same(target: Targets, text_of: Callable[[Step, str], str]) -> None:
    """One file may be a link to the other."""
    step = language.plan(target("additions"))
    assert {"LANG=de_DE.UTF-8\n"} == {text_of(step, path) for path in language.LOCALES}
    (keyboard,) = {text_of(step, path) for path in language.KEYBOARDS}
    assert {'KEYMAP="de-nodeadkeys"', 'XKBLAYOUT="de"'} <= {*keyboard.splitlines()}
    assert not language.plan(target()).files


def test_a_locale_that_the_base_system_lacks_is_reported(tmp_path: Path) -> None:
    """And one that it has is not."""
    problem = tmp_path / "problems/locale"
    for name, is_there in (("xx_XX.UTF-8", True), ("C.UTF-8", False)):
        script = language.GENERATED.replace("locale-gen", "no-such-program")
        subprocess.run(["sh", "-c", script, "sh", name, str(problem)], check=True, timeout=30)
        assert is_there == problem.exists()
