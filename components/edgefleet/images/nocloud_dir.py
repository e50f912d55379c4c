"""Format ``nocloud-dir``: the seed as files for the boot partition of Raspberry Pi OS and Ubuntu on one.

Both look for ``user-data``, ``meta-data`` and ``network-config`` on their FAT partition (Ubuntu: cloud-init,
``fs_label: system-boot``; Raspberry Pi OS: from trixie, October 2025, on). The files come as a tar archive to
unpack there; a payload's files go beside them, into ``edgefleet-payload/``.

FAT has no modes, and both systems mount it readable by every user of the node, with all secrets of the seed.
So from the first boot on only root can read the mount. The files stay, as cloud-init would treat a node
without them as a new one.
"""

from collections.abc import Iterator
from dataclasses import replace

from edgefleet.images import nocloud
from edgefleet.images.base.cloud_init_fallback import placed
from edgefleet.images.base.format import OTHERS, Flaw, Format
from edgefleet.io.archives import tar
from edgefleet.model.firstboot import File, FirstBoot
from edgefleet.model.image import Image
from edgefleet.model.site import Node

PRIVATE = File(
    path="/etc/systemd/system/boot-firmware.mount.d/edgefleet.conf",
    content=b"# Written by edgefleet. The seed lies there, and FAT has no modes.\n"
    b"[Mount]\nOptions=defaults,umask=0077\n",
)
REMOUNTED = (
    "sh",
    "-c",
    "systemctl restart boot-firmware.mount || echo 'the boot partition is private from the next start on'",
)


def build(boot: FirstBoot) -> Image:
    """The files, in an archive."""
    private = replace(boot, files=(*boot.files, PRIVATE), commands=(REMOUNTED, *boot.commands))
    files = nocloud.contents(private)
    return Image(
        data=tar(files),
        files=files,
        secret_files=nocloud.guessable(boot),
        placed=placed(private),
    )


def _flaws(node: Node) -> Iterator[Flaw]:
    if node.arch == "amd64":
        yield "nocloud-dir is for the boot partition of a Raspberry Pi, and the node is amd64", OTHERS


FORMAT = Format(
    name="nocloud-dir",
    seed=build,
    suffix=".tar",
    flaws=_flaws,
    node_files=nocloud.node_files,
    shows=nocloud.OPEN.__contains__,
)
