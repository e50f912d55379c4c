"""Image formats, one file each: a `FirstBoot` written down so that a box applies it.

A format has a *seed*: small, pure, known in a preview to its digest. ``raw`` and ``iso`` are composed
besides, of a base image and a payload, by outside tools; a preview shows their identity
(`edgefleet.site.content_id`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from edgefleet.images import ignition, ipxe, iso, nocloud, nocloud_dir, raw, script
from edgefleet.model.composing import Composer
from edgefleet.model.firstboot import FirstBoot
from edgefleet.model.image import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to write a first boot down."""

    seed: Callable[[FirstBoot], Image]
    """The small part, pure."""
    suffix: str
    """Of the seed's file: ``.iso``."""
    compose: Composer | None = None
    """Makes the whole image of seed, base and payload; `None` where the seed is all of it."""
    whole: str = ""
    """Suffix of the composed image's file: ``.raw``."""
    mode: str = "0600"
    """Of each file on the medium that the seed is, which root owns; empty for a seed that is one file."""
    refers: bool = False
    """Whether it can refer to its base instead of copying it."""


FORMATS: dict[str, Format] = {
    "nocloud": Format(seed=nocloud.build, suffix=".iso", mode="0400"),
    "nocloud-dir": Format(seed=nocloud_dir.build, suffix=".tar"),
    "ignition": Format(seed=ignition.build, suffix=".ign", mode=""),
    "ipxe": Format(seed=ipxe.build, suffix=".tar"),
    "script": Format(seed=script.build, suffix=".sh", mode=""),
    "raw": Format(seed=raw.seed, suffix=".iso", compose=raw.compose, whole=".raw", refers=True),
    "iso": Format(seed=iso.seed, suffix=".iso", compose=iso.compose, whole=".iso"),
}
