"""The images that a fleet file asks for now, compared with what the attestations of an image state. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edgefleet.images import FORMATS
from edgefleet.model.site import SiteSpec
from edgefleet.model.site_resource import PARTS, SEED, SiteInputs
from edgefleet.site.manifest import PAYLOAD, Manifest
from edgefleet.site.render import SiteImage, render

Flaw = tuple[str, str]
"""(code, problem)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The images of one site."""

    spec: SiteSpec
    seeds: Mapping[str, SiteImage]
    """dict[node -> its seed, with the digest of the parts of the whole image]."""

    @classmethod
    def of(cls, inputs: SiteInputs) -> "Expectation":
        """The images that the inputs of a site give."""
        return cls(spec=inputs.spec, seeds=render(inputs))

    @property
    def names(self) -> Iterator[frozenset[str]]:
        """Of each expected image the names that its file may have."""
        for name, node in self.spec.nodes.items():
            kind = FORMATS[node.image.format]
            if not kind.is_composed:
                yield frozenset({self.seeds[name].name})
            whole = f"{name}{kind.whole or PAYLOAD}"
            if self.seeds[name].parts is not None:
                yield frozenset({whole, f"{whole}.json"} if kind.refers else {whole})

    def flaw_of(self, parameters: Mapping[str, Any]) -> Flaw | None:
        """Why an image of such `parameters` (`edgefleet.site.provenance.parameters`) is not expected."""
        node = self.spec.nodes.get(str(parameters.get("node")))
        if node is None:
            return "other-image", f"the fleet file has no node {parameters.get('node')} at this site"
        asked, stated = self.spec.key_generation, parameters.get("keyGeneration")
        if stated != asked:
            age = "older image" if isinstance(stated, int) and stated < asked else "another image"
            problem = f"{age}: key generation {stated}, the fleet file asks for {asked}"
            return age.replace("another", "other").replace(" ", "-"), problem
        expected = {
            "fleet": self.spec.fleet,
            "region": self.spec.region,
            "site": self.spec.name,
            "recipe": self.spec.recipe,
            "format": node.image.format,
            "arch": node.arch,
        }
        for name, value in expected.items():
            if parameters.get(name) != value:
                problem = f"another image: {name} {parameters.get(name)}, the fleet file asks for {value}"
                return "other-image", problem
        return None

    def flaw(self, manifest: Manifest) -> Flaw | None:
        """Why an image is not the expected one: its seed or its parts are others."""
        seed = self.seeds[manifest.node]
        is_whole = manifest.parts is not None
        stated, asked = (manifest.parts, seed.parts) if is_whole else (manifest.digest, seed.seed)
        if stated == asked:
            return None
        what = PARTS if is_whole else SEED
        return "not-current", f"not the current image: {what} {stated}, the fleet file gives {asked}"
