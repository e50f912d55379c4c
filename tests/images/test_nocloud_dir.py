"""Format `nocloud-dir`: files for a boot partition that has no modes."""

from tests.images.on_disk import contents
from tests.images.test_nocloud import boot

from edgefleet.images import nocloud, nocloud_dir
from edgefleet.io.archives import read_tar
from edgefleet.model.firstboot import File


def test_the_archive_has_the_three_files_that_cloud_init_looks_for() -> None:
    """In its root, by the names that cloud-init knows."""
    made = nocloud_dir.build(boot())
    assert {"user-data", "meta-data", "network-config", "edgefleet-seal"} == set(
        contents(read_tar(made.data))
    )
    assert made.files == contents(read_tar(made.data))


def test_the_partition_is_given_to_root_alone() -> None:
    """A drop-in for its mount, and the mount made again with it before anything else."""
    plain = boot()
    made = nocloud_dir.build(plain).files["user-data"].decode()
    assert "boot-firmware.mount.d/edgefleet.conf" in made
    assert "umask=0077" in made
    assert "boot-firmware" not in nocloud.build(plain).files["user-data"].decode()


def test_another_content_is_another_instance() -> None:
    """So that a node applies it."""
    other = boot(files=(File(path="/etc/x.conf", content=b"other\n"),))
    assert nocloud_dir.build(boot()).files["meta-data"] != nocloud_dir.build(other).files["meta-data"]


def test_a_passphrase_is_known_to_be_guessable() -> None:
    """Its plain digest is published nowhere."""
    assert frozenset({"network-config"}) == nocloud_dir.build(boot("wifi")).secret_files
    assert frozenset() == nocloud_dir.build(boot()).secret_files
