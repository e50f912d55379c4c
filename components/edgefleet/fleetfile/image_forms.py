"""Images that are a module of WebAssembly in a form that what runs them does not take. Pure.

The artifacts lock states the form of an image that is a module itself; nothing is known of one that it lacks,
nor of what is in a container. A shim refuses an image when its Pod starts, which nobody sees before.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from edgefleet.errors import Problem
from edgefleet.fleetfile.artifacts_lock import ArtifactsLock
from edgefleet.model.paths import format_path
from edgefleet.model.programs import TAKES, ModuleForm
from edgefleet.model.references import parse_reference
from edgefleet.model.site import SiteSpec
from edgefleet.model.syntax import few
from edgefleet.runtimes import runtime_of

WORDS: dict[ModuleForm, str] = {
    "image": "an OCI image of a module",
    "artifact": "an artifact of a module",
    "spin": "an image with layers of Spin",
}
_OTHER = "use an image whose entrypoint is the module, as edgefleet new-function makes one"


class ImageForms:
    """Finds the workloads whose image their runtime refuses."""

    def __init__(self, lock: ArtifactsLock) -> None:
        self._known = lock.get("forms", {})
        self._sites: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
        """dict[(workload, problem, hint) -> sites]."""

    def add(self, site: SiteSpec) -> None:
        """Look at the images of the workloads of `site`."""
        is_plain = any(not runtime_of(node).takes_modules for node in site.nodes.values())
        for name, entry in site.workloads.items() if self._known else ():
            if refusal := self._refusal(entry, is_plain=is_plain):
                self._sites[name, *refusal].append(site.name)

    def _refusal(self, entry: Mapping[str, Any], *, is_plain: bool) -> tuple[str, str] | None:
        """(problem, hint) of a workload whose image is not taken, `is_plain` on nodes for containers."""
        image, runtime = entry.get("image"), entry.get("runtime")
        form = self._known.get(str(parse_reference(image))) if isinstance(image, str) else None
        if form is None:
            return None
        what = f"{image} is {WORDS[form]}"
        if runtime is None:
            hint = "add runtime, or use the image of a container"
            return f"{what}, which only a runtime for modules runs", hint
        if form not in TAKES[runtime["name"]]:
            return f"{what}, which {runtime['name']} does not take", _OTHER
        if is_plain:
            return f"{what}, which needs nodes with an orchestrator", _OTHER
        if form == "artifact" and not entry.get("command"):
            return (
                f"{what}, which has no entrypoint",
                "add command with the file of the module, [/module.wasm]",
            )
        return None

    def problems(self) -> Iterator[Problem]:
        """A problem of each image with the sites; paths are those of the whole file."""
        for (name, problem, hint), sites in self._sites.items():
            path = format_path(("workloads", name, "image"))
            yield Problem.of_value(path, "module-form", f"{problem} (at {few(sites)})", hint)
