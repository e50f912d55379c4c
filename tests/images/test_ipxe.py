"""Format `ipxe`: a script without secrets, and the seed beside it."""

from dataclasses import replace

import pytest
from tests.images.on_disk import contents
from tests.images.test_formats import NETBOOT, boot_of

from edgefleet.errors import InvalidInput
from edgefleet.images import ipxe
from edgefleet.io.archives import read_tar


def test_the_script_starts_what_is_configured_and_holds_no_secret() -> None:
    """Kernel and initial file systems by digest; the seed's address is filled in by who serves it."""
    text = contents(read_tar(ipxe.build(boot_of("shut-in")).data))["boot.ipxe"].decode()
    lines = text.splitlines()
    assert "#!ipxe" == lines[0]
    assert f"kernel ${{base}}/boot/files/{'1' * 64} initrd=initrd0 ds=nocloud;s=${{seed}} || exit" == lines[2]
    assert f"initrd --name initrd0 ${{base}}/boot/files/{'2' * 64} || exit" == lines[3]
    other = replace(boot_of("shut-in"), ssh_host_keys={}, files=(), users=())
    assert text.encode() == ipxe.build(other).files["boot.ipxe"]


def test_the_seed_lies_beside_it_for_cloud_init_and_for_ignition() -> None:
    """And is shown nowhere."""
    made = ipxe.build(boot_of("server-static"))
    assert {"boot.ipxe", "user-data", "meta-data", "network-config", "edgefleet-seal", "config.ign"} == set(
        made.files
    )
    assert frozenset({"user-data", "config.ign"}) == made.private_files


def test_nothing_to_start_is_reported() -> None:
    """Where a spec comes from another program than the fleet file's loader."""
    assert NETBOOT is boot_of("server-static").netboot
    with pytest.raises(InvalidInput, match=r"nothing to start; add image.netboot"):
        ipxe.build(replace(boot_of("server-static"), netboot=None))
