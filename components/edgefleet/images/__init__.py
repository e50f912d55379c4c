"""Image formats, one file each: they write a `FirstBoot` in the form that a node applies.

A format has a *seed*: small, pure, with a digest that a preview shows. A composed format also has a base
image and a payload, which outside tools assemble; a preview shows the digest of its parts
(`edgefleet.site.render.parts_digest`).
"""

from collections.abc import Mapping

from edgefleet.images import ignition, ipxe, iso, nocloud, nocloud_dir, raw, script
from edgefleet.images.base.format import Format

FORMATS: Mapping[str, Format] = {
    format_.name: format_
    for format_ in (
        nocloud.FORMAT,
        nocloud_dir.FORMAT,
        raw.FORMAT,
        iso.FORMAT,
        ignition.FORMAT,
        ipxe.FORMAT,
        script.FORMAT,
    )
}
"""dict[name in the fleet file -> format]."""
