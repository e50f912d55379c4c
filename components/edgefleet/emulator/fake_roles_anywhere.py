"""A stand-in for IAM Roles Anywhere, which moto lacks: trust anchors, profiles, revocation lists, sessions.

It keeps them in memory. Who verifies requests with the credentials of a session finds them in `sessions`.
Paths, shapes and errors: IAM Roles Anywhere API reference.
"""

import base64
import re
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

from cryptography.x509.oid import NameOID

from edgefleet.emulator.certificate_requests import DENIED, signer_of
from edgefleet.emulator.requests import ACCOUNT, Answer, Call, Fake, Refusal

KINDS = {
    "trustanchor": ("trustAnchor", "trust-anchor"),
    "profile": ("profile", "profile"),
    "crl": ("crl", "crl"),
}
"""dict[word in paths -> (name in answers, word in ARNs)]."""
PATH = re.compile(r"/(?P<kind>trustanchor|profile|crl)(s|/(?P<id>[0-9a-f-]{36})(/(?P<verb>enable|disable))?)")


@dataclass
class Stored:
    """A stored resource."""

    kind: str
    about: Answer
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Session:
    """The credentials that a certificate was given."""

    secret: str
    token: str
    role: str
    """ARN of the role."""
    common_name: str
    """Of the certificate; the tag ``x509Subject/CN`` of the session."""
    ends: datetime


class FakeRolesAnywhere(Fake):
    """Trust anchors, profiles and revocation lists, with tags, and sessions."""

    def reset(self) -> None:
        """No resource."""
        self._stored: dict[tuple[str, str], Stored] = {}
        """dict[(region, id) -> resource]."""
        self.sessions: dict[str, Session] = {}
        """dict[access key -> session]."""

    def answer(self, call: Call) -> Answer | None:
        """Answer calls of Roles Anywhere."""
        if call.service != "rolesanywhere":
            return None
        tagging = {"/TagResource", "/UntagResource", "/ListTagsForResource"}
        if call.path == "/sessions":
            return self._session(call, datetime.now(UTC))
        return self._tagging(call) if call.path in tagging else self._resource(call)

    def _session(self, call: Call, now: datetime) -> Answer:
        """Credentials for who shows and proves a certificate of the trust anchor that is not revoked."""
        asked = {key: values[0] for key, values in parse_qs(call.query).items()}
        anchor = self._enabled(call, "trustanchor", asked.get("trustAnchorArn", ""))
        profile = self._enabled(call, "profile", asked.get("profileArn", ""))
        lists = [
            item.about["crlData"]
            for item in self._stored.values()
            if item.kind == "crl" and item.about["enabled"]
            if item.about["trustAnchorArn"] == anchor["trustAnchorArn"]
        ]
        pems = [base64.b64decode(data).decode() for data in lists]
        certificate = signer_of(call, anchor["source"]["sourceData"]["x509CertificateData"], pems, now)
        if asked.get("roleArn") not in profile["roleArns"]:
            raise Refusal(DENIED)
        (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        seconds = min(int(call.json.get("durationSeconds", 3600)), int(profile["durationSeconds"]))
        made = Session(
            secret=base64.b64encode(secrets.token_bytes(30)).decode(),
            token=base64.b64encode(secrets.token_bytes(600)).decode(),
            role=asked["roleArn"],
            common_name=str(name.value),
            ends=now + timedelta(seconds=seconds),
        )
        key = f"ASIA{secrets.token_hex(8).upper()}"
        self.sessions[key] = made
        credentials = {
            "accessKeyId": key,
            "secretAccessKey": made.secret,
            "sessionToken": made.token,
            "expiration": made.ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return {"credentialSet": [{"credentials": credentials, "roleArn": made.role}], "subjectArn": ""}

    def _enabled(self, call: Call, kind: str, arn: str) -> Answer:
        item = self._one(call.region, kind, arn.rpartition("/")[2])
        if not item.about["enabled"]:
            raise Refusal(DENIED)
        return item.about

    def _resource(self, call: Call) -> Answer:
        match = PATH.fullmatch(call.path)
        if match is None:
            raise Refusal("ValidationException")
        kind, identity = match["kind"], match["id"]
        name = KINDS[kind][0]
        if identity is None and call.method == "GET":
            listed = [
                item.about
                for (place, _), item in self._stored.items()
                if (place, item.kind) == (call.region, kind)
            ]
            return {f"{name}s": listed}
        if identity is None:
            return {name: self._made(call, kind)}
        item = self._one(call.region, kind, identity)
        if call.method == "DELETE":
            del self._stored[call.region, identity]
        elif call.method == "PATCH":
            item.about.update(call.json)
        elif match["verb"]:
            item.about["enabled"] = match["verb"] == "enable"
        return {name: item.about}

    def _made(self, call: Call, kind: str) -> Answer:
        request = dict(call.json)
        name, word = KINDS[kind]
        identity = str(uuid.uuid4())
        tags = {tag["key"]: tag["value"] for tag in request.pop("tags", None) or ()}
        if kind == "crl":
            self._require_anchor(call.region, request.get("trustAnchorArn", ""))
        arn = f"arn:aws:rolesanywhere:{call.region}:{ACCOUNT}:{word}/{identity}"
        defaults = {"durationSeconds": 3600} if kind == "profile" else {}
        about = {"enabled": False, **defaults, **request, f"{name}Id": identity, f"{name}Arn": arn}
        self._stored[call.region, identity] = Stored(kind, about, tags)
        return about

    def _require_anchor(self, region: str, arn: str) -> None:
        self._one(region, "trustanchor", arn.rpartition("/")[2])

    def _one(self, region: str, kind: str, identity: str) -> Stored:
        kept = self._stored.get((region, identity))
        if kept is None or kept.kind != kind:
            raise Refusal("ResourceNotFoundException")
        return kept

    def _tagging(self, call: Call) -> Answer:
        request: Answer = call.json
        if not call.body:
            request = {key: values[0] for key, values in parse_qs(call.query).items()}
        identity = str(request.get("resourceArn", "")).rpartition("/")[2]
        item = self._stored.get((call.region, identity))
        if item is None:
            raise Refusal("ResourceNotFoundException")
        if call.path == "/TagResource":
            item.tags.update({tag["key"]: tag["value"] for tag in request["tags"]})
        elif call.path == "/UntagResource":
            for key in request["tagKeys"]:
                item.tags.pop(key, None)
        return {"tags": [{"key": key, "value": value} for key, value in sorted(item.tags.items())]}
