"""Building one site's images into a directory and into its store: the work of one worker.

One process at a time builds a site. A finished image is skipped; a failure leaves no incomplete file; the
site's other nodes go on, and all problems are reported together. Small files are not flushed one by one: the
next build compares them byte by byte, and `edgefleet.io.disk.flush_all` ends a run.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from edgefleet.errors import EdgefleetError, InvalidInput, Problem
from edgefleet.images import FORMATS
from edgefleet.io import disk
from edgefleet.io.signing import Signing
from edgefleet.io.store import StorePlace
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


def build_site(job: SiteJob, *, context: BuildContext, node: str | None = None) -> BuiltSite:
    """Build the images of one site; problems are in the result.

    Args:
        job: the site.
        context: where and how.
        node: the only node to build; images of others stay.
    """
    folder = context.out / job.name
    try:
        with disk.locked(folder, who=f"a build of {job.name}"):
            composed_node.sweep(folder)
            return _built(_inputs(job), folder, context, node)
    except EdgefleetError as error:
        return BuiltSite(name=job.name, problems=tuple(error.problems))


def _inputs(job: SiteJob) -> SiteInputs:
    try:
        return from_plain(SiteInputs, dict(job.inputs))
    except ValueError as error:
        problem = "its inputs are not those of this version of edgefleet"
        hint = "create the plan with the same version"
        raise InvalidInput(Problem(code="bad-plan", where=job.name, problem=problem, hint=hint)) from error


def _built(plain: SiteInputs, folder: Path, context: BuildContext, only: str | None) -> BuiltSite:
    spec = plain.spec
    seeds = render_site(spec, plain.key, plain.passphrases)
    images: dict[str, BuiltImage] = {}
    problems: list[Problem] = []
    if context.upload is not None:
        context = replace(context, upload=replace(context.upload, uri=plain.store))
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
            scan=_scan(plain, name, context),
        )
        try:
            images[name] = _build_and_store(spec.name, job, context)
        except EdgefleetError as error:
            problems += _of_site(error, spec.name)
    manifests = list(manifest.manifests(spec, plain.key, seeds, images))
    for described in manifests:
        try:
            _describe_image(described, folder, spec, seed=seeds[described.node].digest, context=context)
        except EdgefleetError as error:
            problems += _of_site(error, spec.name)
    others = manifest.Index() if only is None else manifest.indexed(folder, without=only)
    index = manifest.index(spec.name, manifests, names - images.keys(), others)
    _describe(folder, index, is_whole=not problems)
    return BuiltSite(name=spec.name, images=tuple(images.values()), problems=tuple(problems))


def _of_site(error: EdgefleetError, site: str) -> list[Problem]:
    """The problems of an error, located at the site where they have no location."""
    return [each if each.where else replace(each, where=site) for each in error.problems]


def _scan(plain: SiteInputs, node: str, context: BuildContext) -> Scan | None:
    if context.known is None:
        return None
    return Scan(
        known=context.known,
        site=plain.name,
        node=node,
        used=frozenset(plain.passphrases),
        marks=context.supplies.cache / "scanned",
    )


def _build(job: NodeJob) -> BuiltImage:
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


def _build_and_store(site: str, job: NodeJob, context: BuildContext) -> BuiltImage:
    """One node's image, in the site's directory and, if it is composed, in the store."""
    if context.upload is None or job.seed.identity is None:
        return _build(job)
    store = context.upload.open()
    stored = built_store.find(store, site, job.name, job.identity)
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
    store = None if context.upload is None or image.identity is None else context.upload.open()
    beside = (*attestations.paths(folder / image.image), folder / attestations.KEY)
    if store is not None:
        built_store.fetch_beside(store, spec.name, image.node, beside)
    attestations.write(folder, spec, image, seed=seed, signing=context.signing)
    if store is not None:
        built_store.put_beside(store, spec.name, image.node, beside)


def _describe(folder: Path, index: bytes, *, is_whole: bool) -> None:
    """Write the list of images; if nothing failed, remove images that only the earlier one lists."""
    before = manifest.indexed(folder).images
    disk.update(folder / manifest.MANIFEST, index, is_flushed=False)
    for name in (before.keys() - manifest.indexed(folder).images.keys()) if is_whole else ():
        image = folder / name
        of_reference = [image.with_suffix(".parts")] if name.endswith(".raw.json") else []
        for path in (record_path(image), *attestations.paths(image), *of_reference, image):
            disk.remove(path)
