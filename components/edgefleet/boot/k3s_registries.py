"""Step: where container images come from (k3s docs, installation/private-registry)."""

from typing import Any

from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.firstboot import Box, File, Step

PATH = "/etc/rancher/k3s/registries.yaml"


def plan(box: Box) -> Step:
    """``registries.yaml`` with the site's mirrors; an empty list of mirrors changes nothing for k3s."""
    mirrors: dict[str, dict[str, Any]] = {}
    for registry, mirror in sorted(box.site.registries.items()):
        mirrors[registry] = {"endpoint": list(mirror.endpoints)}
        if mirror.rewrite:
            mirrors[registry]["rewrite"] = dict(sorted(mirror.rewrite.items()))
    return Step(files=(File(path=PATH, content=to_yaml({"mirrors": mirrors}).encode(), mode=0o600),))
