"""Constraints of AWS's APIs on inputs, from botocore's service models. Written by `make schema`."""

from collections.abc import Mapping
from types import MappingProxyType

Limit = tuple[int | None, int | None, str]
LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        "budgets.CreateBudget.NotificationsWithSubscribers": (None, 10, ""),
        "eks.CreateCluster.name": (1, 100, "^[0-9A-Za-z][A-Za-z0-9\\-_]*"),
        "eks.CreateNodegroup.labels.key": (1, 63, ""),
        "eks.CreateNodegroup.labels.value": (1, 63, ""),
        "eks.CreateNodegroup.scalingConfig.desiredSize": (0, None, ""),
        "eks.CreateNodegroup.scalingConfig.maxSize": (1, None, ""),
        "eks.CreateNodegroup.scalingConfig.minSize": (0, None, ""),
        "elbv2.CreateTargetGroup.HealthCheckIntervalSeconds": (5, 300, ""),
        "elbv2.CreateTargetGroup.HealthyThresholdCount": (2, 10, ""),
        "iam.CreateInstanceProfile.InstanceProfileName": (1, 128, "[\\w+=,.@-]+"),
        "iam.CreateRole.Description": (None, 1000, "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*"),
        "iam.CreateRole.MaxSessionDuration": (3600, 43200, ""),
        "iam.CreateRole.Path": (1, 512, "(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)"),
        "iam.CreateRole.RoleName": (1, 64, "[\\w+=,.@-]+"),
        "iam.PutRolePolicy.PolicyName": (1, 128, "[\\w+=,.@-]+"),
        "rolesanywhere.CreateProfile.durationSeconds": (900, 43200, ""),
        "rolesanywhere.CreateProfile.name": (1, 255, "[ a-zA-Z0-9-_]*"),
        "rolesanywhere.CreateProfile.roleArns": (0, 250, ""),
        "rolesanywhere.CreateProfile.roleArns.[]": (1, 1011, "arn:aws(-[^:]+)?:iam(:.*){2}(:role.*)"),
        "rolesanywhere.CreateTrustAnchor.name": (1, 255, "[ a-zA-Z0-9-_]*"),
        "rolesanywhere.CreateTrustAnchor.source.sourceData.x509CertificateData": (1, 204800, ""),
        "rolesanywhere.ImportCrl.crlData": (1, 300000, ""),
        "rolesanywhere.ImportCrl.name": (1, 255, "[ a-zA-Z0-9-_]*"),
        "rolesanywhere.ImportCrl.trustAnchorArn": (
            1,
            1011,
            "arn:aws(-[^:]+)?:rolesanywhere(:.*){2}(:trust-anchor.*|:alias/trust-anchor/.*)",
        ),
        "route53.ChangeResourceRecordSets.ChangeBatch.Changes.[].ResourceRecordSet.TTL": (0, 2147483647, ""),
        "route53.CreateHostedZone.HostedZoneConfig.Comment": (None, 256, ""),
        "ssm.PutParameter.Description": (0, 1024, ""),
        "ssm.PutParameter.KeyId": (1, 256, "^([a-zA-Z0-9:/_-]+)$"),
    }
)
"""dict[service, operation and parameter -> (least, most, pattern of a text)]; a text's are of its length."""
