"""Identity in the cloud: of the hub's servers by a role that fetches secrets, of sites by certificate."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from edgefleet.fleet import aws
from edgefleet.fleet.hub.wiring import Wiring
from edgefleet.hub.permissions import server_policies, service_trust, site_policies, site_trust
from edgefleet.hub.user_data import SECRETS, parameters_path
from edgefleet.io.yaml_text import to_yaml
from edgefleet.keys.certificates import pem
from edgefleet.keys.derivation import hub_master
from edgefleet.keys.hub_pki import HubIdentity, hub_of, role_kubeconfig
from edgefleet.keys.site_certificate import revocation_list, revoked_serials, site_authority

SESSION_SECONDS = 900
"""Seconds of a site's session, the least of the API: a session of a revoked site lives on for that long."""


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
            "description": f"Servers of the hub of {wiring.fleet} in {wiring.region}.",
            "assumePolicy": service_trust("ec2.amazonaws.com"),
            "policies": server_policies(
                wiring.partition,
                wiring.aws_region,
                parameters=parameters_path(wiring.fleet, wiring.region),
                bucket=wiring.hub.bucket or "",
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
    address, generation = wiring.hub.dns_name or "", wiring.hub.identity.key_generations[-1]

    def kubeconfig(role: str) -> pulumi.Output[str]:
        return _of(
            wiring,
            lambda hub, master: to_yaml(
                role_kubeconfig(hub, master, role=role, address=address, generation=generation)
            ),
        )

    return Identity(
        profile=profile,
        ready=[profile, *parameters],
        ca_hash=pulumi.Output.unsecret(_of(wiring, lambda hub, _: hub.ca_hash)),
        kubeconfigs={"deployer": kubeconfig("deployer"), "readOnly": kubeconfig("read-only")},
    )


def _parameter(wiring: Wiring, name: str) -> aws.Parameter:
    path = f"{parameters_path(wiring.fleet, wiring.region)}/{name}"
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


def _of(wiring: Wiring, value_of: Callable[[HubIdentity, str], str]) -> pulumi.Output[str]:
    place, key_generations, version = (
        (wiring.fleet, wiring.region),
        wiring.hub.identity.key_generations,
        wiring.hub.k3s.version,
    )

    def value(secrets: Sequence[str]) -> str:
        master, key = secrets
        return value_of(hub_of(master, place, (wiring.chain, key), key_generations, version), master)

    return pulumi.Output.all(wiring.master, wiring.chain_key).apply(value)


def site_identity(wiring: Wiring, revoked: Mapping[str, int]) -> dict[str, pulumi.Output[str]]:
    """Register the identity of sites; returns the dict[name -> ARN] that a site needs.

    Until it is revoked, a certificate grants access to its site's objects.

    Args:
        wiring: the hub.
        revoked: dict[site -> last revoked key generation].
    """
    fleet, region = wiring.fleet, wiring.region
    name = wiring.role_name("sites")

    def certificate(master: str) -> str:
        return site_authority(master, fleet=fleet, region=region).certificate_pem

    shown = pulumi.Output.unsecret(wiring.master.apply(certificate))
    anchor = aws.TrustAnchor(
        wiring.child("sites"), {"name": name, "certificates": shown, "tags": wiring.tags}, wiring.options()
    )
    role = aws.Role(
        wiring.child("sites"),
        {
            "name": name,
            "description": f"Sites of {fleet} in {region}, by certificate.",
            "assumePolicy": anchor.arn.apply(site_trust),
            "policies": site_policies(wiring.partition, bucket=wiring.hub.bucket or ""),
            "tags": wiring.tags,
        },
        wiring.options(),
    )
    profile = aws.RolesAnywhereProfile(
        wiring.child("sites"),
        {"name": name, "roles": [role.arn], "sessionSeconds": SESSION_SECONDS, "tags": wiring.tags},
        wiring.options(),
    )
    aws.Crl(
        wiring.child("sites"),
        {
            "name": name,
            "trustAnchor": anchor.arn,
            "data": pulumi.Output.unsecret(
                wiring.secret.apply(lambda secret: _revocations(secret, wiring, revoked))
            ),
            "tags": wiring.tags,
        },
        wiring.options(),
    )
    return {"trustAnchor": anchor.arn, "profile": profile.arn, "role": role.arn}


def _revocations(secret: str, wiring: Wiring, revoked: Mapping[str, int]) -> str:
    """The revocation list of the hub's sites, as PEM."""
    fleet, region = wiring.fleet, wiring.region
    by = site_authority(hub_master(secret, fleet=fleet, region=region), fleet=fleet, region=region)
    serials = revoked_serials(secret, by, region=(fleet, region), revoked=revoked)
    return pem(revocation_list(by, serials, wiring.now))
