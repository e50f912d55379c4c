"""`edgefleet schema`: the JSON Schema of fleet files, for editors."""

from importlib.resources import files

import typer

from edgefleet.commands.screen import show
from edgefleet.commands.session import session_of

FLEET = "fleet.schema.json"


def command(context: typer.Context) -> None:
    """Print the JSON Schema of fleet files."""
    show(session_of(context), [text().rstrip("\n")])


def text(name: str = FLEET) -> str:
    """A schema that ships in the package."""
    return (files("edgefleet") / "schema" / name).read_text(encoding="utf-8")
