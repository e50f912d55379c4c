"""Step: passwords for the console, groups and shells of the site's users, whom the image's format creates.

The hash of a password is in a file, not in the seed's list of users, so that each format treats it alike.
"""

from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.site import User
from edgefleet.model.writers.configuration import remainder, sudoer

PASSWORDS = "/etc/edgefleet/passwords"
APPLIED = "/etc/edgefleet/passwords.set"
"""The users whose passwords were set last."""
USUAL = "/bin/bash"
SETTINGS = "/etc/edgefleet/accounts.set"
"""The groups and shells that were set last, ``group dialout ops``: undone before those of now are set."""
UNDO = (
    "while read -r kind value user; do case $kind in "
    f'group) gpasswd --delete "$user" "$value";; *) usermod --shell {USUAL} "$user";; esac || true; '
    f"done <{SETTINGS}; rm -f {SETTINGS}"
)
SHELL = 'if [ -x "$1" ]; then usermod --shell "$1" "$2"; fi'
"""A user with a shell that is missing could not log in."""


def plan(target: Target) -> Step:
    """The hashes (0600) and the commands that set them; a password set before and now absent is locked."""
    users = target.settings.users
    hashes = {user.name: user.password for user in users if user.password is not None}
    settings = [line for user in users for line in _lines(user)]
    record = ("sh", "-c", 'printf "%s\\n" "$@" >' + SETTINGS, "sh", *settings)
    return Step.joined(
        _passwords(hashes),
        Step.removal(SETTINGS, UNDO),
        *(Step(commands=_settings(user)) for user in users),
        Step(commands=(record,) if settings else ()),
    )


def _passwords(hashes: dict[str, str]) -> Step:
    if not hashes:
        return Step.removal(PASSWORDS, _lock(PASSWORDS), f"rm -f {PASSWORDS}")
    text = "".join(f"{sudoer(user)}:{remainder(hashes[user])}\n" for user in sorted(hashes))
    before = f"if [ -e {APPLIED} ]; then {_lock(APPLIED)}; fi"
    apply = f"chpasswd --encrypted <{PASSWORDS} && cut -d : -f 1 {PASSWORDS} >{APPLIED}"
    return Step(
        files=(File.text(PASSWORDS, text, mode=0o600, is_secret=True),),
        commands=(("sh", "-c", f"{before}; {apply}"),),
    )


def _lock(file: str) -> str:
    return f'cut -d : -f 1 {file} | while read -r user; do usermod --lock "$user" || true; done'


def _lines(user: User) -> list[str]:
    shell = [] if user.shell == USUAL else [f"shell {user.shell} {user.name}"]
    return [*(f"group {group} {user.name}" for group in user.groups), *shell]


def _settings(user: User) -> tuple[tuple[str, ...], ...]:
    groups = tuple(("groupadd", "--force", group) for group in user.groups)
    joined = (("usermod", "--append", "--groups", ",".join(user.groups), user.name),) if groups else ()
    return (
        *groups,
        *joined,
        *(() if user.shell == USUAL else (("sh", "-c", SHELL, "sh", user.shell, user.name),)),
    )
