"""The program's own unit tests: no engine, no cloud, no files."""

import base64
import json
from typing import Any

import pulumi
from pulumi.runtime import mocks

registered: dict[str, dict[str, Any]] = {}


class Cloud(mocks.Mocks):
    """Each resource is there at once; a site has the images that the provider would render."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        registered[args.name] = args.inputs
        images = {node: {"seed": f"sha256:{node}"} for node in args.inputs.get("nodes", {})}
        return f"{args.name}-id", args.inputs | {"images": images}

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        raise LookupError(args.token)


pulumi.runtime.set_mocks(Cloud(), project="shops", stack="eu")

from shops import Shops  # noqa: E402 - Pulumi's mocks come before the program

SHOPS = Shops("eu", pulumi.Output.secret(base64.b64encode(bytes(32)).decode()))


@pulumi.runtime.test
def test_the_parameter_has_the_digest_of_each_node() -> pulumi.Output[None]:
    def check(_: object) -> None:
        digests = json.loads(registered["digests"]["value"])
        assert {"berlin": {"n1": "sha256:n1", "n2": "sha256:n2"}, "hamburg": {"n1": "sha256:n1"}} == digests

    return SHOPS.index.urn.apply(check)


@pulumi.runtime.test
def test_the_endpoint_is_the_declared_name() -> pulumi.Output[None]:
    def check(endpoint: str | None) -> None:
        assert "https://hub.shops.example:6443" == endpoint

    return SHOPS.fleet.hub.endpoint.apply(check)


@pulumi.runtime.test
def test_the_kubeconfigs_are_secret() -> pulumi.Output[None]:
    async def check() -> None:
        assert await SHOPS.fleet.hub.kubeconfigs.is_secret()

    return pulumi.Output.from_input(check())
