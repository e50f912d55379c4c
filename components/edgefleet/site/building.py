"""Building one site's images into a directory and into its store: what a worker of a build in bulk does.

A site is built by one process at a time. What is finished is found again and skipped; what fails leaves
nothing half-made; the site's other nodes go on, and all that went wrong is told together. Small files are not
flushed one by one: the next build compares them byte by byte, and `edgefleet.io.disk.flush_all` ends a run.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from edgefleet.errors import EdgefleetError, InvalidInput, Problem
from edgefleet.images import FORMATS
from edgefleet.io import disk
from edgefleet.io.signing import Signing
from edgefleet.io.store.place import StorePlace
from edgefleet.keys.secret_scan import Known
from edgefleet.model.composing import Share
from edgefleet.model.site import SiteSpec
from edgefleet.model.site_resource import SiteInputs
from edgefleet.model.spec import from_plain
from edgefleet.site import attestations, built_store, composed_node, manifest
from edgefleet.site.artifact_source import Supplies
from edgefleet.site.build_plan import SiteJob
from edgefleet.site.build_records import record_path
from edgefleet.site.built import BuiltImage, BuiltSite
from edgefleet.site.composed_node import NodeJob
from edgefleet.site.leak_scan import Scan
from edgefleet.site.render import render_site

SHARED = ".shared"
"""Directory beside the sites' with what their images have in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildContext:
    """Where and how sites are built; the same for all of a run."""

    out: Path
    """Directory of the results: ``<out>/<site>/<node>.raw``."""
    supplies: Supplies
    """Where bases and payloads come from."""
    share: Share = "copy"
    upload: StorePlace | None = None
    """How the store is reached that composed images go to; which one, each site says."""
    known: Known | None = field(default=None, repr=False)
    """Marks of every site's secrets, which no other's image may hold; `None` where nobody looks."""
    signing: Signing | None = None
    """Who signs; `None` otherwise."""
    is_discarding: bool = False
    """Whether a composed image is removed here when it is in the store."""


def build_site(job: SiteJob, *, shop: BuildContext, node: str | None = None) -> BuiltSite:
    """Build the images of one site; what goes wrong is in the result.

    Args:
        job: the site.
        shop: where and how.
        node: the only one whose image is wanted; what others have stays as it is.
    """
    folder = shop.out / job.name
    try:
        with disk.locked(folder, who=f"a build of {job.name}"):
            composed_node.sweep(folder)
            return _built(_inputs(job), folder, shop, node)
    except EdgefleetError as error:
        return BuiltSite(name=job.name, problems=tuple(error.problems))


def _inputs(job: SiteJob) -> SiteInputs:
    try:
        return from_plain(SiteInputs, dict(job.inputs))
    except ValueError as error:
        problem = "its inputs are not those of this version of edgefleet"
        hint = "create the plan with the same version"
        raise InvalidInput(Problem(code="bad-plan", where=job.name, problem=problem, hint=hint)) from error


def _built(plain: SiteInputs, folder: Path, shop: BuildContext, only: str | None) -> BuiltSite:
    spec = plain.spec
    seeds = render_site(spec, plain.key, plain.passphrases)
    images: dict[str, BuiltImage] = {}
    problems: list[Problem] = []
    if shop.upload is not None:
        shop = replace(shop, upload=replace(shop.upload, uri=plain.store))
    wanted = seeds.keys() if only is None else {only}
    for name in wanted:
        job = NodeJob(
            name=name,
            node=spec.nodes[name],
            seed=seeds[name],
            folder=folder,
            shared=shop.out / SHARED,
            supplies=shop.supplies,
            share=shop.share,
            scan=_scan(plain, name, shop),
        )
        try:
            images[name] = _made(job) if shop.upload is None else _kept(spec.name, job, shop.upload, shop)
        except EdgefleetError as error:
            problems += _of_site(error, spec.name)
    found = list(manifest.manifests(spec, plain.key, seeds, images))
    for each in found:
        try:
            _tell(each, folder, spec, seed=seeds[each.node].digest, shop=shop)
        except EdgefleetError as error:
            problems += _of_site(error, spec.name)
    others = manifest.Index() if only is None else manifest.indexed(folder, without=only)
    index = manifest.index(spec.name, found, wanted - images.keys(), others)
    _describe(folder, index, is_whole=not problems)
    return BuiltSite(name=spec.name, images=tuple(images.values()), problems=tuple(problems))


def _of_site(error: EdgefleetError, site: str) -> list[Problem]:
    """What went wrong, at the site where it does not say where."""
    return [each if each.where else replace(each, where=site) for each in error.problems]


def _scan(plain: SiteInputs, node: str, shop: BuildContext) -> Scan | None:
    if shop.known is None:
        return None
    return Scan(
        known=shop.known,
        site=plain.name,
        node=node,
        used=frozenset(plain.passphrases),
        kept=shop.supplies.cache / "scanned",
    )


def _made(job: NodeJob) -> BuiltImage:
    """One node's image, in the site's directory."""
    if FORMATS[job.node.image.format].is_composed:
        return composed_node.compose(job)
    seed, is_new = job.seed, False
    path = job.folder / seed.name
    if not path.is_file() or f"sha256:{disk.sha256(path)}" != seed.digest:
        if job.scan is not None:
            job.scan.check(seed.data, seed.name)
        disk.write(path, seed.data, is_flushed=False)
        is_new = True
    if seed.identity is not None:
        return composed_node.compose(job)
    return BuiltImage(node=job.name, name=seed.name, digest=seed.digest, size=len(seed.data), is_new=is_new)


def _kept(site: str, job: NodeJob, place: StorePlace, shop: BuildContext) -> BuiltImage:
    """One node's image, in the site's directory and, if it is composed, in the store."""
    if job.seed.identity is None:
        return _made(job)
    store = place.open()
    there = built_store.find(store, site, job.name, job.identity)
    if there is not None and shop.is_discarding:
        return there
    made = _made(job)
    if there is None or there.digest != made.digest:
        there = built_store.put(store, site, made, job.out)
    if shop.is_discarding:
        disk.remove(job.out)
    return replace(made, uri=there.uri)


def _tell(image: manifest.Manifest, folder: Path, spec: SiteSpec, *, seed: str, shop: BuildContext) -> None:
    """Write what stands beside an image, here and, of a composed one, in the store."""
    store = None if shop.upload is None or image.identity is None else shop.upload.open()
    beside = (*attestations.paths(folder / image.image), folder / attestations.KEY)
    if store is not None:
        built_store.bring_beside(store, spec.name, image.node, beside)
    attestations.write(folder, spec, image, seed=seed, signing=shop.signing)
    if store is not None:
        built_store.put_beside(store, spec.name, image.node, beside)


def _describe(folder: Path, index: bytes, *, is_whole: bool) -> None:
    """Write the list of images; where nothing failed, remove what an earlier one has and this one has not."""
    before = manifest.indexed(folder).images
    disk.update(folder / manifest.MANIFEST, index, is_flushed=False)
    for name in (before.keys() - manifest.indexed(folder).images.keys()) if is_whole else ():
        image = folder / name
        of_reference = [image.with_suffix(".parts")] if name.endswith(".raw.json") else []
        for path in (record_path(image), *attestations.paths(image), *of_reference, image):
            disk.remove(path)
