"""Step: the node's identity, in a file for a person at its console; and the record of its release."""

from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.writers.shell import rest

RELEASE = "/etc/edgefleet/release"


def plan(target: Target) -> Step:
    """``/etc/edgefleet/node.yaml``: names, recipe and the hardware that the image was built for."""
    site, node = target.site, target.node
    facts = {
        "fleet": site.fleet,
        "region": site.region,
        "site": site.name,
        "node": target.name,
        "runtime": node.runtime,
        "recipe": site.recipe,
        "keyGeneration": site.key_generation,
        "hardware": {
            "arch": node.arch,
            "cpus": node.cpus,
            "memoryBytes": node.memory,
            "diskBytes": node.disk,
            "storage": node.storage,
            "accelerators": list(node.accelerators),
        },
    }
    return Step(files=(File.text("/etc/edgefleet/node.yaml", to_yaml(facts)),))


def release(digest: str) -> File:
    """The record of the node's release, the digest of its part; no part of a release itself."""
    return File.text(RELEASE, f"{rest(digest)}\n")
