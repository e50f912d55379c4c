"""The hub of `bench.hub` as Terraform's AWS provider has it: main.tf.json."""

from typing import Any

from edgefleet.io.emulator import parted

IMAGE = "ami-785db401"
REGION = "eu-central-1"
ZONES = ("a", "b", "c")
SERVICES = ("ec2", "iam", "s3", "ssm", "elbv2", "route53", "logs", "sts", "budgets", "rolesanywhere")
TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
    '"Principal":{"Service":"ec2.amazonaws.com"}}]}'
)
ALLOW = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["*"]}]}'
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
SECRETS = 13
TAGS = {"fleet": "bench", "region": "eu"}
Resources = dict[str, dict[str, dict[str, Any]]]


def configuration(url: str, count: int) -> dict[str, Any]:
    """The whole configuration."""
    address, token = parted(url)
    provider = {
        "region": REGION,
        "access_key": token,
        "secret_key": "emulated",
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        "skip_requesting_account_id": True,
        "s3_use_path_style": True,
        "endpoints": [dict.fromkeys(SERVICES, address)],
    }
    resources: Resources = {**_network(), **_servers(), **_identity(), **_storage(count)}
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "provider": {"aws": provider},
        "resource": resources,
    }


def _network() -> Resources:
    subnets = {
        f"{kind}_{zone}": {
            "vpc_id": "${aws_vpc.hub.id}",
            "cidr_block": f"10.250.{(first + index) * 16}.0/20",
            "availability_zone": f"{REGION}{zone}",
            "tags": TAGS,
        }
        for kind, first in (("public", 0), ("servers", 8))
        for index, zone in enumerate(ZONES)
    }
    everywhere = {"cidr_block": "0.0.0.0/0"}
    unused = dict.fromkeys(
        (
            "carrier_gateway_id",
            "core_network_arn",
            "destination_prefix_list_id",
            "egress_only_gateway_id",
            "ipv6_cidr_block",
            "local_gateway_id",
            "network_interface_id",
            "transit_gateway_id",
            "vpc_endpoint_id",
            "vpc_peering_connection_id",
        )
    )
    inner = {**unused, **everywhere, "gateway_id": None, "nat_gateway_id": "${aws_nat_gateway.hub.id}"}
    outer = {**unused, **everywhere, "gateway_id": "${aws_internet_gateway.hub.id}", "nat_gateway_id": None}
    return {
        "aws_vpc": {"hub": {"cidr_block": "10.250.0.0/16", "enable_dns_hostnames": True, "tags": TAGS}},
        "aws_subnet": subnets,
        "aws_internet_gateway": {"hub": {"vpc_id": "${aws_vpc.hub.id}", "tags": TAGS}},
        "aws_eip": {"nat": {"domain": "vpc", "tags": TAGS}},
        "aws_nat_gateway": {
            "hub": {
                "allocation_id": "${aws_eip.nat.id}",
                "subnet_id": "${aws_subnet.public_a.id}",
                "tags": TAGS,
            }
        },
        "aws_route_table": {
            "public": {"vpc_id": "${aws_vpc.hub.id}", "route": [outer], "tags": TAGS},
            "servers": {"vpc_id": "${aws_vpc.hub.id}", "route": [inner], "tags": TAGS},
        },
        "aws_route_table_association": {
            f"{kind}_{zone}": {
                "subnet_id": f"${{aws_subnet.{kind}_{zone}.id}}",
                "route_table_id": f"${{aws_route_table.{kind}.id}}",
            }
            for kind in ("public", "servers")
            for zone in ZONES
        },
        "aws_security_group": {
            "api": _group("api", [(6443, 6443, "tcp")]),
            "servers": _group(
                "servers",
                [(6443, 6443, "tcp"), (2379, 2380, "tcp"), (10250, 10250, "tcp"), (8472, 8472, "udp")],
            ),
        },
    }


def _group(name: str, ports: list[tuple[int, int, str]]) -> dict[str, Any]:
    unused: dict[str, Any] = {"ipv6_cidr_blocks": [], "prefix_list_ids": [], "security_groups": []}
    everywhere = {**unused, "cidr_blocks": ["0.0.0.0/0"], "self": False, "description": ""}
    return {
        "name": f"bench-{name}",
        "vpc_id": "${aws_vpc.hub.id}",
        "ingress": [
            {**everywhere, "from_port": first, "to_port": last, "protocol": protocol}
            for first, last, protocol in ports
        ],
        "egress": [{**everywhere, "from_port": 0, "to_port": 0, "protocol": "-1"}],
        "tags": TAGS,
    }


def _servers() -> Resources:
    machine = {
        "ami": IMAGE,
        "instance_type": "t3.medium",
        "vpc_security_group_ids": ["${aws_security_group.servers.id}"],
        "iam_instance_profile": "${aws_iam_instance_profile.servers.name}",
        "user_data": "#cloud-config\n{}\n",
        "metadata_options": [{"http_tokens": "required", "http_put_response_hop_limit": 1}],
        "root_block_device": [{"encrypted": True, "volume_size": 40, "volume_type": "gp3"}],
        "tags": TAGS,
    }
    return {
        "aws_instance": {
            f"server_{zone}": {**machine, "subnet_id": f"${{aws_subnet.servers_{zone}.id}}"} for zone in ZONES
        },
        "aws_lb": {
            "api": {
                "name": "bench-api",
                "load_balancer_type": "network",
                "subnets": [f"${{aws_subnet.public_{zone}.id}}" for zone in ZONES],
                "enable_cross_zone_load_balancing": True,
                "tags": TAGS,
            }
        },
        "aws_lb_target_group": {
            "api": {
                "name": "bench-api",
                "port": 6443,
                "protocol": "TCP",
                "vpc_id": "${aws_vpc.hub.id}",
                "tags": TAGS,
            }
        },
        "aws_lb_target_group_attachment": {
            f"server_{zone}": {
                "target_group_arn": "${aws_lb_target_group.api.arn}",
                "target_id": f"${{aws_instance.server_{zone}.id}}",
            }
            for zone in ZONES
        },
        "aws_lb_listener": {
            "api": {
                "load_balancer_arn": "${aws_lb.api.arn}",
                "port": 6443,
                "protocol": "TCP",
                "default_action": [{"type": "forward", "target_group_arn": "${aws_lb_target_group.api.arn}"}],
                "tags": TAGS,
            }
        },
        "aws_route53_zone": {
            "hub": {"name": "bench.example", "vpc": [{"vpc_id": "${aws_vpc.hub.id}"}], "tags": TAGS}
        },
        "aws_route53_record": {
            "hub": {
                "zone_id": "${aws_route53_zone.hub.zone_id}",
                "name": "hub.bench.example",
                "type": "A",
                "alias": [
                    {
                        "name": "${aws_lb.api.dns_name}",
                        "zone_id": "${aws_lb.api.zone_id}",
                        "evaluate_target_health": False,
                    }
                ],
            }
        },
    }


def _identity() -> Resources:
    return {
        "aws_iam_role": {
            name: {"name": f"bench-{name}", "assume_role_policy": TRUST, "tags": TAGS}
            for name in ("servers", "sites")
        },
        "aws_iam_role_policy": {
            name: {
                "name": name,
                "role": f"${{aws_iam_role.{'sites' if name == 'own' else 'servers'}.id}}",
                "policy": ALLOW,
            }
            for name in ("secrets", "files", "agent", "own")
        },
        "aws_iam_instance_profile": {
            "servers": {"name": "bench-servers", "role": "${aws_iam_role.servers.name}", "tags": TAGS}
        },
        "aws_ssm_parameter": {
            f"secret_{number}": {
                "name": f"/retail/hub/secret-{number}",
                "type": "SecureString",
                "value": f"secret {number}",
                "tags": TAGS,
            }
            for number in range(SECRETS)
        },
        "aws_rolesanywhere_trust_anchor": {
            "sites": {
                "name": "bench-sites",
                "enabled": True,
                "source": [
                    {
                        "source_type": "CERTIFICATE_BUNDLE",
                        "source_data": [{"x509_certificate_data": CERTIFICATE}],
                    }
                ],
                "tags": TAGS,
            }
        },
        "aws_rolesanywhere_profile": {
            "sites": {
                "name": "bench-sites",
                "enabled": True,
                "role_arns": ["${aws_iam_role.sites.arn}"],
                "tags": TAGS,
            }
        },
    }


def _storage(count: int) -> Resources:
    bucket = "${aws_s3_bucket.hub.bucket}"
    rule = {
        "id": "snapshots",
        "status": "Enabled",
        "filter": [{"prefix": "hub/snapshots/"}],
        "noncurrent_version_expiration": [{"noncurrent_days": 90}],
    }
    encryption = {"apply_server_side_encryption_by_default": [{"sse_algorithm": "AES256"}]}
    return {
        "aws_s3_bucket": {"hub": {"bucket": "bench-terraform", "force_destroy": True, "tags": TAGS}},
        "aws_s3_bucket_versioning": {
            "hub": {"bucket": bucket, "versioning_configuration": [{"status": "Enabled"}]}
        },
        "aws_s3_bucket_server_side_encryption_configuration": {
            "hub": {"bucket": bucket, "rule": [encryption]}
        },
        "aws_s3_bucket_public_access_block": {
            "hub": {
                "bucket": bucket,
                "block_public_acls": True,
                "block_public_policy": True,
                "ignore_public_acls": True,
                "restrict_public_buckets": True,
            }
        },
        "aws_s3_bucket_lifecycle_configuration": {"hub": {"bucket": bucket, "rule": [rule]}},
        "aws_cloudwatch_log_group": {
            "hub": {"name": "/retail/eu/hub", "retention_in_days": 30, "tags": TAGS}
        },
        "aws_s3_object": {
            "object": {
                "count": count,
                "bucket": bucket,
                "key": '${format("objects/%05d", count.index)}',
                "content": '${format("object %d", count.index)}',
                "depends_on": ["aws_s3_bucket_versioning.hub"],
            }
        },
    }
