"""Releases in a store: ``releases/<site>/<hex of the digest>.json``, the newest `KEPT` of each site.

One document a release: it is there as a whole or not at all, whatever interrupts a run, and costs one
request. Its name has its digest, so it never changes, and a site whose release stays uploads nothing. Earlier
ones are removed once the newest is there; the state has their digests, so nothing is listed for that.

With a channel each node has a bundle besides, ``releases/<site>/<node>/<hex of the encrypted bytes>``, which
is stored before the document, and stays as long as a release that has it.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from edgefleet.errors import OutsideFailure
from edgefleet.io import rendered_texts
from edgefleet.io.store import ArtifactStore
from edgefleet.io.store.artifact import LARGEST
from edgefleet.model import strict_json
from edgefleet.model.listing import sha256
from edgefleet.model.site_resource import RELEASE, StoredBundle, StoredRelease
from edgefleet.model.spec import from_plain
from edgefleet.site.release import Release
from edgefleet.workloads.base.foreign import DEEPEST, RENDERED, rendered_in

KEPT = 3
"""Releases of a site that a store has."""
SUFFIX = ".json"


def prefix(site: str) -> str:
    """Where the releases of `site` are."""
    return f"releases/{site}/"


def key(site: str, digest: str) -> str:
    """The key of the release of `digest` in a store."""
    return f"{prefix(site)}{_hex(digest)}{SUFFIX}"


def _hex(digest: str) -> str:
    return digest.removeprefix("sha256:")


def bundle_key(site: str, node: str, ciphertext: str) -> str:
    """The key of a node's bundle in a store; `ciphertext` is the hex SHA-256 of its bytes."""
    return f"{prefix(site)}{node}/{ciphertext}"


def of_recorded(outputs: Mapping[str, Any]) -> StoredRelease | None:
    """The release of recorded outputs; `None` where there is none."""
    plain = outputs.get(RELEASE)
    return from_plain(StoredRelease, dict(plain)) if plain else None


def first(store: ArtifactStore, site: str, release: Release) -> StoredRelease:
    """`release` as the first one of `site`."""
    return StoredRelease(
        digest=release.digest,
        uri=store.uri(key(site, release.digest)),
        size=len(release.data),
        document=sha256(release.data),
        bundles={
            node: StoredBundle(
                ciphertext=_hex(sha256(bundle.data)),
                size=len(bundle.data),
                part=_hex(release.parts[node]),
                fixed=bundle.fixed,
            )
            for node, bundle in release.bundles.items()
        },
    )


def next_one(release: StoredRelease, before: StoredRelease | None) -> StoredRelease:
    """`release` as the next one after `before`."""
    return _after(release, before, _earlier(release, before)[: KEPT - 1])


def _after(release: StoredRelease, before: StoredRelease | None, earlier: tuple[str, ...]) -> StoredRelease:
    """`release` with what is known of the `earlier` ones, the last of which is `before`."""
    known = {} if before is None else {**before.earlier_bundles, str(before.digest): before.bundles}
    there = {digest: known[digest] for digest in earlier if known.get(digest)}
    return replace(release, earlier=earlier, earlier_bundles=there)


def _earlier(release: StoredRelease, before: StoredRelease | None) -> tuple[str, ...]:
    """Digests of the releases that the store has besides `release`, if it had `before`."""
    if before is None:
        return ()
    there = before.earlier if before.digest is None else (before.digest, *before.earlier)
    return tuple(digest for digest in there if digest != release.digest)


def published(
    store: ArtifactStore, site: str, release: Release, before: StoredRelease | None
) -> tuple[StoredRelease, list[OutsideFailure]]:
    """Store `release`, unless `before`, which the store has, is the same; then remove too old ones.

    Returns what the store has now, and why that is not all.
    """
    stored = next_one(first(store, site, release), before)
    there = _after(stored, before, _earlier(stored, before))
    failed = _put_bundles(store, site, release, {} if before is None else before.bundles)
    if failed:
        return _lost(there, failed), [*failed.values()]
    try:
        if before is None or before.digest != release.digest:
            store.put(key(site, release.digest), release.data)
    except OutsideFailure as error:
        return _lost(there), [error]
    try:
        if there.earlier != stored.earlier:
            store.clear(prefix(site), keep=_keys(site, stored))
    except OutsideFailure as error:
        return there, [error]
    return stored, []


def _put_bundles(
    store: ArtifactStore, site: str, release: Release, before: Mapping[str, StoredBundle]
) -> dict[str, OutsideFailure]:
    """Store the bundles of `release` that `before` lacks; dict[node -> why its own is not there]."""
    failed: dict[str, OutsideFailure] = {}
    for node, bundle in release.bundles.items():
        ciphertext = _hex(sha256(bundle.data))
        if node in before and before[node].ciphertext == ciphertext:
            continue
        try:
            store.put(bundle_key(site, node, ciphertext), bundle.data)
        except OutsideFailure as error:
            failed[node] = error
    return failed


def _keys(site: str, release: StoredRelease) -> set[str]:
    """The keys of all that `release` and the earlier ones have."""
    of_bundles = {str(release.digest): release.bundles, **release.earlier_bundles}
    kept = (str(release.digest), *release.earlier)
    return {name for digest in kept for name in _keys_of(site, digest, of_bundles.get(digest, {}))}


def _keys_of(site: str, digest: str, bundles: Mapping[str, StoredBundle]) -> set[str]:
    """The keys of one release."""
    return {key(site, digest)} | {
        bundle_key(site, node, bundle.ciphertext) for node, bundle in bundles.items() if bundle.ciphertext
    }


def lacking(inputs: Mapping[str, Any]) -> set[str]:
    """The digests of the rendered texts of a site, by its plain inputs, that this machine does not have."""
    workloads = inputs.get("workloads")
    wanted = rendered_in(workloads) if isinstance(workloads, Mapping) else set()
    return {digest for digest in wanted if not rendered_texts.has(digest)}


def recall(store: ArtifactStore, site: str, digest: str, texts_of: Collection[str]) -> None:
    """Put the rendered texts with the digests `texts_of` into this machine's cache, from a release.

    Raises:
        OutsideFailure: the store does not answer.
    """
    try:
        data = store.get(key(site, digest)) or b"{}"
        document = strict_json.parse(data, limit=LARGEST, levels=DEEPEST)
    except ValueError:  # altered: its texts stay unknown
        return
    texts = document.get(RENDERED) if isinstance(document, dict) else None
    for of, text in texts.items() if isinstance(texts, dict) else ():
        if of in texts_of and isinstance(text, str) and sha256(text.encode()) == f"sha256:{of}":
            rendered_texts.keep(text)


def missing(store: ArtifactStore, site: str, release: Release) -> StoredRelease:
    """`release`, which was not stored yet: the next update stores it."""
    return _lost(first(store, site, release), release.bundles)


def _lost(release: StoredRelease, nodes: Collection[str] = ()) -> StoredRelease:
    """`release`, which the store does not have as a whole: it lacks the bundles of `nodes`."""
    bundles = {
        node: replace(bundle, ciphertext=None, size=None) if node in nodes else bundle
        for node, bundle in release.bundles.items()
    }
    return replace(release, digest=None, size=None, document=None, bundles=bundles)


def found(store: ArtifactStore, site: str, recorded: StoredRelease | None) -> StoredRelease:
    """The recorded releases as they are in the store; without one, those there.

    An earlier one that is lost is no drift: nothing can write it again.
    """
    if recorded is None:
        return _newest(store, site)
    if recorded.digest is None:
        return recorded
    stat = store.stat(key(site, recorded.digest))
    is_there = stat is not None and recorded.document in {None, f"sha256:{stat.sha256}"}
    lost = [node for node, bundle in recorded.bundles.items() if not _has(store, site, node, bundle)]
    there = (store.list(prefix(site)) if recorded.earlier else {}).keys()
    of_bundles = recorded.earlier_bundles
    earlier = [each for each in recorded.earlier if _keys_of(site, each, of_bundles.get(each, {})) <= there]
    kept = _after(recorded, recorded, tuple(earlier))
    return kept if is_there and not lost else _lost(kept, lost)


def _has(store: ArtifactStore, site: str, node: str, bundle: StoredBundle) -> bool:
    stat = store.stat(bundle_key(site, node, bundle.ciphertext)) if bundle.ciphertext else None
    return stat is not None and stat.sha256 == bundle.ciphertext


def _newest(store: ArtifactStore, site: str) -> StoredRelease:
    there = {name: stat for name, stat in store.list(prefix(site)).items() if name.endswith(SUFFIX)}
    newest, *earlier = sorted(there, key=lambda name: there[name].modified, reverse=True) or [""]
    stat = store.stat(newest) if newest else None
    if stat is None:
        return StoredRelease(digest=None, uri=store.uri(prefix(site).removesuffix("/")), size=None)
    return StoredRelease(
        digest=_digest(newest),
        uri=store.uri(newest),
        size=stat.size,
        document=f"sha256:{stat.sha256}",
        earlier=tuple(map(_digest, earlier)),
    )


def _digest(name: str) -> str:
    """The digest in the key of a release."""
    return f"sha256:{name.rpartition('/')[2].removesuffix(SUFFIX)}"
