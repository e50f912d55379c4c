"""The stack's shops, and what other stacks read of them."""

import pulumi
from shops import Shops

import edgefleet

cloud = edgefleet.Provider("cloud", {"region": "eu-central-1", "endpoint": "emulated"})
options = pulumi.ResourceOptions(providers=[cloud])
shops = Shops(pulumi.get_stack(), edgefleet.fleet_secret(), options)
pulumi.export("digests", shops.fleet.digests)
pulumi.export("endpoint", shops.fleet.hub.endpoint)
pulumi.export("authority", shops.fleet.hub.ca_hash)
pulumi.export("kubeconfigs", shops.fleet.hub.kubeconfigs)
