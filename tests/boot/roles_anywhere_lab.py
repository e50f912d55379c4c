"""Stand-ins for IAM Roles Anywhere and S3 at one address, and a node that reaches them.

The stand-in for Roles Anywhere verifies the signature of a session's request, its certificate and the list
of revoked ones; the one for the store verifies each signature, and decides by the policy of the hub's role.
"""

import hashlib
import logging
import os
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.boot.conftest import Targets
from tests.boot.release_channel_lab import Lab, on_image
from tests.boot.test_heartbeat import BY, server_certificate
from tests.boot.test_update_gateway import PLACE, SECRET
from tests.cloud.policy_simulator import Request, is_allowed
from werkzeug.serving import make_server

from edgefleet.emulator.app import create_app
from edgefleet.emulator.fake_roles_anywhere import FakeRolesAnywhere, Session
from edgefleet.emulator.requests import Call, read_call
from edgefleet.hub.permissions import site_policies
from edgefleet.io.aws import Aws
from edgefleet.keys.certificates import Holder, pem
from edgefleet.keys.derivation import site_key
from edgefleet.keys.site_certificate import revocation_list, revoked_serials
from edgefleet.model import strict_json
from edgefleet.model.channel import ChannelAccess, RolesAnywhere

ROLE = "arn:aws:iam::123456789012:role/retail-eu-sites"
STORE = "s3://images/fleet"
ACTIONS = {"GET": "s3:GetObject", "HEAD": "s3:GetObject", "PUT": "s3:PutObject", "DELETE": "s3:DeleteObject"}
HELPER = "usr/local/bin/aws_signing_helper"


@dataclass
class Cloud:
    """Both services at one address, and the requests."""

    app: FakeRolesAnywhere
    folder: Path
    aws: Aws
    url: str = ""
    access: ChannelAccess = field(default_factory=ChannelAccess)
    crl: str = ""
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    """(method and path, common name of the session, bytes of the request); sessions are of nobody."""

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request with TLS."""
        call = read_call(environ)
        session = self.app.sessions.get(self._key(call))
        size = sum(len(name) + len(value) + 4 for name, value in call.headers.items())
        name = "" if session is None else session.common_name
        self.asked.append((f"{call.method} {call.path}", name, size + len(call.path) + len(call.body)))
        if call.path == "/sessions" or (session is not None and self._lets_in(call, session)):
            return self.app(environ, start)
        start("403 Forbidden", [("Content-Length", "0")])
        return [b""]

    @staticmethod
    def _key(call: Call) -> str:
        return call.headers.get("authorization", "").partition("Credential=")[2].partition("/")[0]

    def _lets_in(self, call: Call, session: Session) -> bool:
        """Whether the session's secret has signed the request, and its role may do that."""
        headers = call.headers
        named = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
        if {name for name in headers if name.startswith("x-amz-")} - {*named} or "host" not in named:
            return False
        body = hashlib.sha256(call.body).hexdigest()
        if headers["x-amz-security-token"] != session.token:
            return False
        if headers["x-amz-content-sha256"] not in {body, "UNSIGNED-PAYLOAD"}:
            return False
        signed = {name: headers[name] for name in named}
        request = AWSRequest(call.method, f"https://{headers['host']}{call.path}", signed)
        request.context["timestamp"] = headers["x-amz-date"]
        key = Credentials(self._key(call), session.secret, session.token)
        signer = S3SigV4Auth(key, "s3", "eu-central-1")
        text = signer.string_to_sign(request, signer.canonical_request(request))
        if not headers["authorization"].endswith(f"Signature={signer.signature(text, request)}"):
            return False
        bucket, _, name = call.path[1:].partition("/")
        action = ACTIONS.get(call.method, "") if name else "s3:ListBucket"
        tags = {"aws:PrincipalTag/x509Subject/CN": session.common_name}
        tried = Request(action, f"arn:aws:s3:::{bucket}{name and '/'}{name}", tags)
        return datetime.now(UTC) < session.ends and is_allowed(tried, site_policies("aws", STORE).values())

    @property
    def variables(self) -> dict[str, str]:
        """By which a node reaches it, and believes it."""
        authority = str(self.folder / "authority.pem")
        return {
            "EDGEFLEET_SESSIONS": f"--endpoint {self.url}",
            "EDGEFLEET_STORE": f"{self.url}/images/fleet",
            "SSL_CERT_FILE": authority,
            "CURL_CA_BUNDLE": authority,
        }

    def revoke(self, **revoked: int) -> None:
        """Take over the list of the revoked sites."""
        serials = revoked_serials(SECRET, BY, region=PLACE, revoked=revoked)
        data = pem(revocation_list(BY, serials, datetime.now(UTC))).encode()
        self.aws.client("rolesanywhere").update_crl(crlId=self.crl, crlData=data)

    def put(self, key: str, data: bytes) -> None:
        """Store an object."""
        self.aws.s3.put_object(Bucket="images", Key=f"fleet/{key}", Body=data)

    def get(self, key: str) -> bytes:
        """Read an object."""
        body: bytes = self.aws.s3.get_object(Bucket="images", Key=f"fleet/{key}")["Body"].read()
        return body

    def session(self, helper: Path, holder: Holder, **changes: str) -> subprocess.CompletedProcess[str]:
        """What AWS's helper does for a certificate."""
        (self.folder / "site.crt").write_text(holder.certificate_pem)
        (self.folder / "site.key").write_text(holder.key_pem)
        roles = self.access.roles_anywhere
        assert roles is not None
        named = {"trust-anchor-arn": roles.trust_anchor, "profile-arn": roles.profile, "role-arn": roles.role}
        named |= {"certificate": str(self.folder / "site.crt"), "private-key": str(self.folder / "site.key")}
        named |= {"endpoint": self.url} | {name.replace("_", "-"): value for name, value in changes.items()}
        options = [word for name, value in named.items() for word in (f"--{name}", value)]
        return subprocess.run(
            [helper, "credential-process", *options],
            env={"SSL_CERT_FILE": str(self.folder / "authority.pem"), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def ask(self, method: str, path: str, made: dict[str, str]) -> int:
        """The code that the store has for the credentials that the helper made."""
        done = subprocess.run(
            [
                *("curl", "-q", "-s", "-o", os.devnull, "-w", "%{http_code}", "-X", method, "--path-as-is"),
                *("--aws-sigv4", "aws:amz:eu-central-1:s3", "--data-binary", "" if method == "GET" else "x"),
                *("-u", f"{made['AccessKeyId']}:{made['SecretAccessKey']}"),
                *("-H", f"x-amz-security-token: {made['SessionToken']}"),
                *(
                    "-H",
                    f"x-amz-content-sha256: {hashlib.sha256(b'' if method == 'GET' else b'x').hexdigest()}",
                ),
                f"{self.url}{path}",
            ],
            env={
                "no_proxy": "*",
                "PATH": os.environ["PATH"],
                "CURL_CA_BUNDLE": str(self.folder / "authority.pem"),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return int(done.stdout)


@contextmanager
def cloud_of(aws: Aws, tmp_path: Path) -> Iterator[Cloud]:
    """Both services, with what the hub of the region makes there."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    aws.s3.create_bucket(Bucket="images", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    folder = tmp_path / "cloud"
    folder.mkdir()
    (folder / "authority.pem").write_text(BY.certificate_pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(server_certificate(folder))
    fake = FakeRolesAnywhere(create_app())
    plain = make_server("127.0.0.1", 0, fake, threaded=True)
    made = Cloud(fake, folder, Aws.emulated(f"http://127.0.0.1:{plain.server_port}", "eu-central-1"))
    secure = make_server("127.0.0.1", 0, made, threaded=True, ssl_context=context)
    made.url = f"https://localhost:{secure.server_port}"
    for server in (plain, secure):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    client = made.aws.client("rolesanywhere")
    source = {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": BY.certificate_pem}}
    anchor = client.create_trust_anchor(name="sites", source=source, enabled=True)["trustAnchor"][
        "trustAnchorArn"
    ]
    profile = client.create_profile(name="sites", roleArns=[ROLE], durationSeconds=900, enabled=True)[
        "profile"
    ]
    data = pem(revocation_list(BY, (), datetime.now(UTC))).encode()
    crl = client.import_crl(name="sites", trustAnchorArn=anchor, crlData=data, enabled=True)["crl"]
    made.crl = crl["crlId"]
    roles = RolesAnywhere(trust_anchor=anchor, profile=profile["profileArn"], role=ROLE, store=STORE)
    made.access = ChannelAccess(roles_anywhere=roles)
    yield made
    plain.shutdown()
    secure.shutdown()


@contextmanager
def on_node(cloud: Cloud, target: Targets, folder: Path, helper: bytes) -> Iterator[Lab]:
    """A node without the helper, which the artifacts lock pins."""
    site = target("recipe-1/server-static").site.name
    roles = cloud.access.roles_anywhere
    assert roles is not None
    digest = hashlib.sha256(helper).hexdigest()
    access = ChannelAccess(roles_anywhere=replace(roles, sha256={"amd64": digest}))
    key = site_key(SECRET, fleet="retail", region="eu", site=site, generation=1)
    with on_image(target, folder, access=access, key=key) as made:
        yield made


def place(lab: Lab, helper: bytes) -> None:
    """Put the helper where a payload has it."""
    file = lab.node.root / HELPER
    file.write_bytes(helper)
    file.chmod(0o755)


def carry(lab: Lab, cloud: Cloud) -> None:
    """Put what is published into the store, where `up` puts it."""
    site = lab.target.site.name
    for path, data in lab.gateway.objects.items():
        kind, _, rest = path.partition("/")
        places = {"pointer": f"pointers/{site}.json", "delegation": "delegation.json"}
        cloud.put(places.get(kind, f"releases/{site}/{rest}"), data)


def status_of(lab: Lab, cloud: Cloud) -> dict[str, Any]:
    """The last status that the store has."""
    name = f"status/{lab.target.site.name}/{lab.target.name}.json"
    found: dict[str, Any] = strict_json.parse(cloud.get(name), limit=4096)
    return found
