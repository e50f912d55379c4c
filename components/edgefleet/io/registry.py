"""Container registries (OCI distribution specification): manifests, blobs, access tokens.

A manifest is verified against the requested digest. Where the digest of one platform is meant an
index is refused: another reader may choose another entry.

oras 0.2.43 was tried in place of this module and is worse. It returns a manifest as parsed JSON, so nothing
can be verified against a digest. It sends the user's password to any realm that a registry names, over
plain HTTP too, and keeps one token for a client in place of one for a repository. It knows neither identity
tokens nor netrc nor REGISTRY_AUTH_FILE. It retries after almost any exception and waits by time.sleep.
It ships no types, and its import takes 2.9 s of CPU, where httpx takes 0.2 s.
"""

import hashlib
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from edgefleet.errors import InvalidInput, OutsideFailure, Problem
from edgefleet.io.logins import HUB
from edgefleet.io.web import Answer, Web, shown

OCI_INDEX, OCI_MANIFEST = (f"application/vnd.oci.image.{kind}.v1+json" for kind in ("index", "manifest"))
"""Types of documents that state none: docker's own must (OCI image specification; distribution)."""
INDEXES = frozenset({OCI_INDEX, "application/vnd.docker.distribution.manifest.list.v2+json"})
MANIFESTS = frozenset({OCI_MANIFEST, "application/vnd.docker.distribution.manifest.v2+json"})
ACCEPT = ", ".join(sorted(INDEXES | MANIFESTS))
_HUB_HOST = "registry-1.docker.io"
_LOOPBACK = re.compile(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?")
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_UNAUTHORIZED = 401
_LIFETIME = 60.0
"""Seconds that a token lasts by default (distribution, token specification)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest or an index, as it was sent."""

    digest: str
    """``sha256:<hex>`` of `data`."""
    media_type: str
    data: bytes = field(repr=False)

    @property
    def is_index(self) -> bool:
        """Whether it lists platforms rather than layers."""
        return self.media_type in INDEXES

    @property
    def plain(self) -> dict[str, Any]:
        """Its parsed JSON."""
        document: dict[str, Any] = json.loads(self.data)
        return document


def manifest_of(data: bytes, *, where: str, media_type: str = "") -> Manifest:
    """`data` as a manifest.

    Raises:
        OutsideFailure: it is none.
    """
    try:
        plain = json.loads(data)
        stated = plain.get("mediaType") or media_type
        kind = stated or (OCI_INDEX if "manifests" in plain else OCI_MANIFEST)
        is_one = kind in INDEXES | MANIFESTS and ("manifests" in plain or "config" in plain)
    except (ValueError, AttributeError):
        kind, is_one = "", False
    if not is_one:
        problem = "the response is not an image manifest"
        if kind.startswith("application/vnd.docker.distribution.manifest.v1"):
            problem = "has this image as schema 1 (2015) only, which is no longer supported"
        raise OutsideFailure.at(where, "bad-manifest", problem, "check the image's name and registry")
    return Manifest(digest="sha256:" + hashlib.sha256(data).hexdigest(), media_type=kind, data=data)


def is_registry(source: str) -> bool:
    """Whether `source` names a registry's repository."""
    return source.startswith(("oci://", "oci+http://"))


def place_of(source: str) -> tuple[str, str]:
    """(``https://host:port``, path) of ``oci://host:port/path``."""
    scheme, _, rest = source.partition("://")
    host, _, path = rest.partition("/")
    return ("http://" if scheme == "oci+http" else "https://") + host, path.strip("/")


def base_of(registry: str) -> str:
    """Address of the registry that image names call `registry`; without TLS on this machine only."""
    if registry == HUB:
        return f"https://{_HUB_HOST}"
    return ("http://" if _LOOPBACK.fullmatch(registry) else "https://") + registry


class Registries:
    """The registries that this process uses, each with its tokens."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._known: dict[str, Registry] = {}
        self._lock = threading.Lock()

    def at(self, place: tuple[str, str]) -> "tuple[Registry, str]":
        """(registry, repository) of (address of a registry, path)."""
        base, path = place
        with self._lock:
            if base not in self._known:
                self._known[base] = Registry(base, self._web)
            return self._known[base], path


class Registry:
    """One registry.

    Args:
        base: ``https://host:port``.
        web: how servers are asked.
    """

    def __init__(self, base: str, web: Web) -> None:
        self._base, self._web = base, web
        host = urlsplit(base).netloc
        self._name = HUB if host == _HUB_HOST else host
        self._tokens: dict[str, tuple[str, float]] = {}
        self._lock = threading.RLock()

    def manifest(self, repository: str, reference: str) -> Manifest:
        """The manifest or index that `reference`, a tag or ``sha256:<hex>``, names.

        Raises:
            InvalidInput: a file of logins cannot be understood.
            OutsideFailure: there is none, or it does not match the digest.
        """
        address = f"{self._base}/v2/{repository}/manifests/{reference}"
        answer = self._request(repository, address)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        manifest = manifest_of(answer.body, where=shown(address), media_type=kind if "json" in kind else "")
        if reference.startswith("sha256:") and manifest.digest != reference:
            problem = f"answers with a manifest whose digest is {manifest.digest}: not used"
            hint = "use another mirror; this one returns something else than requested"
            raise OutsideFailure.at(shown(address), "digest-mismatch", problem, hint)
        return manifest

    def blob(self, repository: str, sha256: str) -> str:
        """Address of a blob by its hex SHA-256."""
        return f"{self._base}/v2/{repository}/blobs/sha256:{sha256}"

    def read(self, repository: str, digest: str) -> bytes:
        """A small blob, a configuration.

        Raises:
            OutsideFailure: it is missing, or does not match its digest.
        """
        address = self.blob(repository, digest.removeprefix("sha256:"))
        data = self._request(repository, address).body
        if "sha256:" + hashlib.sha256(data).hexdigest() != digest:
            problem, hint = (
                "the response does not match its digest and is not used",
                "add another mirror",
            )
            raise OutsideFailure.at(shown(address), "digest-mismatch", problem, hint)
        return data

    def source(self, repository: str, digest: str) -> str:  # noqa: ARG002 - a folder's answer depends on it
        """The source from which a cache downloads a blob."""
        return self._base.replace("https://", "oci://").replace("http://", "oci+http://") + f"/{repository}"

    def headers(self, repository: str) -> dict[str, str]:
        """The headers that `repository` requires for reading.

        Raises:
            InvalidInput: a file of logins cannot be understood.
            OutsideFailure: the registry does not let this user in.
        """
        with self._lock:
            value, until = self._tokens.get(repository, ("", 0.0))
            if repository not in self._tokens or self._web.clock.monotonic() >= until:
                answer = self._web.get(f"{self._base}/v2/", accepted=frozenset({_UNAUTHORIZED, 404}))
                value = self._let_in(repository, answer)
        return {"authorization": value} if value else {}

    def _request(self, repository: str, address: str) -> Answer:
        headers = {"accept": f"{ACCEPT}, */*"}
        again = frozenset({_UNAUTHORIZED})
        answer = self._web.get(address, headers | self.headers(repository), accepted=again)
        if answer.status == _UNAUTHORIZED:
            with self._lock:
                value = self._let_in(repository, answer)
            if value:
                return self._web.get(address, headers | {"authorization": value})
            raise OutsideFailure(self._shut(address))
        return answer

    def _let_in(self, repository: str, answer: Answer) -> str:
        """The header that the challenge in `answer` asks for; empty where it asks for none."""
        value, lasts = "", float("inf")
        kind, _, rest = answer.headers.get("www-authenticate", "").partition(" ")
        if answer.status == _UNAUTHORIZED and kind.lower() == "bearer":
            value, lasts = self._token(repository, dict(_CHALLENGE.findall(rest)))
        elif answer.status == _UNAUTHORIZED:
            login = self._web.logins.registry(self._name)
            if login is None:
                raise OutsideFailure(self._shut(f"{self._base}/{repository}"))
            value = login.basic
        self._tokens[repository] = (value, self._web.clock.monotonic() + lasts)
        return value

    def _token(self, repository: str, challenge: Mapping[str, str]) -> tuple[str, float]:
        realm = challenge.get("realm", "")
        if self._base.startswith("https://") and not realm.startswith("https://"):
            problem = "refused: it asks for the login at an address without TLS"
            hint = "ask the operator of this registry to fix its token service"
            raise OutsideFailure.at(self._base, "unsafe-login", problem, hint)
        query = {"scope": f"repository:{repository}:pull"}
        query |= {"service": challenge["service"]} if "service" in challenge else {}
        login = self._web.logins.registry(self._name)
        refused = frozenset({_UNAUTHORIZED, 403})
        if login is not None and login.identity_token:
            form = {
                "grant_type": "refresh_token",
                "refresh_token": login.identity_token,
                "client_id": "edgefleet",
            }
            answer = self._web.get(realm, accepted=refused, form=form | query)
        else:
            headers = {} if login is None else {"authorization": login.basic}
            address = f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}"
            answer = self._web.get(address, headers, accepted=refused)
        try:
            document = json.loads(answer.body)
            token = document.get("token") or document["access_token"]
            lasts = float(document.get("expires_in") or _LIFETIME)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise OutsideFailure(self._shut(f"{self._base}/{repository}")) from None
        return f"Bearer {token}", 0.75 * lasts

    def _shut(self, address: str) -> Problem:
        return Problem(
            code="no-login",
            where=shown(address),
            problem="the registry denies access, or the image does not exist",
            hint=f"check the name, or log in: docker login {self._name} (podman and skopeo do it too)",
        )


def refuse_index(manifest: Manifest, *, where: str, meant: str) -> None:
    """Do nothing where `manifest` is of one platform.

    Raises:
        InvalidInput: it is an index.
    """
    if manifest.is_index:
        raise InvalidInput.at(
            where,
            "index-digest",
            f"{manifest.digest} is an index of platforms, where the digest of {meant} is meant",
            "run edgefleet artifacts lock, which looks up the digest for each platform",
        )
