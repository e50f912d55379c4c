"""What a rollout plans from: waves with their whole policy, and the release of each site. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.waves import OTHERS
from edgefleet.model.rollout import Policy
from edgefleet.model.rollout_resource import PublishedBundle, PublishedSite, PublishedWave, Targets

ALL = "all"
"""Name of the only wave of a fleet file without waves."""
DEFAULTS = Policy(
    bake="1h",
    healthy="90%",
    failures="2%",
    windows=(),
    freeze=(),
    on_failure="pause",
    wait_for_dark="1d",
)


def targets_of(fleet: Fleet, releases: Mapping[str, Mapping[str, Any]]) -> Targets:
    """What the rollout of `releases` over the sites of `fleet` plans from.

    Args:
        fleet: its sites, waves and policy.
        releases: dict[site -> the output `release` of its resource, plain].
    """
    wave_of = {site: wave.name for wave in fleet.waves for site in wave.sites}
    last = OTHERS if fleet.waves else ALL
    floor = 0 if fleet.channel is None else fleet.channel.floor
    return Targets(
        fleet=fleet.name,
        region=fleet.region,
        floor=floor,
        waves=(*_waves(fleet), PublishedWave(name=last, **_policy(fleet.rollout))),
        sites={
            name: PublishedSite(
                wave=wave_of.get(name, last),
                group=fleet.provenance.members[name].group or "",
                link=spec.link.class_,
                timezone=spec.timezone,
                key_generation=spec.key_generation,
                release=releases[name]["digest"],
                nodes=_bundles(releases[name].get("bundles")),
                earlier={
                    digest: _bundles(of)
                    for digest in releases[name].get("earlier") or ()
                    for of in [(releases[name].get("earlierBundles") or {}).get(digest)]
                },
            )
            for name, spec in fleet.sites.items()
            if name in releases
        },
    )


def _waves(fleet: Fleet) -> Iterator[PublishedWave]:
    for wave in fleet.rollout.waves:
        yield PublishedWave(name=wave.name, **_policy(fleet.rollout, wave))


def _policy(*policies: Policy) -> dict[str, Any]:
    return {each.name: getattr(merged(*policies), each.name) for each in fields(Policy)}


def merged(*policies: Policy) -> Policy:
    """The last one's values, where it has none those of the ones before it, and the defaults."""
    values = {
        each.name: value
        for policy in (DEFAULTS, *policies)
        for each in fields(Policy)
        if (value := getattr(policy, each.name)) is not None
    }
    return Policy(**values)


def _bundles(plain: Mapping[str, Any] | None) -> dict[str, PublishedBundle]:
    """Those that the store has; none where it lacks one, as a pointer names all nodes."""
    of = plain or {}
    if any(bundle["ciphertext"] is None for bundle in of.values()):
        return {}
    return {
        node: PublishedBundle(ciphertext=bundle["ciphertext"], size=int(bundle["size"]), part=bundle["part"])
        for node, bundle in of.items()
    }
