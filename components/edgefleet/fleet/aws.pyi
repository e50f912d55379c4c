"""AWS resources as classes of a Pulumi program; written by `make schema`, not by hand."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

class BucketRule(TypedDict):
    """When objects below a prefix are removed."""

    prefix: NotRequired[pulumi.Input[str] | None]
    """Beginning of their names; all where it is empty."""
    expireDays: NotRequired[pulumi.Input[int] | None]
    """Days after which they are removed; never where it is absent."""
    earlierDays: NotRequired[pulumi.Input[int] | None]
    """Days after which earlier versions are removed; never where it is absent."""
    partsDays: NotRequired[pulumi.Input[int] | None]
    """Days after which the parts of uploads that were never finished are removed; 0 for never."""

class BudgetNotice(TypedDict):
    """Threshold of a notification."""

    percent: pulumi.Input[float]
    """Percent of the limit."""
    forecast: NotRequired[pulumi.Input[bool] | None]
    """Whether the month's forecast counts in place of what was used."""

class DnsAlias(TypedDict):
    """What an alias record points at."""

    dnsName: pulumi.Input[str]
    """Name of a load balancer or bucket."""
    zoneId: pulumi.Input[str]
    """Hosted zone of that name."""

class Route(TypedDict):
    """One route: a destination and what leads there."""

    cidr: pulumi.Input[str]
    """IPv4 destination, ``0.0.0.0/0`` for all others."""
    gatewayId: NotRequired[pulumi.Input[str] | None]
    """Id of an Internet gateway or a virtual private gateway."""
    natGatewayId: NotRequired[pulumi.Input[str] | None]
    """Id of a NAT gateway."""
    networkInterfaceId: NotRequired[pulumi.Input[str] | None]
    """Id of a machine's network interface."""
    peeringId: NotRequired[pulumi.Input[str] | None]
    """Id of a peering with another network."""
    transitGatewayId: NotRequired[pulumi.Input[str] | None]
    """Id of a transit gateway."""

class SecurityRule(TypedDict):
    """One rule: a protocol, ports, and one source or destination."""

    protocol: NotRequired[pulumi.Input[str] | None]
    """``tcp``, ``udp``, ``icmp``, ``icmpv6``, the number of another one, or ``-1`` for all."""
    fromPort: NotRequired[pulumi.Input[int] | None]
    """First port; absent for all ports of the protocol."""
    toPort: NotRequired[pulumi.Input[int] | None]
    """Last port; the first one where it is absent."""
    cidr: NotRequired[pulumi.Input[str] | None]
    """IPv4 network, ``10.0.0.0/16``."""
    cidr6: NotRequired[pulumi.Input[str] | None]
    """IPv6 network, ``fd00::/8``."""
    securityGroup: NotRequired[pulumi.Input[str] | None]
    """Id of a security group; ``self`` for this one."""
    prefixList: NotRequired[pulumi.Input[str] | None]
    """Id of a prefix list."""
    description: NotRequired[pulumi.Input[str] | None]
    """Description."""

class ServerUserData(TypedDict):
    """First-boot configuration of a server, by how its etcd begins; without secrets."""

    init: pulumi.Input[str]
    """Of the first server."""
    join: pulumi.Input[str]
    """Of each other one."""
    restore: NotRequired[pulumi.Input[str] | None]
    """Of the first one of a hub that begins from a snapshot."""

class ServerVolume(TypedDict):
    """The encrypted disk of each server."""

    size: NotRequired[pulumi.Input[int] | None]
    """GiB."""
    type: NotRequired[pulumi.Input[str] | None]
    """Kind of disk. One of: gp3, io2."""
    iops: NotRequired[pulumi.Input[int] | None]
    """Operations a second; the kind's own base where it is absent."""
    keyArn: NotRequired[pulumi.Input[str] | None]
    """ARN of the KMS key; the account's own for disks where it is absent."""

class BucketArgs(TypedDict):
    """Inputs of a Bucket."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    name: pulumi.Input[str]
    """Name of the bucket; S3's names are global."""
    versioning: NotRequired[pulumi.Input[bool] | None]
    """Keep earlier versions of objects."""
    forceDestroy: NotRequired[pulumi.Input[bool] | None]
    """Remove the bucket even with objects in it, and every version of them."""
    encryption: NotRequired[pulumi.Input[str] | None]
    """How objects are encrypted at rest: with S3's own keys, or with one of KMS. One of: AES256, aws:kms."""
    keyArn: NotRequired[pulumi.Input[str] | None]
    """ARN of the KMS key; the account's own for S3 where it is absent."""
    lifecycle: NotRequired[pulumi.Input[Sequence[pulumi.Input[BucketRule]]] | None]
    """When objects are removed; never where there is none."""
    policy: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[Any]]] | None]
    """Policy document of the bucket; none where it is absent."""

class Bucket(pulumi.CustomResource):
    """A bucket with blocked public access, encryption and, by default, versions."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    region: pulumi.Output[str]
    """Region that it is in."""
    encryption: pulumi.Output[str]
    """How objects are encrypted at rest."""
    publicAccessBlocked: pulumi.Output[bool]
    """Whether all four of S3's blocks on public access are on."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: BucketArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Bucket:
        """Look up an existing one by its id, without managing it."""

class BucketObjectArgs(TypedDict):
    """Inputs of a BucketObject."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    bucket: pulumi.Input[str]
    """Name of the bucket."""
    key: pulumi.Input[str]
    """Name of the object in it."""
    content: NotRequired[pulumi.Input[str] | None]
    """Its text."""
    contentBase64: NotRequired[pulumi.Input[str] | None]
    """Its bytes."""
    source: NotRequired[pulumi.Input[str] | None]
    """Path of a file in the project; give `source_sha256` with it, so that a change of the file is seen."""
    sourceSha256: NotRequired[pulumi.Input[str] | None]
    """SHA-256 of that file in hexadecimal."""
    contentType: NotRequired[pulumi.Input[str] | None]
    """Media type."""
    cacheControl: NotRequired[pulumi.Input[str] | None]
    """HTTP's Cache-Control."""
    metadata: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """dict[name in lower case -> value] in addition to those of its owner."""

class BucketObject(pulumi.CustomResource):
    """A file in a bucket (S3 API, PutObject); of `content`, `content_base64` and `source` one is given."""

    sha256: pulumi.Output[str]
    """SHA-256 of its content, in hexadecimal; null if it was written outside."""
    uri: pulumi.Output[str]
    """``s3://<bucket>/<key>``."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: BucketObjectArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> BucketObject:
        """Look up an existing one by its id, without managing it."""

class BudgetArgs(TypedDict):
    """Inputs of a Budget."""

    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    name: pulumi.Input[str]
    """Name, unique in the account."""
    monthly: pulumi.Input[float]
    """US dollars a month."""
    notify: pulumi.Input[Sequence[pulumi.Input[str]]]
    """E-mail addresses of recipients; ten at most."""
    notices: NotRequired[pulumi.Input[Sequence[pulumi.Input[BudgetNotice]]] | None]
    """When they are notified."""
    costTag: NotRequired[pulumi.Input[str] | None]
    """Only what has this tag counts, ``key$value``; it has to be activated for cost allocation."""

class Budget(pulumi.CustomResource):
    """A limit of a month's cost (Budgets API, CreateBudget)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: BudgetArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Budget:
        """Look up an existing one by its id, without managing it."""

class CrlArgs(TypedDict):
    """Inputs of a Crl."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    name: pulumi.Input[str]
    """Name."""
    trustAnchor: pulumi.Input[str]
    """ARN of the trust anchor whose certificates are meant."""
    data: pulumi.Input[str]
    """The list as PEM; none of it is secret. Lists of one week with the same entries are equal."""
    enabled: NotRequired[pulumi.Input[bool] | None]
    """Whether it is in use; a list that is not revokes nothing."""

class Crl(pulumi.CustomResource):
    """A list of revoked certificates (IAM Roles Anywhere API, ImportCrl)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: CrlArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Crl:
        """Look up an existing one by its id, without managing it."""

class DnsRecordArgs(TypedDict):
    """Inputs of a DnsRecord."""

    zoneId: pulumi.Input[str]
    """Id of the hosted zone."""
    name: pulumi.Input[str]
    """Whole name, ``hub.example.org``."""
    type: NotRequired[pulumi.Input[str] | None]
    """Type of the record. One of: A, AAAA, CNAME, TXT, SRV."""
    ttl: NotRequired[pulumi.Input[int] | None]
    """Seconds that others may keep it; an alias has none of its own."""
    records: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Values."""
    alias: NotRequired[pulumi.Input[DnsAlias] | None]
    """What it points at in the place of values."""
    allowOverwrite: NotRequired[pulumi.Input[bool] | None]
    """Take the place of a record of this name that exists."""

class DnsRecord(pulumi.CustomResource):
    """A name in a hosted zone (Route 53 API, ChangeResourceRecordSets). Records have no tags."""

    fqdn: pulumi.Output[str]
    """The whole name."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: DnsRecordArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> DnsRecord:
        """Look up an existing one by its id, without managing it."""

class EksClusterArgs(TypedDict):
    """Inputs of an EksCluster."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    name: pulumi.Input[str]
    """Name, unique in the region."""
    version: pulumi.Input[str]
    """Kubernetes minor version, ``1.36``; raised one at a time, by AWS too once it is out of support."""
    role: pulumi.Input[str]
    """ARN of the role that EKS takes."""
    subnets: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Ids of subnets in two zones at least."""
    securityGroups: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Ids of security groups beside EKS's own."""
    publicAccess: NotRequired[pulumi.Input[bool] | None]
    """Whether the API can be reached from outside of the network."""
    access: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Networks that may reach it from outside."""
    privateAccess: NotRequired[pulumi.Input[bool] | None]
    """Whether it can be reached from inside."""
    keyArn: NotRequired[pulumi.Input[str] | None]
    """ARN of the KMS key that encrypts secrets in etcd; EKS's own where it is absent."""
    logs: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Which logs are kept in CloudWatch."""

class EksCluster(pulumi.CustomResource):
    """A managed control plane (EKS API, CreateCluster); access is given by API entries alone."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    endpoint: pulumi.Output[str]
    """Address of its API."""
    certificateAuthority: pulumi.Output[str]
    """Certificate of its API, base64 of PEM."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: EksClusterArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> EksCluster:
        """Look up an existing one by its id, without managing it."""

class ElasticIpArgs(TypedDict):
    """Inputs of an ElasticIp."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""

class ElasticIp(pulumi.CustomResource):
    """A public IPv4 address that stays (EC2 API, AllocateAddress)."""

    publicIp: pulumi.Output[str]
    """The address."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: ElasticIpArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> ElasticIp:
        """Look up an existing one by its id, without managing it."""

class HostedZoneArgs(TypedDict):
    """Inputs of a HostedZone."""

    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    name: pulumi.Input[str]
    """Domain, ``hub.example.org``."""
    vpcs: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Ids of the networks that see it; everybody does where there is none."""
    vpcRegion: NotRequired[pulumi.Input[str] | None]
    """Region of those networks; the provider's where it is absent."""
    comment: NotRequired[pulumi.Input[str] | None]
    """Description."""

class HostedZone(pulumi.CustomResource):
    """A domain of Route 53 (Route 53 API, CreateHostedZone)."""

    nameServers: pulumi.Output[list[str]]
    """Its name servers; a private one has none."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: HostedZoneArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> HostedZone:
        """Look up an existing one by its id, without managing it."""

class InstanceProfileArgs(TypedDict):
    """Inputs of an InstanceProfile."""

    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    name: pulumi.Input[str]
    """Name, unique in the account."""
    role: pulumi.Input[str]
    """Name of the role."""

class InstanceProfile(pulumi.CustomResource):
    """How a machine gets a role (IAM API, CreateInstanceProfile)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: InstanceProfileArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> InstanceProfile:
        """Look up an existing one by its id, without managing it."""

class InternetGatewayArgs(TypedDict):
    """Inputs of an InternetGateway."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    vpcId: pulumi.Input[str]
    """Id of the network that it is attached to; a network has one at most."""

class InternetGateway(pulumi.CustomResource):
    """A network's door to the Internet (EC2 API, CreateInternetGateway)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: InternetGatewayArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> InternetGateway:
        """Look up an existing one by its id, without managing it."""

class ListenerArgs(TypedDict):
    """Inputs of a Listener."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    loadBalancer: pulumi.Input[str]
    """ARN of the load balancer."""
    port: pulumi.Input[int]
    """Port that it listens on."""
    targetGroup: pulumi.Input[str]
    """ARN of the target group that it sends to."""
    protocol: NotRequired[pulumi.Input[str] | None]
    """What it takes. One of: TCP, UDP, TCP_UDP."""

class Listener(pulumi.CustomResource):
    """A port of a load balancer (Elastic Load Balancing API, CreateListener)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: ListenerArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Listener:
        """Look up an existing one by its id, without managing it."""

class LogGroupArgs(TypedDict):
    """Inputs of a LogGroup."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    name: pulumi.Input[str]
    """Name, ``/retail/eu/hub``."""
    retentionDays: NotRequired[pulumi.Input[int] | None]
    """Days that they are kept; 0 for ever."""
    keyArn: NotRequired[pulumi.Input[str] | None]
    """ARN of the KMS key that encrypts them; AWS's own where it is absent."""

class LogGroup(pulumi.CustomResource):
    """Where logs are kept (CloudWatch Logs API, CreateLogGroup)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: LogGroupArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> LogGroup:
        """Look up an existing one by its id, without managing it."""

class NatGatewayArgs(TypedDict):
    """Inputs of a NatGateway."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    subnetId: pulumi.Input[str]
    """Id of the subnet that it stands in: a public one, for a public gateway."""
    allocationId: NotRequired[pulumi.Input[str] | None]
    """Id of the elastic address that it has; a private gateway has none."""
    connectivity: NotRequired[pulumi.Input[str] | None]
    """``public`` leads to the Internet, ``private`` to other networks. One of: public, private."""

class NatGateway(pulumi.CustomResource):
    """How machines without public addresses reach the outside (EC2 API, CreateNatGateway)."""

    privateIp: pulumi.Output[str]
    """Its address inside."""
    publicIp: pulumi.Output[str]
    """Its address outside; none of a private one."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: NatGatewayArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> NatGateway:
        """Look up an existing one by its id, without managing it."""

class NetworkLoadBalancerArgs(TypedDict):
    """Inputs of a NetworkLoadBalancer."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    name: NotRequired[pulumi.Input[str] | None]
    """Name: 32 letters, digits and hyphens at most. By default edgefleet chooses one for each replacement."""
    subnets: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Ids of subnets, one a zone."""
    securityGroups: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Ids of security groups; a load balancer that was created without any cannot get one."""
    internal: NotRequired[pulumi.Input[bool] | None]
    """Whether it has addresses inside only."""
    crossZone: NotRequired[pulumi.Input[bool] | None]
    """Whether each of its nodes sends to machines of all zones."""
    deletionProtection: NotRequired[pulumi.Input[bool] | None]
    """Whether AWS refuses to remove it."""

class NetworkLoadBalancer(pulumi.CustomResource):
    """One address for several machines (Elastic Load Balancing API, CreateLoadBalancer)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    dnsName: pulumi.Output[str]
    """Its name, for a record to point at."""
    zoneId: pulumi.Output[str]
    """Hosted zone of its name, for an alias record."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: NetworkLoadBalancerArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(
        name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> NetworkLoadBalancer:
        """Look up an existing one by its id, without managing it."""

class NodeGroupArgs(TypedDict):
    """Inputs of a NodeGroup."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    cluster: pulumi.Input[str]
    """Name of the cluster."""
    name: NotRequired[pulumi.Input[str] | None]
    """Name, unique in the cluster. By default edgefleet chooses one for each replacement."""
    role: pulumi.Input[str]
    """ARN of the role that the machines have."""
    subnets: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Ids of the subnets that they are in."""
    instanceTypes: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Types that they may have."""
    amiType: NotRequired[pulumi.Input[str] | None]
    """Kind of machine image."""
    diskSize: NotRequired[pulumi.Input[int] | None]
    """GiB of each disk."""
    least: NotRequired[pulumi.Input[int] | None]
    """Least machines."""
    most: NotRequired[pulumi.Input[int] | None]
    """Most machines."""
    wanted: NotRequired[pulumi.Input[int] | None]
    """Machines to begin with; an autoscaler moves their number between `least` and `most`.

    Only its creation uses it: others may change it later, and no update sets it back.
    """
    labels: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Labels of the nodes."""

class NodeGroup(pulumi.CustomResource):
    """Machines of a managed cluster (EKS API, CreateNodegroup)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: NodeGroupArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> NodeGroup:
        """Look up an existing one by its id, without managing it."""

class ParameterArgs(TypedDict):
    """Inputs of a Parameter."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    name: pulumi.Input[str]
    """Path, ``/retail/eu/hub/token``."""
    value: pulumi.Input[str]
    """The value; at most 4,096 bytes."""
    type: NotRequired[pulumi.Input[str] | None]
    """Encrypted or plain. One of: SecureString, String."""
    keyId: NotRequired[pulumi.Input[str] | None]
    """KMS key that encrypts it; the account's own for parameters where it is absent."""
    description: NotRequired[pulumi.Input[str] | None]
    """Description."""

class Parameter(pulumi.CustomResource):
    """A value in the Parameter Store (Systems Manager API, PutParameter)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    version: pulumi.Output[int]
    """Counts up with each value."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: ParameterArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Parameter:
        """Look up an existing one by its id, without managing it."""

class RoleArgs(TypedDict):
    """Inputs of a Role."""

    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    name: NotRequired[pulumi.Input[str] | None]
    """Name, unique in the account. By default edgefleet chooses one for each replacement."""
    assumePolicy: pulumi.Input[Mapping[str, pulumi.Input[Any]]]
    """Policy document of the principals that may assume the role."""
    policies: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[Mapping[str, pulumi.Input[Any]]]]] | None]
    """dict[name -> policy document] of what it may do."""
    managedPolicies: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """ARNs of policies beside these."""
    description: NotRequired[pulumi.Input[str] | None]
    """Description."""
    path: NotRequired[pulumi.Input[str] | None]
    """Path of the name."""
    boundary: NotRequired[pulumi.Input[str] | None]
    """ARN of the policy that bounds what it may do."""
    sessionSeconds: NotRequired[pulumi.Input[int] | None]
    """Seconds of a session at most."""

class Role(pulumi.CustomResource):
    """What a machine or service may do (IAM API, CreateRole)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: RoleArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Role:
        """Look up an existing one by its id, without managing it."""

class RolesAnywhereProfileArgs(TypedDict):
    """Inputs of a RolesAnywhereProfile."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    name: pulumi.Input[str]
    """Name."""
    roles: pulumi.Input[Sequence[pulumi.Input[str]]]
    """ARNs of the roles."""
    sessionPolicy: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[Any]]] | None]
    """Policy document that bounds what a session may do."""
    sessionSeconds: NotRequired[pulumi.Input[int] | None]
    """Seconds of a session; one of a revoked certificate lives on for that long."""
    enabled: NotRequired[pulumi.Input[bool] | None]
    """Whether it is in use."""

class RolesAnywhereProfile(pulumi.CustomResource):
    """Which roles a certificate may take (IAM Roles Anywhere API, CreateProfile)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: RolesAnywhereProfileArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(
        name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> RolesAnywhereProfile:
        """Look up an existing one by its id, without managing it."""

class RouteTableArgs(TypedDict):
    """Inputs of a RouteTable."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    vpcId: pulumi.Input[str]
    """Id of the network."""
    routes: NotRequired[pulumi.Input[Sequence[pulumi.Input[Route]]] | None]
    """Routes in addition to the network's own; undeclared ones are removed."""
    subnets: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """Ids of the subnets that use it."""

class RouteTable(pulumi.CustomResource):
    """Where a subnet's packets go (EC2 API, CreateRouteTable); the network's own route is always there."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: RouteTableArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> RouteTable:
        """Look up an existing one by its id, without managing it."""

class SecurityGroupArgs(TypedDict):
    """Inputs of a SecurityGroup."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    vpcId: pulumi.Input[str]
    """Id of the network."""
    name: NotRequired[pulumi.Input[str] | None]
    """Name, unique in the network. By default edgefleet chooses one for each replacement."""
    description: NotRequired[pulumi.Input[str] | None]
    """Description; AWS does not allow changes to it."""
    ingress: NotRequired[pulumi.Input[Sequence[pulumi.Input[SecurityRule]]] | None]
    """Sources that may reach it; by default none."""
    egress: NotRequired[pulumi.Input[Sequence[pulumi.Input[SecurityRule]]] | None]
    """Destinations that it may reach; by default none (AWS's own allow-all rule is removed)."""

class SecurityGroup(pulumi.CustomResource):
    """Who may reach a machine, and whom it may reach (EC2 API, CreateSecurityGroup)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: SecurityGroupArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> SecurityGroup:
        """Look up an existing one by its id, without managing it."""

class ServerSetArgs(TypedDict):
    """Inputs of a ServerSet."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    name: pulumi.Input[str]
    """Name, unique in the account and region."""
    image: pulumi.Input[str]
    """Id of the machine image."""
    instanceType: pulumi.Input[str]
    """Type of each machine."""
    subnets: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Ids of subnets, one a zone; server after server is put into the next one."""
    securityGroups: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Ids of security groups."""
    instanceProfile: pulumi.Input[str]
    """Name of the instance profile by which servers fetch their secrets."""
    userData: pulumi.Input[ServerUserData]
    """First-boot configuration."""
    marker: pulumi.Input[str]
    """Name of the parameter that records that the cluster was initialised; it is deleted with the set."""
    targetGroups: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]] | None]
    """ARNs of target groups that servers are in."""
    servers: NotRequired[pulumi.Input[int] | None]
    """1, 3 or 5."""
    rollOn: NotRequired[pulumi.Input[str] | None]
    """Servers are replaced when this changes; when `user_data.join` does, where it is absent."""
    k3sVersion: NotRequired[pulumi.Input[str] | None]
    """Release that servers run; a change is checked for skew and rolls nothing: a Plan upgrades them."""
    volume: NotRequired[pulumi.Input[ServerVolume] | None]
    """The disk of each."""
    joinSeconds: NotRequired[pulumi.Input[int] | None]
    """Seconds that a server may take to join."""

class ServerSet(pulumi.CustomResource):
    """The hub's servers: machines with embedded etcd, over several zones."""

    config: pulumi.Output[str]
    """Digest of the servers' settings."""
    state: pulumi.Output[str]
    """``complete`` if each slot has one running, current server; else ``incomplete``."""
    members: pulumi.Output[list[dict[str, Any]]]
    """The servers, by place."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: ServerSetArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> ServerSet:
        """Look up an existing one by its id, without managing it."""

class SubnetArgs(TypedDict):
    """Inputs of a Subnet."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    vpcId: pulumi.Input[str]
    """Id of the network."""
    cidr: pulumi.Input[str]
    """IPv4 addresses inside the network's, ``10.0.1.0/24``; from /16 to /28."""
    zone: NotRequired[pulumi.Input[str] | None]
    """Availability zone, ``eu-central-1a``; AWS chooses where it is absent."""
    publicAddresses: NotRequired[pulumi.Input[bool] | None]
    """Give each instance a public address."""

class Subnet(pulumi.CustomResource):
    """A part of a network (EC2 API, CreateSubnet)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    availabilityZone: pulumi.Output[str]
    """Zone that it is in."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: SubnetArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Subnet:
        """Look up an existing one by its id, without managing it."""

class TargetGroupArgs(TypedDict):
    """Inputs of a TargetGroup."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    name: NotRequired[pulumi.Input[str] | None]
    """Name: 32 letters, digits and hyphens at most. By default edgefleet chooses one for each replacement."""
    vpcId: pulumi.Input[str]
    """Id of the network."""
    port: pulumi.Input[int]
    """Port of the machines."""
    protocol: NotRequired[pulumi.Input[str] | None]
    """What it passes on. One of: TCP, TLS, UDP, TCP_UDP."""
    targetType: NotRequired[pulumi.Input[str] | None]
    """Whether targets are named by instance or address. One of: instance, ip."""
    healthInterval: NotRequired[pulumi.Input[int] | None]
    """Seconds between two checks."""
    healthyCount: NotRequired[pulumi.Input[int] | None]
    """Checks in a row that make a machine healthy, or unhealthy."""
    deregistrationDelay: NotRequired[pulumi.Input[int] | None]
    """Seconds that connections may go on after a machine left."""
    preserveClientIp: NotRequired[pulumi.Input[bool] | None]
    """Whether machines see the client's address; a machine cannot reach itself through it then."""

class TargetGroup(pulumi.CustomResource):
    """The machines that a load balancer sends to (Elastic Load Balancing API, CreateTargetGroup)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: TargetGroupArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> TargetGroup:
        """Look up an existing one by its id, without managing it."""

class TrustAnchorArgs(TypedDict):
    """Inputs of a TrustAnchor."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    name: pulumi.Input[str]
    """Name."""
    certificates: pulumi.Input[str]
    """The authority's certificate as PEM; none of it is secret."""
    enabled: NotRequired[pulumi.Input[bool] | None]
    """Whether it is in use."""

class TrustAnchor(pulumi.CustomResource):
    """An authority whose certificates are believed (IAM Roles Anywhere API, CreateTrustAnchor)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: TrustAnchorArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> TrustAnchor:
        """Look up an existing one by its id, without managing it."""

class VpcArgs(TypedDict):
    """Inputs of a Vpc."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags in addition to those of its owner."""
    cidr: pulumi.Input[str]
    """IPv4 addresses, ``10.0.0.0/16``; from /16 to /28."""
    enableDnsSupport: NotRequired[pulumi.Input[bool] | None]
    """Answer DNS inside at the network's own resolver."""
    enableDnsHostnames: NotRequired[pulumi.Input[bool] | None]
    """Give instances with public addresses names; private hosted zones need it."""

class Vpc(pulumi.CustomResource):
    """A virtual network (EC2 API, CreateVpc)."""

    arn: pulumi.Output[str]
    """Amazon Resource Name."""
    def __init__(
        self,
        resource_name: str,
        /,
        args: VpcArgs | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None: ...
    @staticmethod
    def get(name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Vpc:
        """Look up an existing one by its id, without managing it."""
