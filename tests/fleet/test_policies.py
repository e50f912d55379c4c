"""What everybody with an identity of a hub may do, decided for each action of AWS on each kind of resource.

The tables name all that is allowed; every other attempt must be refused. The run prints how many were.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import pytest
from botocore.session import Session
from moto.iam.aws_managed_policies import aws_managed_policies_data
from tests.cloud.policy_simulator import Document, Request, Rules, is_allowed, rbac_allows
from tests.fleet.test_control_plane import inputs, registered

from edgefleet.hub.permissions import AGENT, service_trust, site_trust
from edgefleet.keys.hub_access import access_manifests

Hubs = Mapping[str, Sequence[Any]]
SERVICES = (
    *("s3", "ssm", "kms", "iam", "sts", "ec2", "elbv2", "eks", "logs", "rolesanywhere", "route53", "budgets"),
    *("secretsmanager", "cloudformation", "lambda", "dynamodb", "sqs", "sns", "ecr", "organizations"),
)
PREFIXES = {"elbv2": "elasticloadbalancing"}
EXTRA = (
    *("s3:ListBucket", "s3:GetObjectVersion", "s3:DeleteObjectVersion", "s3:PutBucketPublicAccessBlock"),
    *(
        "iam:PassRole",
        "ssmmessages:OpenDataChannel",
        "ec2messages:GetMessages",
        "s3:PutEncryptionConfiguration",
    ),
    *(f"{service}:{action}" for service, actions in AGENT.items() for action in actions),
)
"""Actions that are no operation of an API."""
BUCKET = "arn:aws:s3:::retail-hub"
RESOURCES = {
    "bucket": BUCKET,
    "other bucket": "arn:aws:s3:::retail-hub-2",
    **{
        f"{what} of {whose}": f"{BUCKET}/images/{key.format(site)}"
        for whose, site in {
            "own": "store-0001",
            "another": "store-0002",
            "a longer name": "store-00011",
            "all": "*",
            "none": "",
        }.items()
        for what, key in {
            "release": "releases/{}/n1/0a",
            "prefix": "releases/{}",
            "pointer": "pointers/{}.json",
            "status": "status/{}/n1.json",
            "pointer's status": "status/{}.json",
            "image in the store": "sites/{}/n1/user-data",
        }.items()
    },
    "delegation": f"{BUCKET}/images/delegation.json",
    "rollout": f"{BUCKET}/images/rollouts/20261130t184500z/plan.json",
    "renewal": f"{BUCKET}/images/renewals/store-0001.json",
    "release beside the prefix": f"{BUCKET}/releases/store-0001/n1/0a",
    "pointer beside the prefix": f"{BUCKET}/pointers/store-0001.json",
    "release of a longer prefix": f"{BUCKET}/images2/releases/store-0001/n1/0a",
    "status in another bucket": "arn:aws:s3:::retail-hub-2/images/status/store-0001/n1.json",
    "image": f"{BUCKET}/sites/store-0001/server/user-data",
    "manifest": f"{BUCKET}/hub/manifests/access.yaml",
    "snapshot": f"{BUCKET}/hub/snapshots/etcd-snapshot-1",
    "object of another bucket": "arn:aws:s3:::retail-hub-2/hub/manifests/access.yaml",
    "secrets": "arn:aws:ssm:eu-central-1:123456789012:parameter/retail/eu/hub",
    "secret": "arn:aws:ssm:eu-central-1:123456789012:parameter/retail/eu/hub/tls/server-ca.key",
    "longer hub's secret": "arn:aws:ssm:eu-central-1:123456789012:parameter/retail/eu/hub2/token",
    "other hub's secrets": "arn:aws:ssm:eu-central-1:123456789012:parameter/retail/us/hub",
    "other hub's secret": "arn:aws:ssm:eu-central-1:123456789012:parameter/retail/us/hub/tls/server-ca.key",
    "secret elsewhere": "arn:aws:ssm:us-east-1:123456789012:parameter/retail/eu/hub/token",
    "key": "arn:aws:kms:eu-central-1:123456789012:key/0f8fad5b-d9cb-469f-a165-70867728950e",
    "server": "arn:aws:ec2:eu-central-1:123456789012:instance/i-0123456789abcdef0",
    "role": "arn:aws:iam::123456789012:role/retail-eu-hub",
    "cluster": "arn:aws:eks:eu-central-1:123456789012:cluster/retail-eu-hub",
    "anything": "*",
}
SITE = {
    "aws:PrincipalTag/x509Subject/CN": "store-0001",
    "aws:SecureTransport": "true",
    "s3:prefix": "images/releases/store-0001/",
}
ANCHOR = "arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/0f8fad5b-d9cb-469f-a165-70867728950e"
AGENTS = {(f"{service}:{action}", "*") for service, actions in AGENT.items() for action in actions}
MAY: Mapping[str, set[tuple[str, str]]] = {
    "site": {
        ("s3:GetObject", "delegation"),
        ("s3:GetObject", "pointer of own"),
        ("s3:GetObject", "release of own"),
        ("s3:PutObject", "status of own"),
    },
    "server": {
        *AGENTS,
        ("ssm:GetParametersByPath", "secrets"),
        ("ssm:GetParametersByPath", "secret"),
        ("s3:GetBucketLocation", "bucket"),
        ("s3:ListBucket", "bucket"),
        ("s3:GetObject", "manifest"),
        *(
            (f"s3:{action}", "snapshot")
            for action in ("GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload")
        ),
    },
}
"""dict[who -> all (action, resource) that it may]; ``*`` is every resource."""
NEVER = (
    *(
        "s3:",
        "kms:",
        "iam:",
        "secretsmanager:",
        "sts:",
        "rolesanywhere:",
        "ssm:getparameter",
        "ssm:sendcommand",
    ),
    *(
        "ssm:startsession",
        "ssm:putparameter",
        "ssm:describeparameters",
        "eks:create",
        "eks:delete",
        "eks:update",
    ),
    *("ec2:runinstances", "ec2:terminateinstances", "ec2:createsecuritygroup", "route53:", "lambda:"),
)
"""Beginnings of actions, in lower case, that a node of a managed hub may do on nothing."""


@pytest.fixture(scope="module")
def hubs(record: Callable[..., Sequence[Any]]) -> Hubs:
    """dict[kind of a hub -> all that it registers]."""
    return {kind: registered(record, kind=kind) for kind in ("k3s", "eks")}


@cache
def actions() -> tuple[str, ...]:
    """Every operation of the services, as a permission."""
    session = Session()
    named = {
        f"{PREFIXES.get(service, service)}:{operation}"
        for service in SERVICES
        for operation in session.get_service_model(service).operation_names
    }
    return tuple(sorted(named | set(EXTRA)))


def documents(found: Sequence[Any], role: str) -> list[Document]:
    """All policy documents of a role, AWS's own among them."""
    made = inputs(found, "Role", role)
    return [*made["policies"].values(), *map(managed, made.get("managedPolicies", ()))]


@cache
def _managed() -> Mapping[str, Any]:
    policies: Mapping[str, Any] = json.loads(aws_managed_policies_data)
    return policies


def managed(arn: str) -> Document:
    document: Document = _managed()[arn.rpartition("/")[2]]["Document"]
    return document


def granted(own: Iterable[Document], on_bucket: Document, context: Mapping[str, str]) -> set[tuple[str, str]]:
    """What is allowed of all attempts: (action, resource by its name in the table)."""
    policies = list(own)
    tried = [(action, name) for action in actions() for name in RESOURCES]
    allowed = {
        (action, name)
        for action, name in tried
        if is_allowed(Request(action, RESOURCES[name], context), policies, [on_bucket])
    }
    print(f"attempts {len(tried):,}, refused {len(tried) - len(allowed):,}, allowed {len(allowed):,}")  # noqa: T201 - the figure
    return allowed


@pytest.mark.parametrize(
    ("who", "role", "context"),
    [
        ("site", "sites", SITE),
        ("server", "servers", {"aws:SecureTransport": "true", "s3:prefix": "hub/snapshots/"}),
    ],
)
def test_a_role_may_do_what_the_table_says_and_nothing_else(
    who: str, role: str, context: Mapping[str, str], hubs: Hubs
) -> None:
    """Every action of twenty services on every kind of resource, its own and others'."""
    found = hubs["k3s"]
    expected = {
        (action, resource) for action, name in MAY[who] for resource in (RESOURCES if name == "*" else [name])
    }
    on_bucket = inputs(found, "Bucket", "artifacts")["policy"]
    assert expected == granted(documents(found, role), on_bucket, context)


@pytest.mark.parametrize("store", ["s3://retail-hub-2/images", "s3://retail-hub-2/images/"])
def test_a_site_follows_the_store_of_images(store: str, record: Callable[..., Sequence[Any]]) -> None:
    """Which may be another bucket than the hub's own."""
    found = registered(record, store=store)
    own = "status in another bucket"
    assert {("s3:PutObject", own)} == granted(documents(found, "sites"), {"Statement": []}, SITE)


@pytest.mark.parametrize("key", ["aws:PrincipalTag/x509Subject/CN", "aws:SecureTransport"])
def test_a_session_without_a_name_or_without_tls_reads_nothing(key: str, hubs: Hubs) -> None:
    """A certificate without a common name sets no tag."""
    found = hubs["k3s"]
    context = {name: value for name, value in SITE.items() if name != key}
    if key == "aws:SecureTransport":
        context[key] = "false"
    on_bucket = inputs(found, "Bucket", "artifacts")["policy"]
    assert set() == granted(documents(found, "sites"), on_bucket, context)


TRUSTS = {"servers": service_trust("ec2.amazonaws.com"), "sites": site_trust(ANCHOR)}


@pytest.mark.parametrize(
    ("role", "service", "source", "may"),
    [
        ("servers", "ec2.amazonaws.com", "", True),
        ("servers", "eks.amazonaws.com", "", False),
        ("servers", "rolesanywhere.amazonaws.com", ANCHOR, False),
        ("servers", "", "", False),
        ("sites", "rolesanywhere.amazonaws.com", ANCHOR, True),
        ("sites", "rolesanywhere.amazonaws.com", ANCHOR.replace("0f8", "1f8"), False),
        ("sites", "rolesanywhere.amazonaws.com", ANCHOR.replace("eu-central-1", "us-east-1"), False),
        ("sites", "rolesanywhere.amazonaws.com", "", False),
        ("sites", "ec2.amazonaws.com", ANCHOR, False),
        ("sites", "", ANCHOR, False),
    ],
)
def test_who_may_take_a_role(role: str, service: str, source: str, may: bool) -> None:  # noqa: FBT001 - a table
    """A site's by certificates of this hub's own authority alone."""
    context = {"aws:SourceArn": source} if source else {}
    assert may == is_allowed(Request("sts:AssumeRole", "", context, service=service), [TRUSTS[role]])


def test_a_node_of_a_managed_hub_reads_no_secret_and_changes_no_account(hubs: Hubs) -> None:
    """AWS's own policy of the agent would let it read the authority keys of other hubs."""
    found = hubs["eks"]
    on_bucket = inputs(found, "Bucket", "artifacts")["policy"]
    allowed = granted(documents(found, "nodes"), on_bucket, {"aws:SecureTransport": "true"})
    assert ("ecr:GetAuthorizationToken", "anything") in allowed
    assert set() == {(action, name) for action, name in allowed if action.lower().startswith(NEVER)}


def test_every_policy_is_one_that_the_tables_try(hubs: Hubs) -> None:
    """A role that is added has to be decided about here."""
    roles = {
        each.name.rpartition("/")[2]
        for kind in ("k3s", "eks")
        for each in hubs[kind]
        if each.type == "edgefleet:aws:Role"
    }
    assert {"servers", "sites", "cluster", "nodes"} == roles


EDIT: Rules = [
    {
        "apiGroups": [""],
        "resources": [
            *("pods", "pods/exec", "pods/attach", "pods/portforward", "services", "secrets", "configmaps"),
            *("persistentvolumeclaims", "serviceaccounts", "serviceaccounts/token", "endpoints"),
            *("replicationcontrollers",),
        ],
        "verbs": ["*"],
    },
    {
        "apiGroups": ["apps", "batch", "autoscaling", "policy", "networking.k8s.io"],
        "resources": ["*"],
        "verbs": ["*"],
    },
]
VIEW: Rules = [
    {
        "apiGroups": [""],
        "resources": [
            "pods",
            "pods/log",
            "services",
            "configmaps",
            "events",
            "serviceaccounts",
            "namespaces",
        ],
        "verbs": ["get", "list", "watch"],
    },
    {"apiGroups": ["apps", "batch"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
]
"""The roles of every cluster (Kubernetes docs, "User-facing roles"), as far as the targets below go."""
VERBS = (
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "bind",
    "escalate",
)
TARGETS = (
    *(
        ("", name)
        for name in ("pods", "pods/exec", "secrets", "configmaps", "serviceaccounts/token", "nodes")
    ),
    *(("", name) for name in ("namespaces", "nodes/proxy", "persistentvolumes", "users", "groups")),
    *(("apps", "deployments"), ("apps", "daemonsets"), ("batch", "jobs")),
    *(
        ("helm.cattle.io", "helmcharts"),
        ("helm.cattle.io", "helmchartconfigs"),
        ("upgrade.cattle.io", "plans"),
    ),
    *(("k3s.cattle.io", "addons"), ("rbac.authorization.k8s.io", "clusterrolebindings")),
    *(("rbac.authorization.k8s.io", "rolebindings"), ("rbac.authorization.k8s.io", "clusterroles")),
    *(
        ("certificates.k8s.io", "certificatesigningrequests"),
        ("apiextensions.k8s.io", "customresourcedefinitions"),
    ),
    *(
        ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
        ("storage.k8s.io", "storageclasses"),
    ),
)
NAMESPACES = ("", "apps", "default", "kube-system", "kube-public", "system-upgrade", "apps2")
WORKLOADS = {"", "apps", "batch"}


@pytest.mark.parametrize(
    "user", ["edgefleet:deployer:2", "edgefleet:read-only:2", "edgefleet:deployer:1", "nobody"]
)
def test_what_a_kubeconfig_may_do_in_the_hub(user: str) -> None:
    """Workloads of the declared namespaces, and looking; a HelmChart or a Plan is all of the cluster."""
    manifests = access_manifests((2,), ["apps"])
    allowed = set()
    tried = [(verb, *target, space) for verb in VERBS for target in TARGETS for space in NAMESPACES]
    for attempt in tried:
        if rbac_allows(manifests, {"edit": EDIT, "view": VIEW}, user, attempt):
            allowed.add(attempt)
    print(f"{user}: attempts {len(tried):,}, refused {len(tried) - len(allowed):,}")  # noqa: T201 - the figure
    changing = {attempt for attempt in allowed if attempt[0] not in {"get", "list", "watch"}}
    if user == "edgefleet:deployer:2":
        assert {"apps"} == {space for _, _, _, space in changing}
        assert {group for _, group, _, _ in changing} == WORKLOADS
        assert {"namespaces"} == {resource for _, _, resource, space in allowed if space != "apps"}
    elif user == "edgefleet:read-only:2":
        assert set() == changing
        assert "secrets" not in {resource for _, _, resource, _ in allowed}
        assert ("get", "upgrade.cattle.io", "plans", "system-upgrade") in allowed
    else:
        assert set() == allowed


def test_no_pod_of_a_deployer_gets_a_servers_disk_or_network() -> None:
    """Its namespaces admit pods of the baseline alone, and it cannot change the label that says so."""
    spaces = [each for each in access_manifests((1,), ["apps", "shop"]) if each["kind"] == "Namespace"]
    assert ["apps", "shop"] == [each["metadata"]["name"] for each in spaces]
    assert {"baseline"} == {
        each["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] for each in spaces
    }
    assert not rbac_allows(
        access_manifests((1,), ["apps"]),
        {"edit": EDIT, "view": VIEW},
        "edgefleet:deployer:1",
        ("patch", "", "namespaces", "apps"),
    )
