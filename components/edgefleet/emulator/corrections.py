"""Stand-ins for single calls that moto answers differently from AWS."""

import re
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

from edgefleet.emulator.requests import Answer, Call, Fake, moto_backend

BUCKET = re.compile(r"/([a-z0-9][a-z0-9-]{1,61}[a-z0-9])/?")
CONFIG = re.compile(r"/clusters/([^/]+)/update-config")
VERSION = re.compile(r"/clusters/([^/]+)/updates")
TAGS = re.compile(r"/tags/arn:.*:nodegroup/(?P<cluster>[^/]+)/(?P<name>[^/]+)/.*")
UPDATE: Answer = {"update": {"id": "1", "status": "Successful"}}


class FakeBucketTags(Fake):
    """Sets the requested tags after CreateBucket; moto drops them."""

    def complete(self, call: Call) -> None:
        """Tag the created bucket."""
        bucket = BUCKET.fullmatch(call.path)
        if call.service != "s3" or call.method != "PUT" or bucket is None or b"<Tags>" not in call.body:
            return
        s3 = moto_backend("s3", "aws")
        document = ET.fromstring(call.body)  # noqa: S314 - from our own client
        space = document.tag[: document.tag.index("}") + 1] if "}" in document.tag else ""
        tags = {
            tag.findtext(f"{space}Key") or "": tag.findtext(f"{space}Value") or ""
            for tag in document.iter(f"{space}Tag")
        }
        if bucket[1] in s3.buckets and tags:
            s3.put_bucket_tagging(bucket[1], tags)


class FakeNatGateways(Fake):
    """Completes DeleteNatGateway.

    AWS removes the network interface and frees the address; moto marks the gateway as deleted and keeps
    both, so that neither the address nor the subnet can be deleted.
    """

    def complete(self, call: Call) -> None:
        """Free the resources of a deleted gateway."""
        if call.service != "ec2" or call.form.get("Action") != "DeleteNatGateway":
            return
        ec2 = moto_backend("ec2", call.region)
        gateway = ec2.nat_gateways.get(call.form.get("NatGatewayId", ""))
        if gateway is None:
            return
        interfaces = {
            item["networkInterfaceId"] for item in gateway.address_set if "networkInterfaceId" in item
        }
        interfaces.add(gateway._eni.id)  # noqa: SLF001 - moto has no public name for it
        for address in ec2.addresses:
            if address.eni is not None and address.eni.id in interfaces:
                ec2.disassociate_address(association_id=address.association_id)
        for interface in interfaces:
            ec2.enis.pop(interface, None)


class FakeClusters(Fake):
    """Changes of EKS: a change of access keeps the subnets, a version is raised, node groups are tagged."""

    def answer(self, call: Call) -> Answer | None:
        """Answer the three calls."""
        if call.service != "eks" or call.method not in {"POST", "DELETE"}:
            return None
        clusters: dict[str, Any] = moto_backend("eks", call.region).clusters
        if (match := CONFIG.fullmatch(call.path)) and match[1] in clusters:
            cluster = clusters[match[1]]
            cluster.resources_vpc_config |= call.json.get("resourcesVpcConfig") or {}
            cluster.logging = call.json.get("logging") or cluster.logging
            return UPDATE
        if (match := VERSION.fullmatch(call.path)) and match[1] in clusters:
            clusters[match[1]].version = call.json["version"]
            return UPDATE
        if match := TAGS.fullmatch(call.path):
            group = clusters[match["cluster"]].nodegroups[match["name"]]
            removed = parse_qs(call.query).get("tagKeys", [])
            remaining = {key: value for key, value in (group.tags or {}).items() if key not in removed}
            group.tags = {**remaining, **(call.json.get("tags") or {})}
            return {}
        return None
