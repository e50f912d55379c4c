"""`edgefleet image diff`: the differences between two images."""

from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands import image_verify, options
from edgefleet.commands.json_output import JsonFile
from edgefleet.commands.screen import show
from edgefleet.commands.session import session_of
from edgefleet.errors import InvalidInput
from edgefleet.report import image_difference
from edgefleet.site import image_diff
from edgefleet.site.inventory import folders, inventory


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
    difference = image_diff.compare(sides[0], sides[1])
    if not place.is_stdout:
        show(session, image_difference.lines(difference))
    images = {
        name: {"image": side.manifest.image, "digest": side.manifest.digest}
        for name, side in zip(("a", "b"), sides, strict=True)
    }
    place.write({**images, **image_diff.plain(difference)})
    if not difference.is_none:
        raise typer.Exit(1)


def _image(path: Path) -> Path:
    """The image at `path`.

    Raises:
        InvalidInput: there is none, or there are several.
    """
    images = (
        [image for folder in folders(path) for image in inventory(folder).images] if path.is_dir() else [path]
    )
    if len(images) == 1:
        return images[0]
    problem = f"has {len(images)} images"
    hint = f"name one of them, such as {images[0].parent.name}/{images[0].name}"
    raise InvalidInput.at(path, "which-image", problem, hint)
