"""The commands and their order in `--help`; the module of a command is imported when it is chosen.

A command that only reads a fleet file starts in a third of the time that it takes to import an engine, so
this table holds the help lines. A test compares them with the docstrings of the functions that it names.
"""

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from edgefleet.commands.session import enter, session_of
from edgefleet.io.version import version

HELP = ("-h", "--help")
COMMANDS = {
    "validate": ("validate:command", "Check fleet files; exit 0, or 1 with every error."),
    "preview": ("lifecycle:preview", "Show what up would do, site by site; nothing is changed."),
    "up": ("lifecycle:up", "Preview, ask, then apply."),
    "refresh": ("lifecycle:refresh", "Update the recorded state to match reality."),
    "destroy": ("lifecycle:destroy", "Remove everything that the stack created."),
    "explain": ("explain:command", "Show what changes inside a site's images, file by file."),
    "advise": ("advise:command", "Recommend runtimes and hub for a fleet, with figures."),
    "init": ("init:command", "Write the fleet secret of a stack, once."),
    "new": ("new:command", "Create a project, ready for `edgefleet up` and `pulumi up`."),
    "new-function": ("new_function:command", "Create a WebAssembly function that builds with Go."),
    "import-config": (
        "import_config:command",
        "Turn another tool's files into parts of a fleet file.",
    ),
    "schema": ("schema:command", "Print the JSON Schema of fleet files."),
    "sites list": ("sites:listing", "List each node's desired and acknowledged image; the default."),
    "sites show": ("sites_show:show", "Show what runs at a site, and what it takes."),
    "sites status": (
        "sites_status:status",
        "Show what the nodes report: state, last contact, disk, pods.",
    ),
    "sites metrics": ("sites_metrics:metrics", "Print what nodes, rollout and keys report as OpenMetrics."),
    "sites ack": ("sites:ack", "Mark sites as running their desired image."),
    "sites sheet": ("sites_sheet:sheet", "Write a printable page for each site: media, nodes and steps."),
    "sites password": ("sites_access:password", "Print the console passwords of the user rescue."),
    "sites tunnel": ("sites_access:tunnel", "Print the WireGuard peers of sites, for the tunnel's far end."),
    "sites disk-key": ("sites_access:disk_key", "Print the recovery passphrase of a node's data disk."),
    "image build": ("image_build:build", "Build the images of sites."),
    "image build-plan": ("image_build:build_plan", "Build a shard that `image job` wrote."),
    "image job": ("image_job:job", "Write a Kubernetes Job that builds composed images."),
    "image write": ("image_write:write", "Write a node's image to a disk and verify it."),
    "image verify": ("image_verify:verify", "Verify built images offline."),
    "image diff": ("image_diff:diff", "Show what changed between two images."),
    "image serve": ("image_serve:serve", "Serve kernels, scripts and one-time seeds to `ipxe` nodes."),
    "artifacts lock": ("artifacts:lock", "Resolve versions and names to addresses and digests."),
    "artifacts fetch": ("artifacts:fetch", "Download what the locked images contain into the cache."),
    "keys new": ("keys_new:new", "Create a root key or a release key, as files."),
    "keys delegate": ("keys:delegate", "Let exactly these release keys sign; others end now."),
    "keys rotate": ("keys:rotate", "Let a new release key sign, and end the old ones."),
    "keys status": ("keys:status", "Show root keys, release keys and how long they last."),
    "rollout status": ("rollout:status", "Show the waves of the rollout, and what it waits for."),
    "rollout step": (
        "rollout:step",
        "Do what is due now; safe to run anywhere, several at once.",
    ),
    "rollout pause": (
        "rollout_orders:pause",
        "Move nothing further until a person decides.",
    ),
    "rollout resume": (
        "rollout_orders:resume",
        "Go on, and wait again for sites that have not reported.",
    ),
    "rollout promote": (
        "rollout_orders:promote",
        "Begin the next wave, whatever this one reports.",
    ),
    "rollout rollback": (
        "rollout_orders:rollback",
        "Take all sites with the release back, whatever the hour.",
    ),
    "rollout history": (
        "rollout:history",
        "Show what was ordered, found out and moved, and by whom.",
    ),
    "rollout simulate": ("rollout_simulate:command", "Play a rollout over a model of the fleet."),
    "hub kubeconfig": ("hub:kubeconfig", "Write a kubeconfig of the stack's hub."),
    "hub gateway": ("hub_gateway:gateway", "Write the nginx files of the channel's gateway."),
    "hub alerts": ("hub_alerts:alerts", "Write alert rules and a dashboard for the metrics of sites."),
    "hub gateway-credentials": (
        "gateway_credentials:command",
        "Write the store's credentials for a gateway, and renew them.",
    ),
    "emulator stop": ("emulator:stop", "Stop the emulated cloud; its contents are lost."),
}
"""dict[command -> (module:function, first line of its help)]."""
GROUPS = {
    "sites": "Show what each site should run, and record what it runs.",
    "image": "Build, verify, compare, write and serve boot images.",
    "artifacts": "Pin and fetch what air-gapped images contain.",
    "keys": "The keys that sign what the channel brings to sites.",
    "rollout": "Bring a change to the sites in waves.",
    "hub": "Get access to the region's hub.",
    "emulator": "The emulated cloud of stacks whose endpoint is `emulated`.",
}
"""dict[group -> its help]."""
DEFAULTS = {"sites": "list"}
"""dict[group -> the command that it runs where none is named]; the others print their help."""


class Group(TyperGroup):
    """Commands by name; each is a `Stub` until it is chosen."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Insert the default where no command is named; alone, a group prints its help."""
        default = DEFAULTS.get(self.name or "")
        if not args or (default and args[0].startswith("-") and args[0] not in HELP):
            args = [default or HELP[1], *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the module of the command that is named."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, Stub) else command, rest


class Stub(TyperCommand):
    """A command's name and help line: all that `--help` and completion need."""

    def __init__(self, name: str, place: str, line: str) -> None:
        super().__init__(name=name, help=line)
        self.place = place

    def load(self) -> TyperCommand:
        """The command itself.

        Raises:
            TypeError: there is no command at its place.
        """
        module, _, function = self.place.partition(":")
        alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        alone.command(self.name)(getattr(import_module(f"edgefleet.commands.{module}"), function))
        command = typer.main.get_command(alone)
        if not isinstance(command, TyperCommand):
            raise TypeError(f"{self.place} is not a command")
        return command


def application() -> Group:
    """The command line, put together."""
    alone = typer.Typer(
        name="edgefleet",
        cls=Group,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": [*HELP]},
    )
    alone.callback()(_project)
    root = typer.main.get_command(alone)
    if not isinstance(root, Group):
        raise TypeError("typer did not build the group that was asked for")
    groups = {"": root}
    for path, (place, line) in COMMANDS.items():
        group, _, name = path.rpartition(" ")
        if group and group not in groups:
            groups[group] = Group(name=group, help=GROUPS[group], rich_markup_mode=None)
            root.add_command(groups[group])
        groups[group].add_command(Stub(name, place, line))
    return root


def _version(context: typer.Context, is_asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if is_asked:
        session_of(context).out.print(f"edgefleet {version()}")
        raise typer.Exit


def _project(
    context: typer.Context,
    *,
    directory: Annotated[
        Path | None,
        typer.Option("-C", "--directory", metavar="DIR", help="Project directory; default: this one."),
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """An edge fleet as code: preview it, bring it up, see what is pending at the sites."""
    enter(context, directory, sorted({path.partition(" ")[0] for path in COMMANDS}))
