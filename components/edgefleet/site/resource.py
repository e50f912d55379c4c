"""The resource of one site: its boot images, one for each node, in an artifact store.

An image is a pure function of the inputs, so a preview shows the digest of each before anything exists. One
resource holds a whole site: the engine's cost grows with resources and with bytes of state, so the outputs
repeat no input and stay small.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from edgefleet.errors import InvalidInput, OutsideFailure, Problem, Refused
from edgefleet.images import FORMATS
from edgefleet.io.environment import Created, Environment, Found, Incomplete, Resource
from edgefleet.io.store import ArtifactStore, check_key
from edgefleet.keys.derivation import is_site_key
from edgefleet.model.medium import Medium
from edgefleet.model.paths import format_path, parse_path
from edgefleet.model.site import SiteSpec
from edgefleet.model.site_resource import KEY_HINT, SEED, TOKEN, SiteInputs, SiteOutputs, StoredImage, id_of
from edgefleet.model.spec import from_plain
from edgefleet.model.stack_secrets import flaws, secret_hint
from edgefleet.model.unknown import is_known
from edgefleet.site.render import SiteImage, render_site
from edgefleet.workloads import checking
from edgefleet.workloads.base.kind import Place

Renderer = Callable[[SiteSpec, str, Mapping[str, str]], Mapping[str, SiteImage]]
"""(site, its key, passphrases) -> dict[node name -> image]; pure."""


@dataclass(frozen=True)
class Site(Resource):
    """The resource, with the renderer that it uses."""

    render: Renderer = render_site

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
        """Images that are missing or differ."""
        images = outputs.get("images") or {}
        return [format_path(("images", node, SEED)) for node, image in images.items() if image[SEED] is None]

    def plan(self, spec: SiteInputs, environment: Environment) -> SiteOutputs:
        """Every digest, from the bytes themselves; no store is read."""
        store = environment.store(spec.store)
        rendered = self._rendered(spec)
        return SiteOutputs(images={node: _image(store, spec.name, made) for node, made in rendered.items()})

    def foresee(self, known: Mapping[str, Any], because: str, environment: Environment) -> Mapping[str, Any]:
        """No digest is known while an input is unknown; the nodes may be."""
        del environment
        nodes = known.get("nodes")
        if not isinstance(nodes, dict):
            return {}
        image: dict[str, Any] = {
            SEED: None,
            "uri": None,
            "size": None,
            "files": {},
            "unknownBecause": because,
        }
        return {"images": {node: dict(image) for node in nodes}}

    def create(self, spec: SiteInputs, environment: Environment) -> Created[SiteOutputs]:
        """Render and store every image.

        Raises:
            OutsideFailure: none could be stored; nothing is left.
            Incomplete: some could not be stored.
        """
        return Created(id=self.identity(spec), outputs=self._store_images(spec, environment, {}))

    def read(
        self, identity: str, environment: Environment, recorded: Mapping[str, Any]
    ) -> Found[SiteOutputs] | None:
        """The recorded images as they are in the store; in an import, the images there.

        A lost or altered image has the digest null, so that the next update writes it again; a site without
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
        return Found(id=identity, outputs=SiteOutputs(images=current))

    def update(
        self, identity: str, new: SiteInputs, environment: Environment, recorded: Mapping[str, Any]
    ) -> SiteOutputs:
        """Write the images whose digest changed, then remove those of removed nodes.

        Raises:
            Incomplete: some could not be written or removed.
        """
        del identity
        return self._store_images(new, environment, _images(recorded))

    def delete(
        self,
        identity: str,
        environment: Environment,
        inputs: Mapping[str, Any],
        *,
        successor: Mapping[str, Any] | None = None,
    ) -> None:
        """Remove every image of the site and every version of it, but those that a successor has.

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
        environment.store(uri).clear(f"sites/{site}/", keep=spared)

    def _rendered(self, spec: SiteInputs) -> Mapping[str, SiteImage]:
        return self.render(spec.spec, spec.key, spec.passphrases)

    def _store_images(
        self, spec: SiteInputs, environment: Environment, before: Mapping[str, StoredImage]
    ) -> SiteOutputs:
        """Store the images of `spec`, given those that the store already has."""
        store = environment.store(spec.store)
        images: dict[str, StoredImage] = {}
        failed: list[OutsideFailure] = []
        for node, rendered in self._rendered(spec).items():
            images[node] = image = _image(store, spec.name, rendered)
            if node in before and (before[node].seed, before[node].name) == (image.seed, image.name):
                continue
            try:
                store.put(image_key(spec.name, rendered.name), rendered.data)
            except OutsideFailure as error:
                failed.append(error)
                images[node] = _lost(image.uri)
        if not failed:  # images of removed nodes may still be needed until the others are written
            obsolete = {
                node: image
                for node, image in before.items()
                if node not in images or image.name != images[node].name
            }
            failed = _remove(store, spec.name, obsolete, images)
        if failed:
            self._raise_incomplete(spec, failed, SiteOutputs(images=images), is_new=not before)
        return SiteOutputs(images=images)

    def _raise_incomplete(
        self, spec: SiteInputs, failed: list[OutsideFailure], outputs: SiteOutputs, *, is_new: bool
    ) -> None:
        causes = [problem for error in failed for problem in error.problems]
        if is_new and all(image.seed is None for image in outputs.images.values()):
            raise OutsideFailure(causes) from failed[0]
        problem = f"{len(failed)} of {len(outputs.images)} images of site {spec.name} are missing or altered"
        summary = Problem(code="incomplete", problem=problem, hint="fix the cause below and run up again")
        raise Incomplete((summary, *causes), id=self.identity(spec), outputs=outputs) from failed[0]


def _of_workloads(spec: SiteInputs) -> Iterable[Problem]:
    """Entries that are no workloads, as another program may have written them."""
    for name, entry in spec.workloads.items() if is_known(spec.workloads) else ():
        if not is_known(*_leaves(entry)):
            continue
        place = Place(name=name, is_airgapped=spec.airgap is True)
        for problem in checking.of_entry(name, entry, place):
            path = format_path(("workloads", name, *parse_path(problem.path)))
            yield replace(problem, path=path)


def _leaves(value: Any) -> Iterable[Any]:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return [value] if inside is None else [leaf for inner in inside for leaf in _leaves(inner)]


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
    )


def _lost(uri: str) -> StoredImage:
    return StoredImage(seed=None, uri=uri, size=None, files={})


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
    """A site's images in a store; its spec is unknown, so the next update compares."""
    prefix = f"sites/{site}/"
    images = {}
    for key in store.list(prefix):
        stat = store.stat(key)
        node, dot, _ = key.removeprefix(prefix).partition(".")
        if stat is not None and dot:
            images[node] = StoredImage(
                seed=f"sha256:{stat.sha256}", uri=store.uri(key), size=stat.size, files={}
            )
    inputs = {"name": site, "store": uri}
    return Found(id=identity, outputs=SiteOutputs(images=images), inputs=inputs) if images else None
