"""Text templates: Jinja2 with StrictUndefined, from the wheel or, in a checkout, from its root.

Only plain text (shell, units, configuration lines) comes from templates; YAML never does. A value stands in
a template through a writer of the template's syntax (`edgefleet.model.writers`), which is a filter there:
``{{ path | sh }}``. Any other value is an error.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from edgefleet.errors import InvalidInput
from edgefleet.model.firstboot import Unit
from edgefleet.model.writers import syntax_of
from edgefleet.model.writers.written import Syntax, Written

if TYPE_CHECKING:
    from jinja2 import Environment

PACKAGED = Path(__file__).resolve().parents[1] / "templates"
CHECKOUT = Path(__file__).resolve().parents[3] / "templates"


@cache
def template_root() -> Path:
    """The folder with the templates: in an installed wheel, else in the checkout."""
    return PACKAGED if PACKAGED.is_dir() else CHECKOUT


@cache
def _environment(root: Path, syntax: Syntax | None) -> "Environment":
    """The environment of the templates of a syntax; of pages, which escape each value, for `None`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(root),
        autoescape=syntax is None,  # noqa: S701 - the writers of a syntax escape; HTML's would corrupt it
        undefined=StrictUndefined,
        finalize=None if syntax is None else _only(syntax),
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {} if syntax is None else syntax.writers
    return environment


def _only(syntax: Syntax) -> Callable[[object], object]:
    """A check that a value comes from a writer of `syntax`."""

    def check(value: object) -> object:
        from jinja2 import TemplateRuntimeError, Undefined

        is_written = isinstance(value, Written) and value.syntax == syntax.title
        if not is_written and not isinstance(value, Undefined):
            raise TemplateRuntimeError(f"a value of it does not come from a writer of {syntax.title}")
        return value

    return check


def render(name: str, /, *, root: Path | None = None, **values: object) -> str:
    """The text of template `name` (path below the templates folder) with `values` filled in.

    Raises:
        InvalidInput: there is no such template, it is malformed, it names a value that is missing, or its
            syntax cannot express a value.
    """
    return _rendered(root or template_root(), syntax_of(name), name, values)


def unit(name: str, /, *, is_enabled: bool = True, **values: object) -> Unit:
    """The systemd unit of template `name`, which has the template's name without ``.j2``."""
    text = _rendered(template_root(), syntax_of(name), name, values)
    return Unit(name=Path(name.removesuffix(".j2")).name, text=text, is_enabled=is_enabled)


def render_html(name: str, /, *, root: Path | None = None, **values: object) -> str:
    """The same for a page: whatever `values` hold is text on it, never markup.

    Raises:
        InvalidInput: as `render`.
    """
    return _rendered(root or template_root(), None, name, values)


_COMPILING = Lock()
"""Threads that need the same template at once wait for the first; each would compile it."""


def _rendered(root: Path, syntax: Syntax | None, name: str, values: dict[str, object]) -> str:
    """The text of a template; filled in once for all sites where its values are equal plain texts."""
    if all(type(value) is str for value in values.values()):
        return _once(root, syntax, name, tuple(values.items()))
    return _filled(root, syntax, name, values)


@lru_cache(1024)
def _once(root: Path, syntax: Syntax | None, name: str, values: tuple[tuple[str, object], ...]) -> str:
    return _filled(root, syntax, name, dict(values))


def _filled(root: Path, syntax: Syntax | None, name: str, values: dict[str, object]) -> str:
    from jinja2 import TemplateError, TemplateNotFound, UndefinedError

    where = f"templates/{name}"
    try:
        with _COMPILING:
            template = _environment(root, syntax).get_template(name)
        return template.render(**values)
    except InvalidInput as error:
        raise InvalidInput(replace(problem, where=where) for problem in error.problems) from error
    except TemplateNotFound as error:
        problem, hint = "there is no such template", "restore the file or reinstall edgefleet"
        raise InvalidInput.at(where, "template", problem, hint) from error
    except UndefinedError as error:
        hint = "pass the value, or fix its name in the template"
        raise InvalidInput.at(where, "template", str(error.message), hint) from error
    except TemplateError as error:
        raise InvalidInput.at(where, "template", str(error.message), "fix the template") from error
