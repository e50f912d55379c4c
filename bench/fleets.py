"""Synthetic fleet projects of any size, for the bench."""

import base64
import shutil
import sys
from pathlib import Path

from bench.processes import ROOT

PLUGIN = "components/edgefleet/plugin"
SECRET = base64.b64encode(b"a secret of the bench, 32 bytes.").decode()
HEAD = """\
apiVersion: edgefleet.dev/v1
fleet: bench
region: bench
recipe: 1
controlPlane:
  kind: none
  cloud: {region: eu-central-1}
images: {store: "file:.edgefleet/images/bench"}
profiles:
  box: {arch: amd64, cpus: 4, memory: 8Gi, disk: 128Gi, storage: nvme}
  board: {arch: arm64, cpus: 4, memory: 4Gi, disk: 32Gi, storage: sd}
defaults:
  timezone: Europe/Berlin
  ntp: [0.pool.ntp.org, 1.pool.ntp.org]
  k3s: {version: v1.36.4+k3s1, disable: [traefik]}
groups:
  shops: {profile: box, labels: {tier: shop}}
  kiosks: {profile: board, labels: {tier: kiosk}}
"""


def address(number: int, *, offset: int = 0) -> str:
    """A distinct host address for each site number: one /24 a site in 10.0.0.0/8."""
    return f"10.{number // 250}.{number % 250}.{10 + offset}"


def site_lines(count: int) -> list[str]:
    """One site a line, half of them of each group."""
    return [
        f"  site-{number:05d}: {{group: {'shops' if number % 2 else 'kiosks'}, "
        f"location: {{city: Bremen, country: DE, latitude: 53.07, longitude: 8.80}}, "
        f"link: {{class: intermittent, down: 20Mbit, up: 5Mbit}}, "
        f"network: {{address: {address(number)}/24, gateway: {address(number, offset=-9)}, "
        f"dns: [9.9.9.9, 1.1.1.1]}}}}"
        for number in range(count)
    ]


def write_project(into: Path, count: int) -> Path:
    """A whole project with `count` sites and the bench's stack; gives back the fleet file.

    The secret and the passphrase are constants: the project is thrown away with its folder.
    """
    (into / "stacks").mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "__main__.py", into / "__main__.py")
    description = (ROOT / "Pulumi.yaml").read_text()
    (into / "Pulumi.yaml").write_text(description.replace(PLUGIN, str(ROOT / PLUGIN)))
    (into / ".venv").symlink_to(sys.prefix)
    fleet = into / "stacks" / "bench.fleet.yaml"
    fleet.write_text(HEAD + "sites:\n" + "\n".join(site_lines(count)) + "\n")
    (into / "stacks" / "Pulumi.bench.yaml").write_text(f"config:\n  fleet:secret: {SECRET}\n")
    return fleet
