"""Row of `NodeGroup`."""

from tests.cloud.rows import eks_cluster
from tests.cloud.rows.row import Row

from edgefleet.cloud.node_group import NodeGroup
from edgefleet.io.aws import Aws


def needs(aws: Aws) -> dict[str, str]:
    made = eks_cluster.needs(aws)
    config = {"subnetIds": [made["a"], made["b"]]}
    aws.client("eks").create_cluster(name="hub", roleArn=eks_cluster.ROLE, resourcesVpcConfig=config)
    return made


def drift(aws: Aws, identity: str) -> None:
    cluster, _, name = identity.partition("/")
    scaling = {"minSize": 0, "maxSize": 9, "desiredSize": 9}
    aws.client("eks").update_nodegroup_config(clusterName=cluster, nodegroupName=name, scalingConfig=scaling)


def remove(aws: Aws, identity: str) -> None:
    cluster, _, name = identity.partition("/")
    aws.client("eks").delete_nodegroup(clusterName=cluster, nodegroupName=name)


ROW = Row(
    resource=NodeGroup(),
    needs=needs,
    inputs=lambda made: {
        "cluster": "hub",
        "name": "workers",
        "role": eks_cluster.ROLE,
        "subnets": [made["a"], made["b"]],
        "labels": {"tier": "hub"},
        "tags": {"team": "edge"},
    },
    changed=lambda made: {
        "cluster": "hub",
        "name": "workers",
        "role": eks_cluster.ROLE,
        "subnets": [made["a"], made["b"]],
        "most": 6,
    },
    drift=drift,
    remove=remove,
)
