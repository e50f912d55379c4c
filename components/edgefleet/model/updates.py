"""What is installed on a node's base system besides edgefleet's own, and how that system updates itself.

Sources: sources.list(5), deb822 style; Debian's unattended-upgrades; Flatcar docs, update and reboot
strategies; zincati docs, updates strategy; systemd-sysext(8).
"""

from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from edgefleet.model.effects import Effect
from edgefleet.model.names import Name, Web
from edgefleet.model.releases import BaseSource, Digest
from edgefleet.model.spec import spec
from edgefleet.model.syntax import Grammar

Weekday = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
UNATTENDED = "unattended-upgrades"
"""The package by which Debian and its descendants update themselves."""
_PACKAGE = Grammar(
    r"[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9.+:~-]+)?",
    "bad-package",
    "a Debian package",
    "write its name such as nfs-common, or name=version",
    200,
)
PackageName = Annotated[str, _PACKAGE]
_SUITE = Grammar(
    r"\./|(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9._-]+)*/?",
    "bad-suite",
    "a suite of a repository",
    "write it like bookworm, or a path with a slash at its end",
    100,
)
Suite = Annotated[str, _SUITE]
_SECTION = Grammar(
    "[A-Za-z0-9][A-Za-z0-9._-]*", "bad-component", "a component of a repository", "write it like main", 60
)
Section = Annotated[str, _SECTION]
_KEY = Grammar(
    r"(-----BEGIN PGP PUBLIC KEY BLOCK-----\n([A-Za-z]+: [A-Za-z0-9 .:/(),@<>_+-]*\n)*\n"
    r"([A-Za-z0-9+/=]{1,80}\n)+-----END PGP PUBLIC KEY BLOCK-----\n)+",
    "bad-key",
    "a public key in ASCII armour",
    "take what gpg --armor --export prints, or file: and a path in the project",
    64_000,
    has_lines=True,
    may_be_file=True,
)
RepositoryKey = Annotated[str, _KEY]
_TIME_OF_DAY = Grammar(
    r"([01]\d|2[0-3]):[0-5]\d", "bad-time", "a time of day", "write it like 02:30, from 00:00 to 23:59", 5
)
TimeOfDay = Annotated[str, _TIME_OF_DAY]


@spec
class Repository:
    """A repository of Debian packages."""

    source: Annotated[Web, Effect.LIVE]
    """Its address, https://download.docker.com/linux/debian."""
    suite: Annotated[Suite, Effect.LIVE]
    """Its suite, bookworm; a path with a slash at its end is a repository without components."""
    components: Annotated[tuple[Section, ...], Effect.LIVE] = ("main",)
    """Its components."""
    key: Annotated[RepositoryKey, Effect.LIVE]
    """The public key that signs it, in ASCII armour: its text, or file:<path in the project>. No other key is
    accepted for it."""


@spec
class Packages:
    """Debian packages of a node."""

    install: Annotated[tuple[PackageName, ...], Effect.LIVE] = ()
    """Packages that are installed before k3s starts for the first time, [nfs-common]. Without a link they are
    tried again until there is one; k3s waits ten minutes for them, and is restarted by those that come later.
    What is left out later stays installed."""
    repositories: Annotated[dict[Name, Repository], Effect.LIVE] = field(default_factory=dict)
    """Name -> repository, besides those of the base system."""
    upgrade: Annotated[bool, Effect.LIVE] = False
    """Whether all packages are upgraded once, then as well."""


@spec
class Window:
    """The time in which a node may install updates and restart for them, in its own time zone."""

    days: Annotated[tuple[Weekday, ...], Effect.LIVE] = ()
    """Days on which it begins, [Sat, Sun]; every day where none is given."""
    start: Annotated[TimeOfDay, Effect.LIVE]
    """When it begins, 02:30."""
    length: Annotated[int, Field(ge=30, le=1440), Effect.LIVE] = 120
    """Minutes, 30 to 1440."""


@spec
class OsUpdates:
    """How the base system updates itself."""

    enabled: Annotated[bool, Effect.LIVE] = True
    """Whether it does."""
    window: Annotated[Window | None, Effect.LIVE] = None
    """When it does, and when the node restarts where an update needs that."""


@spec
class Extension:
    """A system extension (systemd-sysext): an image of further files below /usr."""

    source: Annotated[BaseSource, Effect.LIVE]
    """Its address: https://..., or file:<path in the project> for an air-gapped node."""
    sha256: Annotated[Digest, Effect.LIVE]
    """Hex SHA-256 of its bytes; a file that differs is never used."""
