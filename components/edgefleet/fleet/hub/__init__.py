"""A hub's parts as Pulumi resources: network, storage, identity, servers, site identity; wiring only."""
