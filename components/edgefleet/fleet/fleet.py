"""`Fleet`: a region's hub and all its sites, from a fleet file."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NotRequired, TypedDict

import pulumi

from edgefleet.fleet.acting_provider import acting_provider, holder_of, settings_in
from edgefleet.fleet.configuration import hub_key
from edgefleet.fleet.control_plane import ControlPlane, ControlPlaneArgs
from edgefleet.fleet.hub_objects import HubSecrets, gateway_certificates, hub_objects, register
from edgefleet.fleet.plainly import plainly
from edgefleet.fleet.site import Site
from edgefleet.fleetfile import fleet as model
from edgefleet.fleetfile import load
from edgefleet.hub.upgrades import pins
from edgefleet.io.project import project_folder
from edgefleet.model.rollout_resource import ROLLOUT
from edgefleet.model.site import SiteSpec
from edgefleet.model.site_resource import ROSTER, desired
from edgefleet.model.spec import Secret, to_plain
from edgefleet.model.stack_secrets import secrets_used
from edgefleet.provider.component_outputs import values_of
from edgefleet.provider.validation import arguments
from edgefleet.rollout.targets import targets_of
from edgefleet.site import inputs
from edgefleet.site.inputs import FleetKeys


class FleetArgs(TypedDict):
    """Inputs of a fleet."""

    file: str
    """Path of the fleet file, relative to the project."""
    secret: Annotated[pulumi.Input[str], Secret()]
    """The fleet secret, in the stack's configuration as fleet:secret; `edgefleet.fleet_secret()` reads it."""
    passphrases: NotRequired[Annotated[pulumi.Input[Mapping[str, str]], Secret()]]
    """dict[name -> secret of the stack] for the names that the fleet file refers to."""


class Fleet(pulumi.ComponentResource):
    """Everything that one fleet file describes."""

    hub: ControlPlane
    """The region's hub."""
    digests: pulumi.Output[dict[str, dict[str, str | None]]]
    """dict[site -> dict[node -> digest]]: of the image's parts if it is composed, else of its seed; null
    if it is lost."""

    def __init__(self, name: str, args: FleetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:index:Fleet", name, {}, opts)
        with plainly():
            given = arguments(FleetArgs, args)
            root = project_folder()
            fleet = load.load_fleet(root / given["file"], root)
            secret = pulumi.Output.secret(given["secret"])
            provider = acting_provider(
                self,
                name,
                settings_in(fleet.control_plane.cloud),
                holder=holder_of(secret, fleet.name, fleet.region),
                path="controlPlane.cloud",
            )
            objects = hub_objects(self, fleet.control_plane, fleet)
        hub_args: ControlPlaneArgs = {**_hub_args(fleet, secret), "objects": objects.of_servers}
        self.hub = hub = ControlPlane(
            f"{name}/hub", hub_args, pulumi.ResourceOptions(parent=self, provider=provider)
        )
        in_bucket = fleet.images.store.startswith("s3://") and hub.bucket is not None
        in_store = pulumi.ResourceOptions(
            parent=self, provider=provider, depends_on=[hub.bucket] if in_bucket and hub.bucket else []
        )
        with plainly():
            inputs.check(fleet, fleet.sites, today=datetime.now(UTC))
        passphrases = pulumi.Output.secret(given.get("passphrases", {})).apply(lambda of: _checked(fleet, of))
        keys = pulumi.Output.secret(given["secret"]).apply(lambda of: FleetKeys(secret=of, fleet=fleet))
        sites = _sites(name, fleet, given, (keys, passphrases), in_store)
        register(self, name, objects, hub, _hub_secrets(keys, passphrases))
        self.digests = _digests(sites)
        roster = {"fleet": fleet.name, "region": fleet.region, "sites": [*fleet.sites]}
        options = pulumi.ResourceOptions(parent=self, provider=provider)

        def last(urns: list[str]) -> None:
            """After all sites, and without a dependency on each of them in the state."""
            if (published := _published(fleet, sites)) is not None:
                pulumi.CustomResource(ROLLOUT, f"{name}/rollout", published, in_store)
            informs = {"declaredIn": _declared_in(given), "reportOn": urns[0]}
            pulumi.CustomResource(ROSTER, f"{name}/sites", {**roster, **informs}, options)

        pulumi.Output.all(self.urn, *(site.urn for site in sites.values())).apply(last)
        self.register_outputs(values_of(self))


def _hub_args(fleet: model.Fleet, secret: pulumi.Output[str]) -> ControlPlaneArgs:
    return {
        "hub": fleet.control_plane,  # type: ignore[typeddict-item]  # read and checked already
        "fleet": fleet.name,
        "region": fleet.region,
        "secret": secret,
        "pins": pins(fleet.control_plane, fleet.lock),
        "revoked": fleet.revoked,
        "hubKey": hub_key() if fleet.control_plane.identity.chain else "",
        "tags": {"fleet": fleet.name, "region": fleet.region},
        **({"store": fleet.images.store} if fleet.images.store.startswith("s3://") else {}),
    }


def _sites(
    name: str,
    fleet: model.Fleet,
    args: Mapping[str, Any],
    secrets: tuple[pulumi.Output[FleetKeys], pulumi.Output[Mapping[str, str]]],
    options: pulumi.ResourceOptions,
) -> dict[str, Site]:
    keys, passphrases = secrets
    return {
        site: Site(
            f"{name}/{site}",
            spec,
            {
                "store": fleet.images.store,
                "key": _key(keys, spec),
                "passphrases": _used(spec, passphrases),
                "identity": _identity(fleet, spec, keys),
                "declaredIn": _declared_in(args),
            },
            options,
        )
        for site, spec in fleet.sites.items()
    }


def _published(fleet: model.Fleet, sites: Mapping[str, Site]) -> dict[str, Any] | None:
    """The inputs of the rollout; `None` without a channel.

    The releases are all sites' outputs; the state would have a dependency on each of them twice.
    """
    channel = fleet.channel
    if channel is None:
        return None
    of_sites = pulumi.Output.all(**{name: site.release for name, site in sites.items()}).apply(
        lambda releases: to_plain(targets_of(fleet, releases))["sites"]
    )
    return {
        **to_plain(targets_of(fleet, {})),
        "sites": pulumi.Output(set(), of_sites.future(), of_sites.is_known(), of_sites.is_secret()),
        "store": fleet.images.store,
        "roots": [*channel.roots],
        "signKey": channel.sign_key,
        "expires": channel.expires,
    }


def _hub_secrets(keys: pulumi.Output[FleetKeys], passphrases: pulumi.Output[Mapping[str, str]]) -> HubSecrets:
    return HubSecrets(
        text=lambda name: passphrases.apply(lambda known: known[name]),
        certificate=lambda host: keys.apply(lambda known: known.hub_certificate(host)),
        cloudcore=lambda: keys.apply(lambda known: known.cloudcore()),
        gateway=lambda host, issued: keys.apply(lambda known: gateway_certificates(known, host, issued)),
    )


def _declared_in(args: Mapping[str, Any]) -> str:
    """The path that leads the provider to lines of the fleet file."""
    return str(Path(args["file"]).absolute())


def _digests(sites: Mapping[str, Site]) -> pulumi.Output[dict[str, dict[str, str | None]]]:
    def of_images(sites: Mapping[str, Mapping[str, Any] | None]) -> dict[str, dict[str, str | None]]:
        return {
            site: {node: desired(image) for node, image in (images or {}).items()}
            for site, images in sites.items()
        }

    return pulumi.Output.all(**{name: site.images for name, site in sites.items()}).apply(of_images)


def _checked(fleet: model.Fleet, passphrases: Mapping[str, str]) -> Mapping[str, str]:
    with plainly():
        inputs.check_passphrases(fleet, fleet.sites, passphrases, stack=pulumi.get_stack())
    return passphrases


def _key(keys: pulumi.Output[FleetKeys], spec: SiteSpec) -> pulumi.Output[str]:
    """A site's derived key, so that the site never gets the fleet secret.

    One output a site: an output of all keys would be searched for unknowns once for each of them.
    """
    return keys.apply(lambda known: known.key(spec))


def _identity(
    fleet: model.Fleet, spec: SiteSpec, keys: pulumi.Output[FleetKeys]
) -> pulumi.Input[dict[str, str]] | None:
    """A site's certificate, which is public."""
    if not fleet.control_plane.identity.sites:
        return None
    return pulumi.Output.unsecret(keys.apply(lambda known: known.identity(spec) or {}))


def _used(
    spec: SiteSpec, passphrases: pulumi.Output[Mapping[str, str]]
) -> pulumi.Input[Mapping[str, pulumi.Input[str]]]:
    """The stack's secrets that a site refers to; a plain empty dict if there are none."""
    return passphrases.apply(lambda known: inputs.used(spec, known)) if secrets_used(spec) else {}
