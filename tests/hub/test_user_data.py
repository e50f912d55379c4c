"""User-data of the hub's servers: short, without secrets, accepted by cloud-init, the same every time."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from edgefleet.hub.user_data import HubBoot, user_data_of
from edgefleet.images.user_data import LONGEST
from edgefleet.io.archives import compressed
from edgefleet.model.hub import Hub, HubDns, HubK3s, HubSnapshots

HUB = Hub(
    kind="k3s", bucket="hub-bucket", dns=HubDns(name="hub.retail.example"), k3s=HubK3s(version="v1.36.4+k3s1")
)
WANTED = HubBoot(fleet="retail", region="dev", aws_region="eu-central-1", recipe=1, hub=HUB)


def test_there_is_one_for_each_way_to_begin() -> None:
    """And one for a restore where a snapshot is named."""
    assert ["init", "join"] == list(user_data_of(WANTED))
    restoring = replace(WANTED, hub=replace(HUB, snapshots=HubSnapshots(restore="etcd-1")))
    made = user_data_of(restoring)
    assert ["init", "join", "restore"] == list(made)
    assert user_data_of(WANTED) == {way: made[way] for way in ("init", "join")}


@pytest.mark.parametrize("way", ["init", "join"])
def test_it_is_short_and_the_steps_are_a_boxes(way: str) -> None:
    """Files of the same steps as on a site, in their order."""
    text = user_data_of(WANTED)[way]
    assert len(compressed(text)) < LONGEST / 2
    paths = [each["path"] for each in yaml.safe_load(text)["write_files"]]
    for path in (
        "/etc/edgefleet/node.yaml",
        "/etc/sysctl.d/90-kubelet.conf",
        "/usr/local/lib/edgefleet/install-k3s",
    ):
        assert path in paths
    assert len(paths) == len(set(paths))


def test_cloud_init_accepts_it(tmp_path: Path) -> None:
    """By its own schema."""
    tool = shutil.which("cloud-init")
    if tool is None:
        pytest.skip("needs cloud-init: apt-get install cloud-init")
    ways = user_data_of(WANTED)
    assert ways
    for way, text in ways.items():
        path = tmp_path / way
        path.write_text(text)
        run = subprocess.run(
            [tool, "schema", "--config-file", path], capture_output=True, text=True, check=False
        )
        assert 0 == run.returncode, run.stderr + run.stdout
