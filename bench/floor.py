"""The floor: the same number of resources registered with Pulumi's own mocks, doing nothing.

Run as a program of its own, ``python -m bench.floor COUNT``: nothing of edgefleet's is loaded.
"""

import asyncio
import sys
from typing import Any

import pulumi
from pulumi.runtime import mocks, stack


class Nothing(mocks.Mocks):
    """A world where every resource is made at once and has its inputs as outputs."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        """Give back what was given."""
        return f"{args.name}-id", args.inputs

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """No function is called here."""
        raise LookupError(args.token)


class Site(pulumi.CustomResource):
    """A resource with the inputs of one site of the bench's fleet."""

    def __init__(self, name: str, number: int) -> None:
        super().__init__("bench:index:Site", name, inputs(number))


def inputs(number: int) -> dict[str, Any]:
    """As much as a site of the bench's fleet has."""
    return {
        "fleet": "bench",
        "region": "bench",
        "name": f"site-{number:05d}",
        "recipe": 1,
        "timezone": "Europe/Berlin",
        "location": {"city": "Bremen", "country": "DE", "latitude": 53.07, "longitude": 8.8},
        "link": {"class": "intermittent", "down": 20_000_000, "up": 5_000_000},
        "ntp": ["0.pool.ntp.org", "1.pool.ntp.org"],
        "k3s": {"version": "v1.36.4+k3s1", "disable": ["traefik"]},
        "store": "file:.edgefleet/images/bench",
        "key": "0123456789012345678901234567890123456789012=",
        "nodes": {
            "n1": {
                "hostname": f"site-{number:05d}",
                "arch": "amd64",
                "cpus": 4,
                "memory": 8_589_934_592,
                "disk": 137_438_953_472,
                "labels": {"tier": "shop"},
                "network": {"address": "10.0.0.10/24", "gateway": "10.0.0.1", "dns": ["9.9.9.9", "1.1.1.1"]},
            }
        },
    }


def main(count: int) -> None:
    """Register `count` resources and wait until all are made."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks.set_mocks(Nothing(), project="bench", stack="bench")

    def program() -> None:
        for number in range(count):
            Site(f"site-{number:05d}", number)

    loop.run_until_complete(stack.run_pulumi_func(program))
    loop.close()


if __name__ == "__main__":
    main(int(sys.argv[1]))
