"""Text templates: Jinja2 with StrictUndefined, from the wheel or, in a checkout, from its root.

Only plain text (shell, units, configuration lines) comes from templates; YAML never does.
"""

import shlex
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from edgefleet.errors import InvalidInput
from edgefleet.model.firstboot import Unit

if TYPE_CHECKING:
    from jinja2 import Environment

PACKAGED = Path(__file__).resolve().parents[1] / "templates"
CHECKOUT = Path(__file__).resolve().parents[3] / "templates"


def template_root() -> Path:
    """The folder with the templates: in an installed wheel, else in the checkout."""
    return PACKAGED if PACKAGED.is_dir() else CHECKOUT


@cache
def _environment(root: Path, *, is_html: bool = False) -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(root),
        autoescape=is_html,  # noqa: S701 - shell and unit files: HTML escaping would corrupt them
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["sh"] = shlex.quote
    return environment


def render(name: str, /, *, root: Path | None = None, **values: object) -> str:
    """The text of template `name` (path below the templates folder) with `values` filled in.

    The filter ``sh`` quotes a value as one shell word.

    Raises:
        InvalidInput: there is no such template, it is malformed, or it names a value that is missing.
    """
    return _rendered(_environment(root or template_root()), name, values)


def unit(name: str, /, *, is_enabled: bool = True, **values: object) -> Unit:
    """The systemd unit of template `name`, which has the template's name without ``.j2``."""
    text = _rendered(_environment(template_root()), name, values)
    return Unit(name=Path(name.removesuffix(".j2")).name, text=text, is_enabled=is_enabled)


def render_html(name: str, /, *, root: Path | None = None, **values: object) -> str:
    """The same for a page: whatever `values` hold is text on it, never markup.

    Raises:
        InvalidInput: as `render`.
    """
    return _rendered(_environment(root or template_root(), is_html=True), name, values)


def _rendered(environment: "Environment", name: str, values: dict[str, object]) -> str:
    from jinja2 import TemplateError, TemplateNotFound, UndefinedError

    try:
        return environment.get_template(name).render(**values)
    except TemplateNotFound as error:
        raise _problem(
            name, "there is no such template", "restore the file or reinstall edgefleet"
        ) from error
    except UndefinedError as error:
        raise _problem(name, str(error.message), "pass the value, or fix its name in the template") from error
    except TemplateError as error:
        raise _problem(name, str(error.message), "fix the template") from error


def _problem(name: str, problem: str, hint: str) -> InvalidInput:
    return InvalidInput.at(f"templates/{name}", "template", problem, hint)
