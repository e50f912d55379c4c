"""The passphrase of a stack's secrets: where the Pulumi CLI finds it, or in the project's own file."""

from edgefleet.commands.session import Session

VARIABLES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
FILE = ".edgefleet/passphrase"


def is_given(session: Session) -> bool:
    """Whether the environment gives a passphrase."""
    return any(name in session.environment for name in VARIABLES)
