"""`edgefleet image diff`: the differences between two images."""

from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands import image_verify, options
from edgefleet.commands.json_output import JsonFile
from edgefleet.commands.screen import show
from edgefleet.commands.session import session_of
from edgefleet.errors import InvalidInput, Problem
from edgefleet.report import image_difference
from edgefleet.site import image_diff


def diff(
    context: typer.Context,
    old: Annotated[Path, typer.Argument(metavar="A", help="An image, or a directory that holds one.")],
    new: Annotated[Path, typer.Argument(metavar="B", help="The other.")],
    *,
    json: options.Json = None,
) -> None:
    """Show what changed between two images.

    Exit code 0: no difference, 1: there are differences. Secrets are masked.
    """
    session = session_of(context)
    place = JsonFile.to(session, json)
    find = image_verify.cache(session)
    sides = [image_diff.side(_image(session.project / path), find) for path in (old, new)]
    found = image_diff.compare(sides[0], sides[1])
    if not place.is_stdout:
        show(session, image_difference.lines(found))
    of = {
        name: {"image": side.manifest.image, "digest": side.manifest.digest}
        for name, side in zip(("a", "b"), sides, strict=True)
    }
    place.write({**of, **image_diff.plain(found)})
    if not found.is_none:
        raise typer.Exit(1)


def _image(path: Path) -> Path:
    """The image at `path`.

    Raises:
        InvalidInput: there is none, or there are several.
    """
    found = list(image_verify.images(path))
    if len(found) == 1:
        return found[0]
    problem = f"has {len(found)} images"
    hint = f"name one of them, such as {found[0].parent.name}/{found[0].name}"
    raise InvalidInput(Problem(code="which-image", where=str(path), problem=problem, hint=hint))
