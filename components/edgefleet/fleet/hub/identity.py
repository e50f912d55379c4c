"""Identity in the cloud: of the hub's servers by a role that fetches secrets, of sites by certificate."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pulumi

from edgefleet.fleet import aws
from edgefleet.fleet.hub.wiring import Wiring
from edgefleet.fleet.open_inputs import derived, public
from edgefleet.hub.permissions import server_policies, service_trust, site_policies, site_trust
from edgefleet.hub.user_data import SECRETS, parameters_path
from edgefleet.io.yaml_text import to_yaml
from edgefleet.keys.certificates import pem
from edgefleet.keys.derivation import hub_master
from edgefleet.keys.hub_pki import HubIdentity, hub_of, role_kubeconfig
from edgefleet.keys.site_certificate import revocation_list, revoked_serials, site_authority
from edgefleet.model.channel import SESSION


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The outputs that the rest of the hub needs."""

    profile: aws.InstanceProfile
    ready: list[pulumi.Resource]
    """Resources that servers need before they start."""
    ca_hash: pulumi.Output[str]
    kubeconfigs: dict[str, pulumi.Output[str]]
    """dict[role -> kubeconfig as YAML], secret."""


def identity(wiring: Wiring) -> Identity:
    """Register it."""
    parameters = [_parameter(wiring, name) for name in SECRETS]
    role = aws.Role(
        wiring.child("servers"),
        {
            "name": wiring.prefix,
            "description": wiring.of_place("Servers of the hub of {} in {}.".format),
            "assumePolicy": service_trust("ec2.amazonaws.com"),
            "policies": derived(
                server_policies,
                wiring.partition,
                wiring.aws_region,
                wiring.of_place(parameters_path),
                wiring.hub.bucket or "",
            ),
            "tags": wiring.tags,
        },
        wiring.options(),
    )
    profile = aws.InstanceProfile(
        wiring.child("servers"),
        {"name": wiring.prefix, "role": role.id, "tags": wiring.tags},
        wiring.options(),
    )

    def kubeconfig(role: str) -> pulumi.Output[str]:
        def text(hub: HubIdentity, master: str, address: str, generations: Sequence[int]) -> str:
            return to_yaml(
                role_kubeconfig(hub, master, role=role, address=address, generation=generations[-1])
            )

        return _of(wiring, text, wiring.hub.dns_name or "", wiring.hub.identity.key_generations)

    return Identity(
        profile=profile,
        ready=[profile, *parameters],
        ca_hash=public(
            _of(wiring, lambda hub, _: hub.ca_hash),
            (wiring.fleet, wiring.region, wiring.hub.identity.key_generations),
        ),
        kubeconfigs={"deployer": kubeconfig("deployer"), "readOnly": kubeconfig("read-only")},
    )


def _parameter(wiring: Wiring, name: str) -> aws.Parameter:
    path = wiring.of_place(lambda fleet, region: f"{parameters_path(fleet, region)}/{name}")
    value = _of(wiring, lambda made, _: secret_of(made, name))
    return aws.Parameter(
        wiring.child(name.replace("/", "-")),
        {"name": path, "value": value, "tags": wiring.tags},
        wiring.options(),
    )


def secret_of(made: HubIdentity, name: str) -> str:
    """The secret that servers fetch under `name`."""
    tokens = {"token": made.server_token, "agent-token": made.agent_token}
    return tokens[name] if name in tokens else made.files[name.removeprefix("tls/")]


def _of(wiring: Wiring, value_of: Callable[..., str], *more: Any) -> pulumi.Output[str]:
    """What `value_of` makes of the hub's identity, its master and `more`."""

    def value(hub: list[Any], place: tuple[str, str], *more: Any) -> str:
        master, key, generations, version = hub
        return value_of(hub_of(master, place, (wiring.chain, key), generations, version), master, *more)

    hub = [wiring.master, wiring.chain_key, wiring.hub.identity.key_generations, wiring.hub.k3s.version]
    output: pulumi.Output[str] = derived(value, hub, (wiring.fleet, wiring.region), *more)
    return output


def site_identity(
    wiring: Wiring, store: pulumi.Input[str], revoked: pulumi.Input[Mapping[str, int]]
) -> dict[str, pulumi.Output[str]]:
    """Register the identity of sites; returns the dict[name -> ARN] that a site needs.

    Until it is revoked, a certificate grants access to its site's objects.

    Args:
        wiring: the hub.
        store: where releases are kept, ``s3://bucket/prefix``.
        revoked: dict[site -> last revoked key generation].
    """
    name = wiring.role_name("sites")

    def certificate(master: str, fleet: str, region: str) -> str:
        return site_authority(master, fleet=fleet, region=region).certificate_pem

    place = (wiring.fleet, wiring.region)
    shown = public(derived(certificate, wiring.master, *place), place)
    anchor = aws.TrustAnchor(
        wiring.child("sites"), {"name": name, "certificates": shown, "tags": wiring.tags}, wiring.options()
    )
    role = aws.Role(
        wiring.child("sites"),
        {
            "name": name,
            "description": wiring.of_place("Sites of {} in {}, by certificate.".format),
            "assumePolicy": anchor.arn.apply(site_trust),
            "policies": derived(site_policies, wiring.partition, store),
            "tags": wiring.tags,
        },
        wiring.options(),
    )
    profile = aws.RolesAnywhereProfile(
        wiring.child("sites"),
        {"name": name, "roles": [role.arn], "sessionSeconds": SESSION, "tags": wiring.tags},
        wiring.options(),
    )
    aws.Crl(
        wiring.child("sites"),
        {
            "name": name,
            "trustAnchor": anchor.arn,
            "data": public(derived(_revocations, wiring.secret, *place, wiring.now, revoked), place, revoked),
            "tags": wiring.tags,
        },
        wiring.options(),
    )
    return {"trustAnchor": anchor.arn, "profile": profile.arn, "role": role.arn}


def _revocations(secret: str, fleet: str, region: str, now: datetime, revoked: Mapping[str, int]) -> str:
    """The revocation list of the hub's sites, as PEM."""
    by = site_authority(hub_master(secret, fleet=fleet, region=region), fleet=fleet, region=region)
    serials = revoked_serials(secret, by, region=(fleet, region), revoked=revoked)
    return pem(revocation_list(by, serials, now))
