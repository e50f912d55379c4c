"""The client of a cluster's API server: discovery, strict dry runs, server-side apply, get, list and delete.

Each request can be sent again without harm, so that a lost reply is no lost change: an apply of the same
fields by the same manager changes nothing, and a deletion names the object's UID. The official client is
126 MB and untyped. Requests go through `edgefleet.io.web`, with its limits.

Source: Kubernetes docs, "Kubernetes API Concepts" and "Server-Side Apply".
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from edgefleet.errors import InvalidInput, OutsideFailure
from edgefleet.io import kubernetes_errors as errors
from edgefleet.io.answers import Whole
from edgefleet.io.clock import Clock
from edgefleet.io.cluster_login import Credential
from edgefleet.io.kubeconfig import Access
from edgefleet.io.logins import Logins
from edgefleet.io.web import Policy, Request, Web
from edgefleet.model import strict_json
from edgefleet.model.kubernetes import Kind, Object, Ref, at

POLICY = Policy(attempts=4, answer=64 * 1024**2)
ANSWERED = frozenset(range(200, 600)) - {408, 425, 429, 502, 503, 504}
"""Statuses that another attempt would not change; 500 is how a server refuses an apply."""
LEVELS = 200
"""Levels of an object: schemas of CRDs, and the managed fields of their objects, are deep."""
PAGE = 500
"""Objects of one page of a list; kubectl's."""
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')
_APPLY, _JSON, _JSON_PATCH = "application/apply-patch+yaml", "application/json", "application/json-patch+json"

Warn = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """How an object is applied."""

    manager: str
    """The field manager."""
    is_forced: bool = False
    """Whether fields are taken from other managers."""
    is_dry: bool = False
    """Whether the server only answers what would be."""
    secrets: Collection[str] = field(default=(), repr=False)
    """Texts that no message may hold, besides those of a Secret."""


@dataclass(frozen=True, slots=True)
class Resource:
    """Where objects of a kind are."""

    plural: str
    is_namespaced: bool


class ApiServer:
    """One cluster, for many threads.

    Args:
        access: where it is, and the login.
        clock: where time comes from.
        policy: what it may do.
        warn: gets what the server warns of.
        page: objects of one page of a list.
    """

    def __init__(
        self,
        access: Access,
        *,
        clock: Clock | None = None,
        policy: Policy = POLICY,
        warn: Warn | None = None,
        page: int = PAGE,
    ) -> None:
        self._access, self._page = access, page
        self._policy, self._clock = policy, clock
        self._webs: dict[bytes, Web] = {}
        self._warn = warn or (lambda _: None)
        self._resources: dict[str, dict[str, Resource]] = {}

    def resource(self, kind: Kind) -> Resource | None:
        """Where the objects of a kind are; None where the server does not have the kind (yet)."""
        known = self._resources.get(kind.api_version, {})
        if kind.name not in known:
            known = self._resources[kind.api_version] = self._discovered(kind)
        return known.get(kind.name)

    def _discovered(self, kind: Kind) -> dict[str, Resource]:
        """dict[kind -> where its objects are] of an API version; empty where the server does not have it."""
        ref = Ref(kind, "")
        status, body = self._ask("GET", _root(kind), ref)
        listed = {} if status == 404 else self._object(ref, status, body)  # noqa: PLR2004 - of HTTP
        return {
            str(item["kind"]): Resource(str(item["name"]), bool(item.get("namespaced")))
            for item in listed.get("resources") or []
            if "/" not in item["name"]
        }

    def require(self, kind: Kind) -> Resource:
        """As `resource`.

        Raises:
            OutsideFailure: the server does not have the kind.
        """
        found = self.resource(kind)
        if found is None:
            problem = f"the cluster has no kind {kind}"
            hint = "check apiVersion and kind; for a custom resource install its CRD first"
            raise OutsideFailure.at("", errors.UNKNOWN_KIND, problem, hint)
        return found

    def get(self, ref: Ref) -> Object | None:
        """The live object; None where there is none."""
        status, body = self._ask("GET", self._path(ref), ref)
        return None if status == 404 else self._object(ref, status, body)  # noqa: PLR2004 - of HTTP

    def listed(self, kind: Kind, namespace: str = "", selector: str = "") -> Iterator[Object]:
        """The objects of a kind, in one namespace or all, whose labels match."""
        ref, path = Ref(kind, "", namespace), self._path(Ref(kind, "", namespace))
        query = {"limit": str(self._page)} | ({"labelSelector": selector} if selector else {})
        while True:
            page = self._object(ref, *self._ask("GET", path, ref, query))
            for item in page.get("items") or []:
                yield {"apiVersion": kind.api_version, "kind": kind.name, **item}
            following = at(page, "metadata", "continue")
            if not following:
                return
            query["continue"] = following

    def create_dry(self, item: Object, secrets: Collection[str] = ()) -> Object:
        """What the server would create: with its defaults, and without a change.

        Raises:
            InvalidInput: it refuses the object; all fields that it does not have or take are named at once.
            OutsideFailure: there is such an object, or something else is in the way.
        """
        hidden = {*secrets, *errors.secrets_in(item)}
        try:
            return self._create_dry(item, hidden, "Strict")
        except InvalidInput as refusal:
            problems = dict.fromkeys(refusal.problems)
        try:  # values are looked at only where all fields are known
            self._create_dry(item, hidden, "Ignore")
        except InvalidInput as refusal:
            problems |= dict.fromkeys(refusal.problems)
        except OutsideFailure:
            pass
        raise InvalidInput(problems)

    def _create_dry(self, item: Object, hidden: Collection[str], validation: str) -> Object:
        ref, query = Ref.of(item), {"dryRun": "All", "fieldValidation": validation}
        path = self._path(Ref(ref.kind, "", ref.namespace))
        return self._object(ref, *self._ask("POST", path, ref, query, (_JSON, item)), hidden)

    def apply(self, item: Object, how: Apply) -> Object:
        """Apply an object server-side; return the live one.

        Raises:
            InvalidInput: the server refuses the object; all fields that it does not have are named at once.
            OutsideFailure: other managers have fields of it, who are named, or something else is in the way.
        """
        ref, secrets = Ref.of(item), {*how.secrets, *errors.secrets_in(item)}
        query = {
            "fieldManager": how.manager,
            "force": str(how.is_forced).lower(),
            "fieldValidation": "Strict",
        }
        query |= {"dryRun": "All"} if how.is_dry else {}
        status, body = self._ask("PATCH", self._path(ref), ref, query, (_APPLY, item))
        if status == 500:  # noqa: PLR2004 - of HTTP; an apply names one unknown field at a time
            with suppress(OutsideFailure):  # such as that it exists, when all its fields are known
                self.create_dry(item, secrets)
        return self._object(ref, status, body, secrets)

    def replace_managers(self, live: Object, managed: list[Any]) -> Object:
        """Give an object other managed fields, unless it has changed since it was read."""
        ref, version = Ref.of(live), at(live, "metadata", "resourceVersion")
        patch = [
            {"op": "replace", "path": "/metadata/managedFields", "value": managed},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
        ]
        return self._object(ref, *self._ask("PATCH", self._path(ref), ref, {}, (_JSON_PATCH, patch)))

    def delete(self, ref: Ref, *, uid: str, propagation: str) -> bool:
        """Ask for an object's deletion; return whether it was still there.

        Args:
            ref: the object.
            uid: its UID; another object of that name stays.
            propagation: ``Foreground``, ``Background`` or ``Orphan``.
        """
        options = {"propagationPolicy": propagation} | ({"preconditions": {"uid": uid}} if uid else {})
        status, body = self._ask("DELETE", self._path(ref), ref, {}, (_JSON, options))
        is_other = status == 409 and "Precondition failed" in str(at(body, "message"))  # noqa: PLR2004 - of HTTP
        if status == 404 or is_other:  # noqa: PLR2004
            return False
        if status == 409:  # noqa: PLR2004 - as a namespace answers that is being emptied
            return True
        self._object(ref, status, body)
        return True

    def _path(self, ref: Ref) -> str:
        resource = self.require(ref.kind)
        inside = (
            f"/namespaces/{quote(ref.namespace, safe='')}" if resource.is_namespaced and ref.namespace else ""
        )
        name = f"/{quote(ref.name, safe='')}" if ref.name else ""
        return f"{_root(ref.kind)}{inside}/{resource.plural}{name}"

    def _ask(
        self,
        method: str,
        path: str,
        ref: Ref,
        query: Mapping[str, str] | None = None,
        sent: tuple[str, Any] | None = None,
    ) -> tuple[int, Any]:
        """The status of an answer, and its body as plain data; None where that is no JSON."""
        address = f"{self._access.server}{path}" + (f"?{urlencode(query)}" if query else "")
        request = Request(address=address, method=method, headers={"accept": _JSON}, has_netrc=False)
        if sent is not None:
            headers = {**request.headers, "content-type": sent[0]}
            request = replace(request, headers=headers, content=json.dumps(sent[1]).encode())
        answer = self._answer(request)
        for warning in _WARNING.findall(answer.headers.get("warning", "")) if sent else ():
            self._warn(f"{ref}: {warning}" if ref.name else f"{ref.kind}: {warning}")
        try:
            return answer.status, strict_json.parse(answer.body, limit=POLICY.answer, levels=LEVELS)
        except ValueError:
            return answer.status, None

    def _answer(self, request: Request) -> Whole:
        """The answer; a login that is refused is renewed once, where it can be."""
        login = self._access.login
        credential = login.credential()
        answer = self._presenting(credential, request)
        if answer.status == 401 and login.renews(credential):  # noqa: PLR2004 - of HTTP
            return self._presenting(login.credential(), request)
        return answer

    def _presenting(self, credential: Credential, request: Request) -> Whole:
        if credential.token:
            headers = {**request.headers, "authorization": f"Bearer {credential.token}"}
            request = replace(request, headers=headers)
        web = self._webs.get(credential.certificate)
        if web is None:
            tls = self._access.tls(credential) if self._access.server.startswith("https:") else None
            web = Web(Logins({}), policy=self._policy, clock=self._clock, tls=tls)
            self._webs[credential.certificate] = web
        return web.get(request, accepted=ANSWERED)

    def _object(self, ref: Ref, status: int, body: Any, secrets: Collection[str] = ()) -> Object:
        if status in range(200, 300) and isinstance(body, dict):
            return body
        raise errors.refusal(ref, status, body, secrets)


def _root(kind: Kind) -> str:
    """``/api/v1`` or ``/apis/<group>/<version>``."""
    return f"/{'apis' if '/' in kind.api_version else 'api'}/{kind.api_version}"
