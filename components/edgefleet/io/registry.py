"""Container registries (OCI distribution specification): manifests, blobs, access tokens.

A manifest is verified against the requested digest. Where the digest of one platform is meant an
index is refused: another reader may choose another entry.

The challenge of a registry chooses where its login goes, so a token service on another host is refused unless
it is known for this registry, as is one that states a scope of its own. No request has another login than the
registry's own.

oras 0.2.43 was tried in place of this module and is worse. It returns a manifest as parsed JSON, so nothing
can be verified against a digest. It sends the user's password to any realm that a registry names, over
plain HTTP too, and keeps one token for a client in place of one for a repository. It knows neither identity
tokens nor netrc nor REGISTRY_AUTH_FILE. It retries after almost any exception and waits by time.sleep.
It ships no types, and its import takes 2.9 s of CPU, where httpx takes 0.2 s.
"""

import math
import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

from edgefleet.errors import OutsideFailure
from edgefleet.io.answers import Whole, shown
from edgefleet.io.logins import HUB
from edgefleet.io.manifests import INDEXES, MANIFESTS, Manifest, manifest_of
from edgefleet.io.web import Request, Web, is_authentic, require_tls
from edgefleet.model import strict_json
from edgefleet.model.listing import sha256

ACCEPT = ", ".join(sorted(INDEXES | MANIFESTS))
_HUB_HOST = "registry-1.docker.io"
TOKEN_SERVICES = {_HUB_HOST: "auth.docker.io", "registry.gitlab.com": "gitlab.com"}
"""dict[registry -> host of its token service], where that is another one (CNCF Distribution, token
authentication; GitLab, "Authenticate with the container registry"). ghcr.io has its own on its own host."""
_LOOPBACK = re.compile(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?")
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")
_UNAUTHORIZED = 401
_LIFETIME = 60.0
"""Seconds that a token lasts by default (distribution, token specification)."""


def is_registry(source: str) -> bool:
    """Whether `source` names a registry's repository."""
    return source.startswith(("oci://", "oci+http://"))


def place_of(source: str) -> tuple[str, str]:
    """(``https://host:port``, path) of ``oci://host:port/path``, or of an address on the web."""
    scheme, _, rest = source.partition("://")
    host, _, path = rest.partition("/")
    return ("http://" if scheme in {"http", "oci+http"} else "https://") + host, path.strip("/")


def base_of(registry: str) -> str:
    """Address of the registry that image names call `registry`; without TLS on this machine only."""
    if registry == HUB:
        return f"https://{_HUB_HOST}"
    return ("http://" if _LOOPBACK.fullmatch(registry) else "https://") + registry


def check_realm(base: str, realm: str) -> None:
    """Do nothing where the registry at `base` may send its login to the token service at `realm`.

    Raises:
        OutsideFailure: it may not.
    """
    own = urlsplit(base)
    try:
        there, query = urlsplit(realm), parse_qs(urlsplit(realm).query, keep_blank_values=True)
    except ValueError:
        there, query = urlsplit(""), {}
    known = ("https", TOKEN_SERVICES.get(own.netloc))
    if not is_authentic(realm):
        problem = "refused: it asks for the login at an address without TLS"
    elif (there.scheme, there.netloc) not in {(own.scheme, own.netloc), known}:
        problem = f"refused: it asks for the login on another host, {there.netloc.rpartition('@')[2]}"
    elif "scope" in query:
        problem = "refused: it chooses itself what the login is used for (scope)"
    else:
        return
    hint = "copy its images into a folder (skopeo copy), and name that as a mirror: file:FOLDER"
    raise OutsideFailure.at(base, "unsafe-login", problem, hint)


class Registry:
    """One registry.

    Each method raises InvalidInput where a file of logins cannot be understood, and OutsideFailure where the
    registry lets nobody in, does not have it, or sends something else.

    Args:
        base: ``https://host:port``.
        web: the client for requests to servers.
    """

    def __init__(self, base: str, web: Web) -> None:
        self._base, self._web = base, web
        host = urlsplit(base).netloc
        self._name = HUB if host == _HUB_HOST else host
        self._tokens: dict[str, tuple[str, float]] = {}
        self._lock = threading.RLock()

    def manifest(self, repository: str, reference: str) -> Manifest:
        """The manifest or index that `reference`, a tag or ``sha256:<hex>``, names."""
        address = f"{self._base}/v2/{repository}/manifests/{reference}"
        if not reference.startswith("sha256:"):
            require_tls(address)
        answer = self._request(repository, address)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        manifest = manifest_of(answer.body, where=shown(address), media_type=kind if "json" in kind else "")
        self._verify(address, "a manifest", answer.body, reference)
        return manifest

    def blob(self, repository: str, sha256: str) -> str:
        """Address of a blob by its hex SHA-256."""
        return f"{self._base}/v2/{repository}/blobs/sha256:{sha256}"

    def read(self, repository: str, digest: str) -> bytes:
        """A small blob, a configuration."""
        address = self.blob(repository, digest.removeprefix("sha256:"))
        data = self._request(repository, address).body
        self._verify(address, "a configuration", data, digest)
        return data

    def _verify(self, address: str, what: str, data: bytes, reference: str) -> None:
        if reference.startswith("sha256:") and sha256(data) != reference:
            problem = f"answers with {what} whose digest is {sha256(data)}: not used"
            hint = "use another mirror; this one returns something else than requested"
            raise OutsideFailure.at(shown(address), "digest-mismatch", problem, hint)

    def source(self, repository: str, digest: str) -> str:  # noqa: ARG002 - a folder's answer depends on it
        """The source from which a cache downloads a blob."""
        return self._base.replace("https://", "oci://").replace("http://", "oci+http://") + f"/{repository}"

    def headers(self, repository: str) -> dict[str, str]:
        """The headers that `repository` requires for reading."""
        with self._lock:
            value, until = self._tokens.get(repository, ("", 0.0))
            if repository not in self._tokens or self._web.clock.monotonic() >= until:
                answer = self._ask(f"{self._base}/v2/", {}, frozenset({_UNAUTHORIZED, 404}))
                value = self._let_in(repository, answer)
        return {"authorization": value} if value else {}

    def _ask(self, address: str, headers: Mapping[str, str], accepted: frozenset[int] = frozenset()) -> Whole:
        return self._web.get(Request(address=address, headers=headers, has_netrc=False), accepted=accepted)

    def _request(self, repository: str, address: str) -> Whole:
        headers = {"accept": f"{ACCEPT}, */*"}
        answer = self._ask(address, headers | self.headers(repository), frozenset({_UNAUTHORIZED}))
        if answer.status == _UNAUTHORIZED:
            with self._lock:
                value = self._let_in(repository, answer)
            if value:
                return self._ask(address, headers | {"authorization": value})
            raise self._shut(address)
        return answer

    def _let_in(self, repository: str, answer: Whole) -> str:
        """The header that the challenge in `answer` asks for; empty where it asks for none."""
        value, lasts = "", math.inf
        kind, _, rest = answer.headers.get("www-authenticate", "").partition(" ")
        if answer.status == _UNAUTHORIZED and kind.lower() == "bearer":
            value, lasts = self._token(repository, dict(_CHALLENGE.findall(rest)))
        elif answer.status == _UNAUTHORIZED:
            login = self._web.logins.registry(self._name)
            if login is None:
                raise self._shut(f"{self._base}/{repository}")
            value = login.basic
        self._tokens[repository] = (value, self._web.clock.monotonic() + lasts)
        return value

    def _token(self, repository: str, challenge: Mapping[str, str]) -> tuple[str, float]:
        """(header, seconds that it lasts) for reading `repository`."""
        realm = challenge.get("realm", "")
        check_realm(self._base, realm)
        query = {"scope": f"repository:{repository}:pull"}
        query |= {"service": challenge["service"]} if "service" in challenge else {}
        login = self._web.logins.registry(self._name)
        request = Request(address=realm, has_netrc=False)
        if login is not None and login.identity_token:
            form = {"grant_type": "refresh_token", "refresh_token": login.identity_token}
            request = replace(request, form=form | query | {"client_id": "edgefleet"})
        else:
            address = f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}"
            headers = {} if login is None else {"authorization": login.basic}
            request = replace(request, address=address, headers=headers)
        answer = self._web.get(request, accepted=frozenset({_UNAUTHORIZED, 403}))
        try:
            document = strict_json.parse(answer.body)
            token = document.get("token") or document["access_token"]
            lasts = float(document.get("expires_in") or _LIFETIME)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            raise self._shut(f"{self._base}/{repository}") from None
        if not isinstance(token, str) or not _TOKEN.fullmatch(token) or not lasts > 0:
            raise self._shut(f"{self._base}/{repository}")
        return f"Bearer {token}", 0.75 * lasts

    def _shut(self, address: str) -> OutsideFailure:
        problem = "the registry denies access, or the image does not exist"
        hint = f"check the name, or log in: docker login {self._name} (podman and skopeo do it too)"
        if not is_authentic(self._base):
            hint = f"use https: no login is sent by http; else {hint}"
        return OutsideFailure.at(shown(address), "no-login", problem, hint)
