"""Releases in a store: ``releases/<site>/<hex of the digest>.json``, the newest `KEPT` of each site.

One document a release: it is there as a whole or not at all, whatever interrupts a run, and costs one
request. Its name has its digest, so it never changes, and a site whose release stays uploads nothing. Earlier
ones are removed once the newest is there; the state has their digests, so nothing is listed for that.
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
from edgefleet.model.site_resource import RELEASE, StoredRelease
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
    return f"{prefix(site)}{digest.removeprefix('sha256:')}{SUFFIX}"


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
    )


def next_one(release: StoredRelease, before: StoredRelease | None) -> StoredRelease:
    """`release` as the next one after `before`."""
    return replace(release, earlier=_earlier(release, before)[: KEPT - 1])


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
    there = _earlier(stored, before)
    try:
        if before is None or before.digest != release.digest:
            store.put(key(site, release.digest), release.data)
    except OutsideFailure as error:
        return _lost(replace(stored, earlier=there)), [error]
    try:
        if there != stored.earlier:
            kept = (release.digest, *stored.earlier)
            store.clear(prefix(site), keep={key(site, digest) for digest in kept})
    except OutsideFailure as error:
        return replace(stored, earlier=there), [error]
    return stored, []


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
    return _lost(first(store, site, release))


def _lost(release: StoredRelease) -> StoredRelease:
    return replace(release, digest=None, size=None, document=None)


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
    there = store.list(prefix(site)) if recorded.earlier else ()
    kept = replace(recorded, earlier=tuple(each for each in recorded.earlier if key(site, each) in there))
    return kept if is_there else _lost(kept)


def _newest(store: ArtifactStore, site: str) -> StoredRelease:
    there = store.list(prefix(site))
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
