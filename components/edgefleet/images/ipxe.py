"""Format ``ipxe``: a node that starts over the network, installs itself, and gets its seed once.

The script holds no secret: it names kernel and initial file systems by their digests, and `edgefleet image
serve` fills in the one-time address of the seed. The archive also has the files of the seed: for cloud-init
(``ds=nocloud;s={seed}``) or Ignition (``{seed}config.ign``). Source: ipxe.org, commands.
"""

from collections.abc import Iterator

from edgefleet.errors import InvalidInput
from edgefleet.images import ignition, nocloud
from edgefleet.images.base.cloud_init_fallback import placed
from edgefleet.images.base.format import OTHERS, Flaw, Format
from edgefleet.io.archives import tar
from edgefleet.model.firstboot import FirstBoot
from edgefleet.model.image import Image
from edgefleet.model.site import Node
from edgefleet.model.writers.configuration import ipxe, remainder

SCRIPT = "boot.ipxe"


def build(boot: FirstBoot) -> Image:
    """Script and seed, in an archive.

    Raises:
        InvalidInput: the node has no netboot.
    """
    config = ignition.build(boot).files
    files = {SCRIPT: _script(boot).encode(), **nocloud.contents(boot), **config}
    private = frozenset({"user-data", *config})
    return Image(data=tar(files), files=files, private_files=private, placed=placed(boot))


def _script(boot: FirstBoot) -> str:
    netboot = boot.netboot
    if netboot is None:
        path, hint = f"sites.{boot.site}.nodes.{boot.node}.image", "add image.netboot"
        raise InvalidInput.at("", "no-netboot", "ipxe has nothing to start", hint, path=path)
    names = [f"initrd{number}" for number in range(len(netboot.initrd))]
    words = [*(f"initrd={name}" for name in names), ipxe(netboot.arguments).replace("{seed}", "${seed}")]
    lines = [
        "#!ipxe",
        f"# {remainder(boot.node)} of {remainder(boot.site)}. No secret.",
        f"kernel ${{base}}/boot/files/{netboot.kernel.sha256} {' '.join(words)} || exit",
    ]
    for name, initrd in zip(names, netboot.initrd, strict=True):
        lines.append(f"initrd --name {name} ${{base}}/boot/files/{initrd.sha256} || exit")
    return "\n".join([*lines, "boot || exit", ""])


def _flaws(node: Node) -> Iterator[Flaw]:
    if not node.network.is_wired:
        yield "firmware boots over a cable alone", OTHERS
    elif problem := ignition.unsupported(node.network):
        yield problem, OTHERS
    elif node.network.mac is None:
        problem = "ipxe finds a node by its hardware address, and the node has no network.mac"
        yield problem, "add network.mac: the hardware address of the link that it starts from"
    if node.image.netboot is None:
        problem = "ipxe starts a kernel, and the node has no netboot"
        yield problem, "add image.netboot: {kernel, initrd, arguments}"


FORMAT = Format(
    name="ipxe",
    seed=build,
    suffix=".tar",
    needs=frozenset({"netboot"}),
    flaws=_flaws,
    takes_extensions=True,
    node_files=nocloud.node_files,
    shows=(nocloud.OPEN | {SCRIPT}).__contains__,
    medium="the network",
)
