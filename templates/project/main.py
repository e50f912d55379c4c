"""The fleet of this stack, as stacks/<stack>.fleet.yaml describes it."""

import pulumi

import edgefleet

stack = pulumi.get_stack()
fleet = edgefleet.Fleet(
    stack,
    {
        "file": f"stacks/{stack}.fleet.yaml",
        "secret": edgefleet.fleet_secret(),
        "passphrases": edgefleet.wifi_passphrases(),
    },
)
pulumi.export("hub", fleet.hub.summary)
