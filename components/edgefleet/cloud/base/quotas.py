"""How many of something AWS takes at the most, and the page that states it. Pure.

A quota that AWS raises on request is checked at the most that it grants: an account with a lower one gets
AWS's own answer. Pages are below https://docs.aws.amazon.com/.
"""

from typing import Any, NamedTuple

from pydantic import Field

_VPC = "vpc/latest/userguide/amazon-vpc-limits.html"
_EKS = "eks/latest/userguide/service-quotas.html"
_IAM = "IAM/latest/UserGuide/reference_iam-quotas.html"


class Quota(NamedTuple):
    """One quota."""

    most: int
    page: str


QUOTAS = {
    "routes of a route table": Quota(1_000, _VPC),  # 500, up to 1,000 on request
    "rules of a security group": Quota(1_000, _VPC),  # 60; with the groups of an interface up to 1,000
    "security groups of an interface": Quota(16, _VPC),  # 5, up to 16 on request
    "security groups of a cluster": Quota(4, _EKS),  # not adjustable
    "networks with access to a cluster": Quota(40, _EKS),  # not adjustable
    "instance types of a node group": Quota(20, "eks/latest/APIReference/API_CreateNodegroup.html"),
    "managed policies of a role": Quota(25, _IAM),  # 20, up to 25 on request
    "characters of a trust policy": Quota(8_192, _IAM),  # 2,048, up to 8,192 on request
    "characters of a role's own policies": Quota(10_240, _IAM),  # not adjustable
    "values of a record": Quota(400, "Route53/latest/DeveloperGuide/DNSLimitations.html"),
    "lifecycle rules of a bucket": Quota(1_000, "AmazonS3/latest/API/API_LifecycleConfiguration.html"),
    "addresses of a notice": Quota(
        10, "aws-cost-management/latest/APIReference/API_budgets_NotificationWithSubscribers.html"
    ),
}


def at_most(of: str) -> Any:
    """The constraint of a list: it has as many items at the most as the quota called `of`."""
    return Field(max_length=QUOTAS[of].most)
