"""A managed hub: a control plane and machines of EKS, with the roles that they need."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from edgefleet.fleet import aws
from edgefleet.fleet.hub.network import Network
from edgefleet.fleet.hub.wiring import Wiring
from edgefleet.fleet.open_inputs import derived
from edgefleet.hub.permissions import agent_policy, service_trust
from edgefleet.io.yaml_text import to_yaml
from edgefleet.keys.hub_pki import kubeconfig
from edgefleet.model.hub import GIB

CLUSTER_POLICIES = ("AmazonEKSClusterPolicy",)
NODE_POLICIES = (
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonEC2ContainerRegistryPullOnly",
)
"""AWS's own policies for each (EKS user guide, cluster and node IAM roles).

The agent of Systems Manager has a policy of ours: AWS's reads every parameter of the account, and other
hubs keep their authority keys in some.
"""


@dataclass(frozen=True, kw_only=True)
class Managed:
    """A managed cluster, as other stacks see it."""

    endpoint: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]
    """YAML without a secret: AWS authenticates its user."""


def managed(wiring: Wiring, network: Network) -> Managed:
    """Register it."""
    hub = wiring.hub
    cluster_role = _role(wiring, "cluster", "eks.amazonaws.com", CLUSTER_POLICIES)
    node_role = _role(wiring, "nodes", "ec2.amazonaws.com", NODE_POLICIES, own={"agent": agent_policy()})
    cluster = aws.EksCluster(
        wiring.child("cluster"),
        {
            "name": wiring.prefix,
            "version": hub.eks.version,
            "role": cluster_role.arn,
            "subnets": network.servers,
            "access": derived(list, hub.access),
            "logs": ["api", "audit", "authenticator"],
            "tags": wiring.tags,
        },
        wiring.options(depends_on=network.ready, holds_data=True),
    )
    named: dict[str, str] = {} if hub.eks.node_group is None else {"name": hub.eks.node_group}
    aws.NodeGroup(
        wiring.child("nodes"),
        {
            "cluster": cluster.id,
            "role": node_role.arn,
            "subnets": network.servers,
            "instanceTypes": [hub.instance_type],
            "diskSize": derived(lambda size: size // GIB, hub.volume.size),
            "least": hub.eks.min_nodes,
            "wanted": derived(lambda least: max(least, 1), hub.eks.min_nodes),
            "most": hub.eks.max_nodes,
            "tags": wiring.tags,
        },
        wiring.options(),
        **named,
    )
    config = pulumi.Output.all(
        wiring.prefix, wiring.aws_region, cluster.endpoint, cluster.certificateAuthority
    ).apply(lambda parts: to_yaml(_kubeconfig(*(part or "" for part in parts))))
    return Managed(endpoint=cluster.endpoint, kubeconfig=config)


def _role(
    wiring: Wiring,
    name: str,
    service: str,
    policies: tuple[str, ...],
    *,
    own: Mapping[str, dict[str, Any]] | None = None,
) -> aws.Role:
    return aws.Role(
        wiring.child(name),
        {
            "name": wiring.role_name(f"hub-{name}"),
            "assumePolicy": service_trust(service),
            "managedPolicies": derived(
                lambda partition: [f"arn:{partition}:iam::aws:policy/{policy}" for policy in policies],
                wiring.partition,
            ),
            "policies": dict(own or {}),
            "tags": wiring.tags,
        },
        wiring.options(),
    )


def _kubeconfig(name: str, region: str, endpoint: str, authority: str) -> dict[str, object]:
    """A kubeconfig whose user asks AWS for a token (EKS user guide, "Create a kubeconfig file")."""
    ask = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": ["--region", region, "eks", "get-token", "--cluster-name", name, "--output", "json"],
    }
    return kubeconfig(endpoint, authority, "aws", {"exec": ask})
