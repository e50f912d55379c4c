"""`edgefleet hub gateway-credentials`: those of the store for a gateway, which reads them from a file.

nginx knows no role and no metadata service. This runs beside it and asks AWS's own chain: variables of a
Secret, a role of EKS, the instance's.
"""

from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands.screen import remark
from edgefleet.commands.session import session_of
from edgefleet.errors import EdgefleetError
from edgefleet.io import disk
from edgefleet.io.aws import Aws
from edgefleet.io.processes import ending_on_sigterm

EVERY = 300
"""Seconds; botocore renews temporary credentials ten minutes or more before they end."""


def command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the gateway reads them.")],
    *,
    once: Annotated[bool, typer.Option("--once", help="Write them once, and end.")] = False,
) -> None:
    """Write the store's credentials for a gateway, and renew them.

    They are those of AWS's own chain: the environment, a role of the Pod, or the instance's.
    """
    session = session_of(context)
    aws, written = Aws(), ""
    with ending_on_sigterm():
        while True:
            try:
                text = _lines(aws)
            except EdgefleetError as error:
                if once:
                    raise
                remark(session, str(error))
            else:
                if text != written:
                    disk.write(session.writable(file), text.encode())
                    remark(session, f"{file}: written")
                written = text
            if once:
                return
            session.sleep(EVERY)


def _lines(aws: Aws) -> str:
    """Access key, secret key and session token, a line each.

    Raises:
        EdgefleetError: there are none, or who gives them does not answer.
    """
    with aws.calling("get", "credentials of the store"):
        frozen = aws.credentials().get_frozen_credentials()
    return "\n".join((frozen.access_key or "", frozen.secret_key or "", frozen.token or "", ""))
