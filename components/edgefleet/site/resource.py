"""The resource of one site: its boot images, one for each node, and its release, in an artifact store.

With a channel the release has a bundle for each node, which the node fetches (`edgefleet.site.bundle`).

Both are pure functions of the inputs, so a preview shows their digests before anything exists. One
resource holds a whole site: the engine's cost grows with resources and with bytes of state, so the outputs
repeat no input and stay small.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar

from edgefleet.errors import InvalidInput, OutsideFailure, Problem, Refused
from edgefleet.images import FORMATS
from edgefleet.io.environment import Created, Environment, Found, Incomplete, Resource
from edgefleet.io.store import ArtifactStore, check_key
from edgefleet.keys.derivation import is_site_key
from edgefleet.model.medium import Medium
from edgefleet.model.paths import format_path, leaves, parse_path
from edgefleet.model.plain_data import ByText
from edgefleet.model.site import SiteSpec
from edgefleet.model.site_resource import (
    KEY_HINT,
    RELEASE,
    SEED,
    TOKEN,
    SiteInputs,
    SiteOutputs,
    StoredImage,
    id_of,
)
from edgefleet.model.spec import from_plain
from edgefleet.model.stack_secrets import flaws, secret_hint
from edgefleet.model.unknown import is_known
from edgefleet.site import stored_release
from edgefleet.site.render import RenderedSite, SiteImage, rendered
from edgefleet.workloads import checking
from edgefleet.workloads.base.kind import Place

Renderer = Callable[[SiteSpec, str, Mapping[str, str]], RenderedSite]
"""(site, its key, passphrases) -> its images and release; pure."""


@dataclass(frozen=True)
class Site(Resource):
    """The resource, with the renderer that it uses."""

    render: Renderer = rendered

    TOKEN: ClassVar[str] = TOKEN
    Spec: ClassVar[type[Any]] = SiteInputs
    Outputs: ClassVar[type[Any]] = SiteOutputs
    REPLACE_ON: ClassVar[frozenset[str]] = frozenset({"name", "store"})
    CLAIMS: ClassVar[tuple[str, ...]] = ("name", "store")

    def identity(self, spec: SiteInputs) -> str:
        """``<store>/sites/<site>``."""
        return id_of(spec.store, spec.name)

    def inspect(self, spec: SiteInputs) -> Iterable[Problem]:
        """Problems of names that cannot be keys of a store; checked before any path is built from them."""
        if not is_known(spec.name, spec.nodes):
            return
        for node, described in spec.nodes.items():
            if (
                not is_known(described)
                or not is_known(described.image)
                or not is_known(described.image.format)
            ):
                continue
            try:
                check_key(image_key(spec.name, f"{node}{FORMATS[described.image.format].suffix}"))
            except InvalidInput as error:
                path = format_path(("nodes", node)) if _is_segment(spec.name) else "name"
                hint = error.problem.hint
                yield Problem(
                    code="artifact-key", path=path, problem="cannot be part of a file name", hint=hint
                )
        place = {"fleet": spec.fleet, "region": spec.region, "site": spec.name}
        if not is_site_key(spec.key, **place, generation=spec.key_generation):
            problem = "is not the key of this site and its key generation"
            yield Problem(code="key", path="key", problem=problem, hint=KEY_HINT)
        if is_known(spec.passphrases) and is_known(*spec.passphrases.values()):
            yield from _lacking(spec)
        yield from _of_workloads(spec)
        if not spec.nodes:
            yield Problem(
                code="no-nodes", path="nodes", problem="is empty", hint="give the site at least one node"
            )

    def drifted(self, outputs: Mapping[str, Any]) -> list[str]:
        """Images that are missing or differ, and the release."""
        images, release = outputs.get("images") or {}, outputs.get(RELEASE)
        lost = [format_path(("images", node, SEED)) for node, image in images.items() if image[SEED] is None]
        is_lost = release is not None and release["digest"] is None
        return [*lost, format_path((RELEASE, "digest"))] if is_lost else lost

    def plan(self, spec: SiteInputs, environment: Environment) -> SiteOutputs:
        """Every digest, from the bytes themselves; no store is read."""
        store, made = environment.store(spec.store), self._rendered(spec)
        return SiteOutputs(
            images={node: _image(store, spec.name, image) for node, image in made.images.items()},
            release=stored_release.first(store, spec.name, made.release),
        )

    def plan_update(
        self, spec: SiteInputs, environment: Environment, recorded: Mapping[str, Any]
    ) -> SiteOutputs:
        """As `plan`, with the releases that the store keeps."""
        planned, before = self.plan(spec, environment), stored_release.of_recorded(recorded)
        return replace(planned, release=stored_release.next_one(planned.release, before))

    def recall(
        self, inputs: Mapping[str, Any], recorded: Mapping[str, Any], environment: Environment
    ) -> None:
        """The objects of charts and manifests as they were, where another machine rendered them."""
        unanswered: list[OutsideFailure] = environment.aws.shared("unanswered look-ups", list)
        texts, release = stored_release.lacking(inputs), stored_release.of_recorded(recorded)
        if unanswered or not texts or release is None or release.digest is None:
            return
        try:
            store = environment.store(str(inputs["store"]))
            stored_release.recall(store, str(inputs["name"]), release.digest, texts)
        except OutsideFailure as error:
            unanswered.append(error)

    def foresee(self, known: Mapping[str, Any], because: str, environment: Environment) -> Mapping[str, Any]:
        """No digest is known while an input is unknown; the nodes may be."""
        del environment
        nodes = known.get("nodes")
        unknown: dict[str, Any] = {"uri": None, "size": None, "unknownBecause": because}
        release = {RELEASE: {"digest": None, **unknown}}
        if not isinstance(nodes, dict):
            return release
        return {"images": {node: {SEED: None, "files": {}, **unknown} for node in nodes}, **release}

    def create(self, spec: SiteInputs, environment: Environment) -> Created[SiteOutputs]:
        """Render and store every image, then the release.

        Raises:
            OutsideFailure: none could be stored; nothing is left.
            Incomplete: some could not be stored.
        """
        return Created(id=self.identity(spec), outputs=self._store(spec, environment, {}))

    def read(
        self, identity: str, environment: Environment, recorded: Mapping[str, Any]
    ) -> Found[SiteOutputs] | None:
        """The recorded images and release as they are in the store; in an import, those there.

        What is lost or altered has the digest null, so that the next update writes it again; a site without
        any image is gone.
        """
        uri, separator, site = identity.rpartition("/sites/")
        if not separator:
            hint = "give <store>/sites/<site>, for example file:images/sites/store-0007"
            raise InvalidInput.at(identity, "id", "is not the id of a site's images", hint)
        store = environment.store(uri)
        images = _images(recorded)
        if not images:
            return _imported(identity, store, uri, site)
        stored = {node: store.stat(image_key(site, image.name)) for node, image in images.items()}
        if not any(stored.values()):
            return None
        current = {
            node: image
            if (now := stored[node]) is not None and image.seed == f"sha256:{now.sha256}"
            else _lost(image.uri)
            for node, image in images.items()
        }
        release = stored_release.found(store, site, stored_release.of_recorded(recorded))
        return Found(id=identity, outputs=SiteOutputs(images=current, release=release))

    def update(
        self, identity: str, new: SiteInputs, environment: Environment, recorded: Mapping[str, Any]
    ) -> SiteOutputs:
        """Write the images whose digest changed, then the release, then remove those of removed nodes.

        Raises:
            Incomplete: some could not be written or removed.
        """
        del identity
        return self._store(new, environment, recorded)

    def delete(
        self,
        identity: str,
        environment: Environment,
        inputs: Mapping[str, Any],
        *,
        successor: Mapping[str, Any] | None = None,
    ) -> None:
        """Remove every image and release of the site and every version of it, but those that a successor has.

        All releases are a successor's: it is the same site in the same store.

        Raises:
            Refused: the id is not that of the recorded inputs: an altered state chose what to remove.
        """
        uri, site = str(inputs.get("store", "")), str(inputs.get("name", ""))
        if identity != id_of(uri, site):
            problem = (
                f"the state records this id, but its inputs give {id_of(uri, site)}: the state was altered"
            )
            hint = "restore the state from a backup, or correct the id; nothing was removed"
            raise Refused.at(identity, "altered-state", problem, hint)
        spared = {
            image_key(site, f"{node}{_suffix(plain)}")
            for node, plain in (successor or {}).get("nodes", {}).items()
        }
        store = environment.store(uri)
        if successor is None:
            store.clear(stored_release.prefix(site))
        store.clear(f"sites/{site}/", keep=spared)

    def _rendered(self, spec: SiteInputs) -> RenderedSite:
        return self.render(spec.spec, spec.key, spec.passphrases)

    def _store(self, spec: SiteInputs, environment: Environment, recorded: Mapping[str, Any]) -> SiteOutputs:
        """Store the images of `spec`, then its release, given what the store already has."""
        store, before, made = environment.store(spec.store), _images(recorded), self._rendered(spec)
        images, failed = _store_images(store, spec.name, made.images, before)
        release = stored_release.of_recorded(recorded)
        if not failed:
            release, failed = stored_release.published(store, spec.name, made.release, release)
        outputs = SiteOutputs(
            images=images, release=release or stored_release.missing(store, spec.name, made.release)
        )
        if failed:
            self._raise_incomplete(spec, failed, outputs, is_new=not before)
        return outputs

    def _raise_incomplete(
        self, spec: SiteInputs, failed: list[OutsideFailure], outputs: SiteOutputs, *, is_new: bool
    ) -> None:
        causes = [problem for error in failed for problem in error.problems]
        if is_new and all(image.seed is None for image in outputs.images.values()):
            raise OutsideFailure(causes) from failed[0]
        if any(image.seed is None for image in outputs.images.values()):
            what = f"{len(failed)} of {len(outputs.images)} images of site {spec.name} are missing or altered"
        elif outputs.release.digest is None:
            what = f"the release of site {spec.name} is not in the store"
        else:
            what = f"releases of site {spec.name} that are too old are still in the store"
        summary = Problem(code="incomplete", problem=what, hint="fix the cause below and run up again")
        raise Incomplete((summary, *causes), id=self.identity(spec), outputs=outputs) from failed[0]


def _of_workloads(spec: SiteInputs) -> Iterable[Problem]:
    """Entries that are no workloads, as another program may have written them."""
    for name, entry in spec.workloads.items() if is_known(spec.workloads) else ():
        if not is_known(*(value for _, value in leaves(entry))):
            continue
        place = Place(name=name, is_airgapped=spec.airgap is True)
        for problem in _of_workload(ByText.of(entry), place):
            path = format_path(("workloads", name, *parse_path(problem.path)))
            yield replace(problem, path=path)


@lru_cache(4096)
def _of_workload(entry: ByText, place: Place) -> tuple[Problem, ...]:
    """Problems of an entry at a place: equal for most sites."""
    return tuple(checking.of_entry(place.name, entry.value, place))


def _lacking(spec: SiteInputs) -> Iterable[Problem]:
    for place, code, problem in flaws(spec.spec, spec.passphrases):
        path, hint = format_path(place.path), secret_hint(place.name)
        yield Problem(code=code, path=path, problem=problem, hint=hint)


def image_key(site: str, name: str) -> str:
    """Key of a node's seed in an artifact store; `name` is its file's, ``n1.iso``."""
    return f"sites/{site}/{name}"


def _suffix(node: Mapping[str, Any]) -> str:
    """Ending of a node's seed, from the node's plain spec."""
    return FORMATS[(node.get("image") or {}).get("format", Medium().format)].suffix


def _images(recorded: Mapping[str, Any]) -> dict[str, StoredImage]:
    """dict[node -> image] of recorded outputs."""
    return {
        node: from_plain(StoredImage, dict(image)) for node, image in (recorded.get("images") or {}).items()
    }


def _is_segment(name: str) -> bool:
    try:
        check_key(name)
    except InvalidInput:
        return False
    return "/" not in name


def _image(store: ArtifactStore, site: str, rendered: SiteImage) -> StoredImage:
    return StoredImage(
        seed=rendered.seed,
        uri=store.uri(image_key(site, rendered.name)),
        size=len(rendered.data),
        files=dict(rendered.files),
        parts=rendered.parts,
        release=rendered.release,
    )


def _lost(uri: str) -> StoredImage:
    return StoredImage(seed=None, uri=uri, size=None, files={})


def _store_images(
    store: ArtifactStore, site: str, rendered: Mapping[str, SiteImage], before: Mapping[str, StoredImage]
) -> tuple[dict[str, StoredImage], list[OutsideFailure]]:
    """Store the images that differ from `before`, then remove those of removed nodes; also the failures."""
    images: dict[str, StoredImage] = {}
    failed: list[OutsideFailure] = []
    for node, made in rendered.items():
        images[node] = image = _image(store, site, made)
        if node in before and (before[node].seed, before[node].name) == (image.seed, image.name):
            continue
        try:
            store.put(image_key(site, made.name), made.data)
        except OutsideFailure as error:
            failed.append(error)
            images[node] = _lost(image.uri)
    if failed:  # images of removed nodes may still be needed
        return images, failed
    obsolete = {
        node: image for node, image in before.items() if node not in images or image.name != images[node].name
    }
    return images, _remove(store, site, obsolete, images)


def _remove(
    store: ArtifactStore, site: str, obsolete: Mapping[str, StoredImage], images: dict[str, StoredImage]
) -> list[OutsideFailure]:
    """Remove obsolete images; one that could not be removed stays in `images`, for the next run."""
    failed = []
    for node, image in obsolete.items():
        try:
            store.delete(image_key(site, image.name))
        except OutsideFailure as error:
            failed.append(error)
            images[node] = _lost(image.uri)
    return failed


def _imported(identity: str, store: ArtifactStore, uri: str, site: str) -> Found[SiteOutputs] | None:
    """A site's images and release in a store; its spec is unknown, so the next update compares."""
    prefix = f"sites/{site}/"
    images = {}
    for key in store.list(prefix):
        stat = store.stat(key)
        node, dot, _ = key.removeprefix(prefix).partition(".")
        if stat is not None and dot:
            images[node] = StoredImage(
                seed=f"sha256:{stat.sha256}", uri=store.uri(key), size=stat.size, files={}
            )
    if not images:
        return None
    outputs = SiteOutputs(images=images, release=stored_release.found(store, site, None))
    return Found(id=identity, outputs=outputs, inputs={"name": site, "store": uri})
