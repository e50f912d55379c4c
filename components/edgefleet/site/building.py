"""Building one site's images into a directory and into its store: the work of one worker.

One process at a time builds a site. A finished image is skipped; a failure leaves no incomplete file; the
site's other nodes go on, and all problems are reported together. Small files are not flushed one by one: the
next build compares them byte by byte, and `edgefleet.io.disk.flush_all` ends a run.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgefleet.errors import EdgefleetError, Problem
from edgefleet.images import FORMATS
from edgefleet.io import disk
from edgefleet.io.signing import Signing
from edgefleet.io.store import StorePlace
from edgefleet.keys.secret_scan import Known
from edgefleet.model import strict_json
from edgefleet.model.composing import Share
from edgefleet.model.site import SiteSpec
from edgefleet.model.site_resource import SiteInputs
from edgefleet.site import attestations, built_store, composed_node, manifest
from edgefleet.site.built import BuiltImage, BuiltSite, record_path
from edgefleet.site.composed_node import NodeJob, Supplies
from edgefleet.site.leak_scan import Scan
from edgefleet.site.render import render

SHARED = ".shared"
"""Directory beside the sites' with the files that their images share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildContext:
    """Where and how sites are built; the same for all of a run."""

    out: Path
    """Directory of the results: ``<out>/<site>/<node>.raw``."""
    supplies: Supplies
    """Source of bases and payloads."""
    share: Share = "copy"
    upload: StorePlace | None = None
    """Access to the store of composed images; each site names its store."""
    known: Known | None = field(default=None, repr=False)
    """Marks of every site's secrets, which no other's image may hold; `None` without a scan."""
    signing: Signing | None = None
    """The signer; `None` without one."""
    is_discarding: bool = False
    """Whether a composed image is removed locally once it is in the store."""


def build_site(site: SiteInputs, *, context: BuildContext, node: str | None = None) -> BuiltSite:
    """Build the images of one site, or of one `node` of it; problems are in the result."""
    folder = context.out / site.name
    try:
        for place in (folder, context.out / SHARED):
            disk.check_no_link(context.out, place)
        with disk.locked(folder, who=f"a build of {site.name}"):
            disk.make_unversioned(folder)
            composed_node.sweep(folder)
            return _built(site, folder, context, node)
    except EdgefleetError as error:
        return BuiltSite(name=site.name, problems=tuple(error.problems))


def _built(site: SiteInputs, folder: Path, context: BuildContext, only: str | None) -> BuiltSite:
    spec = site.spec
    seeds = render(site)
    images: dict[str, BuiltImage] = {}
    problems: list[Problem] = []
    if context.upload is not None:
        context = replace(context, upload=replace(context.upload, uri=site.store))
    names = seeds.keys() if only is None else {only}
    for name in names:
        job = NodeJob(
            name=name,
            node=spec.nodes[name],
            seed=seeds[name],
            folder=folder,
            shared=context.out / SHARED,
            supplies=context.supplies,
            share=context.share,
            scan=_scan(site, name, context),
        )
        try:
            images[name] = _build_and_store(spec.name, job, context)
        except EdgefleetError as error:
            problems += _of_site(error, spec.name)
    manifests = list(manifest.manifests(spec, site.key, seeds, images))
    for described in manifests:
        try:
            _describe_image(described, folder, spec, seed=seeds[described.node].seed, context=context)
        except EdgefleetError as error:
            problems += _of_site(error, spec.name)
    before = manifest.earlier_index(folder, spec.name)
    others = manifest.Index(site=spec.name) if only is None else before.without(only)
    index = others.joined(manifests, names - images.keys())
    disk.update(folder / manifest.MANIFEST, strict_json.write(index), is_flushed=False)
    if not problems:
        _remove(folder, before.images.keys() - index.images.keys())
    return BuiltSite(name=spec.name, images=tuple(images.values()), problems=tuple(problems))


def _remove(folder: Path, images: Iterable[str]) -> None:
    """Remove `images` with all that belongs to them."""
    for image in (folder / name for name in images):
        of_reference = [image.with_suffix(".parts")] if image.name.endswith(".raw.json") else []
        for path in (record_path(image), *attestations.paths(image), *of_reference, image):
            disk.remove(path)


def _of_site(error: EdgefleetError, site: str) -> list[Problem]:
    """The problems of an error, located at the site where they have no location."""
    return [flaw if flaw.where else replace(flaw, where=site) for flaw in error.problems]


def _scan(site: SiteInputs, node: str, context: BuildContext) -> Scan | None:
    if context.known is None:
        return None
    return Scan(
        known=context.known,
        site=site.name,
        node=node,
        used=frozenset(site.passphrases),
        marks=context.supplies.cache / "scanned",
    )


def _build(job: NodeJob) -> BuiltImage:
    """One node's image, in the site's directory."""
    if FORMATS[job.node.image.format].is_composed:
        return composed_node.compose(job)
    seed, is_new = job.seed, False
    path = job.folder / seed.name
    if not path.is_file() or f"sha256:{disk.sha256(path)}" != seed.seed:
        if job.scan is not None:
            job.scan.check(seed.data, seed.name)
        disk.write(path, seed.data, is_flushed=False)
        is_new = True
    if seed.parts is not None:
        return composed_node.compose(job)
    return BuiltImage(image=seed.name, node=job.name, digest=seed.seed, size=len(seed.data), is_new=is_new)


def _build_and_store(site: str, job: NodeJob, context: BuildContext) -> BuiltImage:
    """One node's image, in the site's directory and, if it is composed, in the store."""
    if context.upload is None or job.seed.parts is None:
        return _build(job)
    store = context.upload.open()
    stored = built_store.find(store, site, job.name, job.seed.desired)
    if stored is not None and context.is_discarding:
        return stored
    image = _build(job)
    if stored is None or stored.digest != image.digest:
        stored = built_store.put(store, site, image, job.out)
    if context.is_discarding:
        disk.remove(job.out)
    return replace(image, uri=stored.uri)


def _describe_image(
    image: manifest.Manifest, folder: Path, spec: SiteSpec, *, seed: str, context: BuildContext
) -> None:
    """Write the attestations of an image, locally and, of a composed one, in the store."""
    store = None if context.upload is None or image.parts is None else context.upload.open()
    beside = (*attestations.paths(folder / image.image), folder / attestations.KEY)
    if store is not None:
        built_store.fetch_beside(store, spec.name, image.node, beside)
    attestations.write(folder, spec, image, seed=seed, signing=context.signing)
    if store is not None:
        built_store.put_beside(store, spec.name, image.node, beside)
