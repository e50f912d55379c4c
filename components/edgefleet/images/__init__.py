"""Image formats, one file each: a `FirstBoot` written down so that a box applies it."""

from collections.abc import Callable

from edgefleet.images import nocloud
from edgefleet.model.firstboot import FirstBoot
from edgefleet.model.image import Image

FORMATS: dict[str, Callable[[FirstBoot], Image]] = {"nocloud": nocloud.build}
