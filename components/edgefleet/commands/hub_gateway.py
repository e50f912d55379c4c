"""`edgefleet hub gateway`: the files of an nginx through which nodes reach the channel; no engine is run."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from edgefleet.commands import options, secrets
from edgefleet.commands.screen import remark
from edgefleet.commands.session import session_of
from edgefleet.commands.stack import load
from edgefleet.errors import Refused
from edgefleet.hub import update_gateway
from edgefleet.hub.update_gateway import UpdateGateway
from edgefleet.io import disk


def gateway(
    context: typer.Context,
    *,
    stack: options.Stack,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where to write them, with mode 0600.")
    ] = Path(".edgefleet/gateway"),
    store_url: Annotated[
        str, typer.Option(metavar="URL", help="Address of another S3 than AWS's, https://s3.example.")
    ] = "",
    resolver: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The name server that nginx asks for the store.")
    ] = "127.0.0.53",
) -> None:
    """Write the nginx files of the channel's gateway.

    With the list of revoked certificates, which is valid for 30 days.
    """
    session = session_of(context)
    fleet = load(session.project, stack)
    address = fleet.channel.access.gateway if fleet.channel is not None else None
    store = update_gateway.store_of(fleet, store_url)
    if address is None or store is None:
        problem = "its channel has no gateway before a bucket"
        hint = "set channel.access.gateway and images.store, such as s3://shops-edgefleet-eu/images"
        raise Refused.at(f"stack {stack}", "no-gateway", problem, hint)
    server = urlsplit(address)
    wanted = UpdateGateway(
        host=server.hostname or "", store=store, listen=str(server.port or 443), resolver=resolver
    )
    texts = update_gateway.files(
        wanted,
        secrets.required(session, stack).fleet_secret,
        (fleet.name, fleet.region),
        revoked=fleet.revoked,
        now=session.now(),
    )
    for name, text in texts.items():
        disk.write(session.writable(out / name), text.encode())
    remark(session, f"{out}: copy it to {update_gateway.FOLDER}, and add {update_gateway.CREDENTIALS}")
