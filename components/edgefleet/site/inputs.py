"""From a fleet file and a stack's secrets to the inputs of each site's resource. Pure.

The component `Fleet`, `image build` and its workers, `image serve`, the sheets and `explain` take them from
here, so that a preview, a build and an explanation are about the same bytes. The fleet secret stays here: a
site's inputs hold only secrets that were derived for that site.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.hub_secrets import hub_references
from edgefleet.keys.certificates import Holder
from edgefleet.keys.derivation import hub_master, site_key
from edgefleet.keys.kubeedge_certificates import cloudcore, kubeedge_authority, kubeedge_identity
from edgefleet.keys.secret_scan import Known
from edgefleet.keys.site_certificate import check_outlasts, hub_server, identified, site_authority
from edgefleet.model.paths import format_path
from edgefleet.model.site import SiteSpec
from edgefleet.model.site_resource import SiteInputs
from edgefleet.model.spec import from_plain, to_plain
from edgefleet.model.stack_secrets import Reference, flaws, flaws_at, secrets_used
from edgefleet.site import known_secrets
from edgefleet.site.capacity import check_fits
from edgefleet.workloads.hub_nodes import at_nodes


@dataclass(frozen=True, kw_only=True)
class FleetKeys:
    """Keys and certificates that the fleet secret gives the sites of a region."""

    secret: str = field(repr=False)
    """The fleet secret."""
    fleet: Fleet = field(repr=False)

    @cached_property
    def authority(self) -> Holder:
        """The region's authority for sites; derived once for all of them."""
        name, region = self.fleet.name, self.fleet.region
        return site_authority(self._master, fleet=name, region=region)

    @cached_property
    def kubeedge_authority(self) -> Holder:
        """The region's authority for KubeEdge; derived once for all sites."""
        name, region = self.fleet.name, self.fleet.region
        return kubeedge_authority(self._master, fleet=name, region=region)

    @cached_property
    def _master(self) -> str:
        return hub_master(self.secret, fleet=self.fleet.name, region=self.fleet.region)

    def key(self, spec: SiteSpec) -> str:
        """A site's derived key."""
        return site_key(
            self.secret, fleet=spec.fleet, region=spec.region, site=spec.name, generation=spec.key_generation
        )

    def identity(self, spec: SiteSpec) -> dict[str, str] | None:
        """A site's certificate, which is public; `None` where the region has no authority for sites."""
        hub = self.fleet.control_plane
        if not hub.identity.sites:
            return None
        identity = identified(spec, self.key(spec), self.authority, hub).identity
        if identity is not None and hub.kubeedge is not None:
            own = kubeedge_identity(spec, self.key(spec), self.kubeedge_authority, hub)
            identity = replace(identity, kubeedge=own)
        return to_plain(identity)

    def hub_certificate(self, host: str) -> dict[str, str]:
        """dict[key of a Secret -> text] of the certificate of the hub's server at `host`."""
        by = self.authority
        holder = hub_server(self._master, by, host)
        return {"tls.crt": holder.certificate_pem, "tls.key": holder.key_pem, "ca.crt": by.certificate_pem}

    def cloudcore(self) -> dict[str, str]:
        """dict[key of a Secret -> text] of CloudCore's certificate and its authority, with their keys."""
        by, declared = self.kubeedge_authority, self.fleet.control_plane.kubeedge
        own = cloudcore(self._master, by, "" if declared is None else declared.address)
        return {
            "rootCA.crt": by.certificate_pem,
            "rootCA.key": by.key_pem,
            "server.crt": own.certificate_pem,
            "server.key": own.key_pem,
        }

    def known(self, passphrases: Mapping[str, str]) -> Known:
        """Marks of the secrets of every site of the fleet and of the stack, which no other image may hold."""
        sites = ((spec, self.key(spec)) for spec in self.fleet.sites.values())
        stack = known_secrets.of_stack(self.secret, self.fleet.name, self.fleet.region)
        return known_secrets.known(sites, stack, passphrases)


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSecrets:
    """Secrets in a stack's configuration for its sites."""

    stack: str
    """Name of the stack, for messages."""
    fleet_secret: str = field(repr=False)
    """32 random bytes in base64."""
    passphrases: Mapping[str, str] = field(repr=False)
    """dict[name -> secret]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """The inputs of the sites of a fleet, made on request."""

    fleet: Fleet
    sites: tuple[str, ...]
    """Names of the checked sites."""
    keys: FleetKeys
    passphrases: Mapping[str, str] = field(repr=False)

    def inputs(self, site: str) -> SiteInputs:
        """The inputs of the resource of `site`."""
        spec = self.fleet.sites[site]
        plain = laid_out(
            spec,
            store=self.fleet.images.store,
            key=self.keys.key(spec),
            passphrases=used(spec, self.passphrases),
            identity=self.keys.identity(spec),
        )
        return from_plain(SiteInputs, plain)

    def all_inputs(self) -> Iterator[SiteInputs]:
        """Those of each of `sites`, one after the other."""
        return map(self.inputs, self.sites)

    def known(self) -> Known:
        """See `FleetKeys.known`."""
        return self.keys.known(self.passphrases)


def known_of(sites: Iterable[SiteInputs]) -> Known:
    """Marks of the secrets of a plan's sites, the only ones that its worker has."""
    return known_secrets.known(((site, site.key) for site in sites), (), {})


def assemble(
    fleet: Fleet, secrets: StackSecrets, *, today: datetime, sites: Collection[str] | None = None
) -> Assembly:
    """The inputs of `sites`, or of all, after every check.

    Raises:
        InvalidInput: see `check` and `check_passphrases`.
    """
    names = tuple(fleet.sites if sites is None else sites)
    check(fleet, names, today=today)
    check_passphrases(fleet, names, secrets.passphrases, stack=secrets.stack)
    keys = FleetKeys(secret=secrets.fleet_secret, fleet=fleet)
    return Assembly(fleet=fleet, sites=names, keys=keys, passphrases=secrets.passphrases)


def check(fleet: Fleet, sites: Collection[str], *, today: datetime) -> None:
    """Check everything that needs no secret.

    Raises:
        InvalidInput: an identity would end while a site may be offline, or a medium is too small.
    """
    check_outlasts(fleet.sites, fleet.control_plane, today)
    check_fits({site: fleet.sites[site] for site in sites}, fleet.lock, fleet.locate)


def check_passphrases(
    fleet: Fleet, sites: Collection[str], passphrases: Mapping[str, str], *, stack: str
) -> None:
    """Check that the stack has each secret that one of `sites` or the hub refers to, on one line each.

    Raises:
        InvalidInput: it lacks some, or some are not what stands in their place.
    """
    places: dict[tuple[str, str], list[Problem]] = {}

    def report(flaw: tuple[Reference, str, str], where: str, path: str) -> None:
        place, code, problem = flaw
        hint = f"set it: edgefleet init -s {stack} --passphrase {place.name}"
        made = Problem(code=code, where=where, path=path, problem=problem, hint=hint)
        places.setdefault((where, place.name), []).append(made)

    for site in sites:
        for flaw in flaws(fleet.sites[site], passphrases):
            path = format_path(flaw[0].path)
            own = path if flaw[0].path[0] == "workloads" else f"sites.{site}.{path}"
            report(flaw, fleet.locate(site, path), own)
    for flaw in flaws_at(hub_references(fleet.hub_workloads), passphrases):
        report(flaw, fleet.provenance.near(flaw[0].path), format_path(flaw[0].path))
    if places:
        raise InvalidInput(equal[0].repeated(len(equal) - 1) for equal in places.values())


def used(spec: SiteSpec, passphrases: Mapping[str, str]) -> dict[str, str]:
    """Those of `passphrases` that a site refers to."""
    return {name: passphrases[name] for name in secrets_used(spec) if name in passphrases}


def laid_out(spec: SiteSpec, *, store: Any, key: Any, passphrases: Any, identity: Any) -> dict[str, Any]:
    """A site's spec, store and secrets, as its resource takes them.

    A secret is a value, or a program's output of one; without one it is empty or `None`.
    """
    inputs = to_plain(at_nodes(spec)) | {"store": store, "key": key}
    if passphrases:
        inputs["passphrases"] = passphrases
    if identity is not None:
        inputs["identity"] = identity
    return inputs
