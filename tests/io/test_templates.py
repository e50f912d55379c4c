"""Templates: a missing value is one sentence."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgefleet.errors import InvalidInput
from edgefleet.io import templates
from edgefleet.model.writers.shell import sh


def test_a_value_is_quoted_for_the_shell(tmp_path: Path) -> None:
    """The filter ``sh`` makes one word of anything."""
    (tmp_path / "a.sh.j2").write_text("x={{ value | sh }}\n")
    assert "x='it'\"'\"'s; rm -rf /'\n" == templates.render("a.sh.j2", root=tmp_path, value="it's; rm -rf /")


def test_a_missing_variable_names_itself_and_its_template(tmp_path: Path) -> None:
    """StrictUndefined: nothing is rendered as an empty text."""
    (tmp_path / "a.sh.j2").write_text("{{ one | sh }} {{ two | sh }}")
    with pytest.raises(InvalidInput) as caught:
        templates.render("a.sh.j2", root=tmp_path, one=1)
    assert "templates/a.sh.j2" == caught.value.problem.where
    assert "two" in caught.value.problem.problem


@pytest.mark.parametrize(("text", "said"), [("{{ one", "unexpected end"), ("{% if %}", "xpected")])
def test_a_malformed_template_is_named(tmp_path: Path, text: str, said: str) -> None:
    """The library's words are kept, its traceback is not."""
    (tmp_path / "b.sh.j2").write_text(text)
    with pytest.raises(InvalidInput, match=said):
        templates.render("b.sh.j2", root=tmp_path)


@pytest.mark.parametrize(
    "text",
    ["{{ one }}", "{{ one | sh | upper }}", "{{ 'a' ~ one | sh }}", "{{ 7 }}"],
    ids=["raw", "after", "joined", "constant"],
)
def test_a_value_without_a_writer_is_refused(tmp_path: Path, text: str) -> None:
    """Also one that a writer made and something else changed."""
    (tmp_path / "a.sh.j2").write_text(text)
    with pytest.raises(InvalidInput, match="does not come from a writer of a shell script"):
        templates.render("a.sh.j2", root=tmp_path, one="x; reboot")


def test_a_writer_of_another_syntax_is_refused(tmp_path: Path) -> None:
    """What is quoted for the shell is not quoted for a unit."""
    (tmp_path / "a.service.j2").write_text("{{ one }}")
    with pytest.raises(InvalidInput, match="does not come from a writer of a systemd unit"):
        templates.render("a.service.j2", root=tmp_path, one=sh("x"))


def test_a_value_that_its_syntax_cannot_express_is_an_error_that_does_not_repeat_it(tmp_path: Path) -> None:
    """It may be a secret."""
    (tmp_path / "a.service.j2").write_text("Description={{ one | value }}")
    with pytest.raises(InvalidInput) as caught:
        templates.render("a.service.j2", root=tmp_path, one="hidden\n[Service]\nExecStartPre=/bin/reboot")
    assert "templates/a.service.j2" == caught.value.problem.where
    assert "hidden" not in str(caught.value)


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    """An installation that lost a file says which."""
    with pytest.raises(InvalidInput, match=r"templates/none\.j2"):
        templates.render("none.j2", root=tmp_path)


def test_every_template_of_a_boot_step_is_there() -> None:
    """In a checkout and in a wheel the folder has what the modules name."""
    modules = Path(templates.__file__).resolve().parents[1].rglob("*.py")
    named = {name for path in modules for name in re.findall(r'"([\w./-]+\.j2)"', path.read_text())}
    assert "k3s/k3s.service.j2" in named
    assert [] == sorted(name for name in named if not (templates.template_root() / name).is_file())


def test_installed_it_takes_the_templates_of_its_own_package(tmp_path: Path) -> None:
    """A wheel has them inside the package; the checkout's, should there be one, are not its own."""
    package = tmp_path / "edgefleet"
    here = Path(templates.__file__).resolve().parents[1]
    shutil.copytree(here, package, ignore=shutil.ignore_patterns("__pycache__", "templates"))
    (package / "templates").mkdir()
    (package / "templates" / "a.sh.j2").write_text("of the {{ what | sh }}")
    program = "from edgefleet.io.templates import render; print(render('a.sh.j2', what='wheel'))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "of the wheel\n" == done.stdout, done.stderr
