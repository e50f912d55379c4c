"""`edgefleet keys`: which release keys a root key lets sign what the channel brings to sites.

The delegation is in the stack's store, and each version replaces the one before;
`edgefleet.rollout.release_keys` reads and writes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated

import typer
from pydantic_core import PydanticCustomError

from edgefleet.commands import options
from edgefleet.commands.json_output import JsonFile
from edgefleet.commands.screen import remark, show
from edgefleet.commands.session import Session, session_of
from edgefleet.commands.stack import fleet_file, load
from edgefleet.commands.stack_store import opened
from edgefleet.errors import InvalidInput, Refused
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.io import disk
from edgefleet.io.signing import KMS, read_public, signing
from edgefleet.io.store import ArtifactStore
from edgefleet.keys.channel_key import ChannelKey
from edgefleet.keys.delegation import Delegation, ReleaseKey, following
from edgefleet.model.channel import Channel
from edgefleet.model.quantities import parse_days
from edgefleet.report import release_keys as report
from edgefleet.rollout.release_keys import (
    PLACE,
    StoredDelegation,
    channel_key,
    roots_of,
    store_delegation,
    stored_delegation,
)

LARGEST_KEY = 16 * 1024
Root = Annotated[
    str, typer.Option("--root", metavar="KEY", help="The root key that signs: a file, or awskms:ARN.")
]
For = Annotated[str, typer.Option("--for", metavar="DAYS", help="How long a release key may sign.")]
Version = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="Smallest version, where the store lost or has a wrong delegation."
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    """The delegation of a stack, to be read and written."""

    session: Session
    fleet: Fleet
    channel: Channel
    store: ArtifactStore
    stored: StoredDelegation
    now: int
    """Seconds since 1970."""


def delegate(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    *,
    stack: options.Stack,
    root: Root,
    release: Annotated[
        list[str],
        typer.Option(
            "--release", metavar="KEY", help="A release key: a file of either half, or awskms:ARN. Repeat it."
        ),
    ],
    for_: For = "180d",
    version: Version = None,
    json: options.Json = None,
) -> None:
    """Let exactly these release keys sign; others end now.

    What a key has signed that is left out is refused by nodes as soon as they have the new delegation: that
    ends a stolen key. To follow one key by the next, use rotate.
    """
    book = _book(context, stack)
    place = JsonFile.to(book.session, json)
    ends = book.now + _days(for_, "--for") * report.DAY
    keys = [ReleaseKey(key=_release_key(book.session, text), expires=ends) for text in release]
    _write(book, root, keys, version)
    _show(context, stack, place)


def rotate(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    *,
    stack: options.Stack,
    root: Root,
    release: Annotated[
        str, typer.Option("--release", metavar="KEY", help="The new release key: a file, or awskms:ARN.")
    ],
    for_: For = "180d",
    overlap: Annotated[
        str | None,
        typer.Option(metavar="DAYS", help="How long the old ones go on; default: channel.expires."),
    ] = None,
    json: options.Json = None,
) -> None:
    """Let a new release key sign, and end the old ones.

    The old ones end after the time for which what they have signed holds.
    """
    book = _book(context, stack)
    place = JsonFile.to(book.session, json)
    if book.stored.delegation is None:
        problem = f"there is no release key to follow{book.stored.flaw and f': it {book.stored.flaw}'}"
        hint = f"delegate the first: edgefleet keys delegate -s {stack} --root KEY --release KEY"
        raise Refused.at(book.store.uri(PLACE), "no-delegation", problem, hint)
    days = book.channel.expires if overlap is None else _days(overlap, "--overlap")
    old = book.stored.delegation.ended(book.now + days * report.DAY)
    ends = book.now + _days(for_, "--for") * report.DAY
    _write(book, root, [*old, ReleaseKey(key=_release_key(book.session, release), expires=ends)], None)
    _show(context, stack, place)


def status(context: typer.Context, *, stack: options.Stack, json: options.Json = None) -> None:
    """Show root keys, release keys and how long they last.

    Exit 3 where no release key is valid.
    """
    book = _show(context, stack, JsonFile.to(session_of(context), json))
    delegation, where = book.stored.delegation, book.store.uri(PLACE)
    hint = f"delegate one: edgefleet keys delegate -s {stack} --root KEY --release KEY"
    if book.stored.flaw:
        raise _foreign(book)
    if delegation is None:
        raise Refused.at(where, "no-release-key", "no release key is delegated yet", hint)
    if not delegation.valid_keys(book.now):
        problem = "every release key has ended: nodes take no new release"
        raise Refused.at(where, "no-release-key", problem, hint)
    if warning := report.warning(delegation, book.now):
        remark(book.session, f"warning: {warning}")


def _book(context: typer.Context, stack: str) -> _Book:
    session = session_of(context)
    fleet = load(session.project, stack)
    if fleet.channel is None:
        file = fleet_file(session.project, stack).relative_to(session.project)
        hint = "add channel: {roots: [...], access: {...}}; edgefleet keys new root NAME creates a root key"
        raise InvalidInput.at(file, "no-channel", "this fleet has no channel", hint, path="channel")
    store = opened(session, fleet)
    return _Book(
        session=session,
        fleet=fleet,
        channel=fleet.channel,
        store=store,
        stored=stored_delegation(store, roots_of(fleet), fleet=fleet.name),
        now=int(session.now().timestamp()),
    )


def _write(book: _Book, root: str, keys: Iterable[ReleaseKey], version: int | None) -> None:
    """Sign the next delegation with these keys, and store it."""
    signer = signing(root, book.session.project)
    key = channel_key(signer.public, root)
    if key not in roots_of(book.fleet):
        problem, hint = "is not a root key of the fleet file", "name one of channel.roots, or add it there"
        raise InvalidInput.at(root, "not-a-root", problem, hint)
    if book.stored.flaw and version is None:
        raise _foreign(book)
    try:
        delegation = following(book.stored.delegation, keys, fleet=book.fleet.name, now=book.now)
        delegation = replace(delegation, version=max(delegation.version, version or 1))
    except ValueError as error:
        raise InvalidInput.at("", "delegation", f"the delegation {error}", "name 1 to 8 keys") from error
    store_delegation(book.store, delegation, (key, signer.open()), was=book.stored.data)
    _tell_ended(book, delegation)


def _tell_ended(book: _Book, delegation: Delegation) -> None:
    """Name the keys that could sign until now."""
    before = () if book.stored.delegation is None else book.stored.delegation.valid_keys(book.now)
    kept = {each.key for each in delegation.keys}
    for key in before:
        if key not in kept:
            remark(book.session, f"release key {report.shown(key)} ends now: what it signed is refused")


def _show(context: typer.Context, stack: str, place: JsonFile) -> _Book:
    """Show what the store has, and return it."""
    book = _book(context, stack)
    shown = (roots_of(book.fleet), book.stored.delegation, book.stored.signers, book.now)
    place.write(report.document(*shown))
    if not place.is_stdout:
        show(book.session, report.lines(*shown))
    return book


def _foreign(book: _Book) -> Refused:
    problem = f"the store has another delegation: it {book.stored.flaw}"
    hint = "find out who wrote it; then delegate with --version, above every version that nodes have seen"
    return Refused.at(book.store.uri(PLACE), "foreign-delegation", problem, hint)


def _release_key(session: Session, text: str) -> ChannelKey:
    """The public half of a release key, of which either half may be named.

    Raises:
        InvalidInput: it is no key on P-256.
    """
    path = session.project / text.removeprefix("file:")
    is_private = text.startswith(KMS) or b"PRIVATE KEY" in (disk.read(path, limit=LARGEST_KEY) or b"")
    public = signing(text, session.project).public if is_private else read_public(path)
    return channel_key(public, text)


def _days(text: str, option: str) -> int:
    try:
        return parse_days(text)
    except PydanticCustomError as error:
        words = error.context or {}
        raise InvalidInput.at(option, "bad-days", words["problem"], words["hint"]) from error
