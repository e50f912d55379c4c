"""`edgefleet keys new`: a root key or a release key of the channel, as files for a first look.

A release key for real is in AWS KMS, which never gives it out; a root key is kept offline.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from edgefleet.commands.new import label
from edgefleet.commands.screen import remark, show
from edgefleet.commands.session import Session, session_of
from edgefleet.errors import Refused
from edgefleet.io import disk
from edgefleet.io.signing import new_p256

FOR_ALL = 0o644
"""Mode of a public key."""
LEFT_OUT = {"*.key", "keys/", "keys/*.key"}
"""Lines of a .gitignore that leave private keys out."""
NEXT = {
    "root": (
        "keep the private key offline, and a second one elsewhere; the public one is for the fleet file:",
        "channel:",
        '  roots: ["file:{}"]',
    ),
    "release": (
        "for real, keep a release key in AWS KMS; a root key lets it sign, and up signs with it:",
        "edgefleet keys delegate -s STACK --root KEY --release {}",
    ),
}
"""dict[kind -> a remark, and the lines to use]."""


def new(
    context: typer.Context,
    kind: Annotated[Literal["root", "release"], typer.Argument(help="What it is for.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    *,
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", help="Where to write its two files.")
    ] = Path("keys"),
) -> None:
    """Create a root key or a release key, as files.

    The private half is KIND-NAME.key with mode 0600, the public one KIND-NAME.pub. None is overwritten.
    """
    session = session_of(context)
    private, public = (folder / f"{kind}-{label(name, 'NAME')}{ending}" for ending in (".key", ".pub"))
    for path in (private, public):
        if session.place(path).exists():
            problem, hint = "is there already, and is not overwritten", "choose another name"
            raise Refused.at(path, "key-is-there", problem, hint)
    pem, half = new_p256()
    disk.write(session.place(private), pem)
    disk.write(session.place(public), half.pem.encode(), mode=FOR_ALL)
    show(session, [f"{private}  private, 0600", f"{public}  {half.id}", *half.pem.splitlines()])
    sentence, *rest = NEXT[kind]
    remark(session, sentence)
    show(session, (line.format(public) for line in rest))
    if not _is_left_out(session):
        remark(session, f"note: git may take {private} along; add the line *.key to .gitignore")


def _is_left_out(session: Session) -> bool:
    """Whether the project's .gitignore names private keys."""
    lines = (disk.read(session.project / disk.IGNORED) or b"").decode(errors="replace").splitlines()
    return bool(LEFT_OUT & {line.strip() for line in lines})
