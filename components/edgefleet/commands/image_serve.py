"""`edgefleet image serve`: start nodes of format ``ipxe`` over a LAN, and serve each seed once."""

import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands import options, stack
from edgefleet.commands.screen import remark
from edgefleet.commands.secrets import assembled
from edgefleet.commands.selection import Selector, required, selecting
from edgefleet.commands.session import Session, session_of
from edgefleet.errors import InvalidInput, Problem
from edgefleet.io.artifact_cache import ArtifactCache
from edgefleet.io.seed_ledger import Ledger
from edgefleet.io.seed_server import SeedServer, Shelf, tls_context
from edgefleet.io.user_cache import root_of
from edgefleet.keys.derivation import netboot_word
from edgefleet.report.human import counted
from edgefleet.site.render import render

LEDGER = ".edgefleet/handed-seeds.json"
For = Annotated[int, typer.Option("--for", min=1, max=1440, metavar="MINUTES", help="How long to serve.")]
Listen = Annotated[
    str, typer.Option("--listen", metavar="ADDRESS", help="This machine's address in the LAN.")
]
Port = Annotated[int, typer.Option("--port", min=0, max=65535)]
Again = Annotated[
    list[str] | None, typer.Option("--again", metavar="MAC", help="Serve this node's seed once more.")
]
Routed = Annotated[
    bool,
    typer.Option(
        "--routed", help="Nodes are behind a router: identify each by the word of `sites sheet --routed`."
    ),
]
Certificate = Annotated[
    Path | None, typer.Option("--cert", metavar="FILE", help="Serve over TLS: the certificate.")
]
PrivateKey = Annotated[Path | None, typer.Option("--key", metavar="FILE", help="Its private key, PEM.")]


@selecting
def serve(  # noqa: PLR0913 - options
    context: typer.Context,
    *,
    stack: options.Stack,
    which: Selector,
    minutes: For = 60,
    listen: Listen = "127.0.0.1",
    port: Port = 8069,
    again: Again = None,
    routed: Routed = False,
    cert: Certificate = None,
    key: PrivateKey = None,
) -> None:
    """Serve kernels, scripts and one-time seeds to `ipxe` nodes.

    Serve on a trusted LAN only, or with --cert.
    """
    session = session_of(context)
    root = session.project
    tls = tls_context(cert and root / cert, key and root / key)
    shelf = _shelf(session, stack, which, minutes, again or [])
    if not routed:
        shelf = replace(shelf, words=None)
    server = SeedServer((listen, port), shelf, tls=tls)
    remark(session, f"serving for {counted(minutes, 'minute')}; start the nodes with {server.base}/boot.ipxe")
    if tls is None:
        remark(session, "without TLS, anyone on this network can read the seeds; serve on a trusted LAN only")
    if not server.serve(session.now):
        remark(session, "stopped")
    is_all = shelf.ledger.is_all_delivered()
    remark(session, "every node fetched its seed" if is_all else "not every node fetched its seed")


def _shelf(session: Session, name: str, which: Selector, minutes: int, again: list[str]) -> Shelf:
    fleet = stack.load(session.project, name)
    sites = required(which, fleet)
    cache = ArtifactCache(root_of(session.environment), project=session.project)
    nodes, files, digests, words = {}, {}, {}, {}
    assembly = assembled(session, name, fleet, sites)
    for site in assembly.sites:
        inputs = assembly.inputs(site)
        for node, image in render(inputs).items():
            spec = fleet.sites[site].nodes[node]
            if spec.image.netboot is None or spec.network.mac is None:
                continue
            mac = spec.network.mac.lower()
            nodes[mac], digests[mac] = image.contents, image.seed
            words[mac] = netboot_word(inputs.key, node=node)
            for base in spec.image.bases:
                files[base.sha256] = cache.fetch(base.source, base.sha256)
    if not nodes:
        hint = "set image.format: ipxe, image.netboot and network.mac for a node"
        problem = "no node of these sites starts over the network"
        raise InvalidInput.at(", ".join(sites), "no-ipxe", problem, hint)
    _check_again(again, nodes)
    ledger = Ledger(
        path=session.writable(LEDGER),
        now=session.now,
        until=session.now() + timedelta(minutes=minutes),
        chance=lambda: secrets.token_urlsafe(32),
        seeds=digests,
    )
    ledger.forget(address.lower() for address in again)
    return Shelf(nodes=nodes, files=files, words=words, ledger=ledger, say=lambda line: remark(session, line))


def _check_again(again: Iterable[str], nodes: Iterable[str]) -> None:
    """Check that each hardware address is a node's: otherwise a seed would silently not be served.

    Raises:
        InvalidInput: there are unknown ones.
    """
    addresses = sorted(nodes)
    wrong = [address for address in again if address.lower() not in addresses]
    if wrong:
        raise InvalidInput(
            Problem(
                code="unknown-address",
                path="--again",
                problem=f"no node of these sites has the hardware address {address}",
                hint=stack.nearest(address.lower().replace("-", ":"), addresses),
            )
            for address in wrong
        )
