"""A kubeconfig: which cluster, and who this user is to it (Kubernetes docs, "Organizing Cluster Access").

What runs another program for a login, or weakens TLS, is refused by name: a preview must not start programs
that a file names, and objects hold secrets. No message holds a value of the file.
"""

import base64
import binascii
import os
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from edgefleet.errors import InvalidInput
from edgefleet.io.web import is_authentic
from edgefleet.model.kubernetes import DEFAULT_NAMESPACE

LARGEST = 1024**2
"""Bytes of a kubeconfig."""
_HINT = "see kubectl config view, or write a new one with edgefleet hub kubeconfig"
T = TypeVar("T")


def _listed(value: Any) -> Any:
    return [] if value is None else value


Listed = Annotated[list[T], BeforeValidator(_listed)]
"""A list that may be null, as in an empty kubeconfig."""


class _Cluster(BaseModel):
    server: str
    ca: str = Field(default="", alias="certificate-authority-data")
    ca_file: str = Field(default="", alias="certificate-authority")
    insecure: bool = Field(default=False, alias="insecure-skip-tls-verify")
    proxy: str = Field(default="", alias="proxy-url")
    tls_name: str = Field(default="", alias="tls-server-name")


class _User(BaseModel):
    certificate: str = Field(default="", alias="client-certificate-data")
    certificate_file: str = Field(default="", alias="client-certificate")
    key: str = Field(default="", alias="client-key-data")
    key_file: str = Field(default="", alias="client-key")
    token: str = ""
    token_file: str = Field(default="", alias="tokenFile")
    program: Any = Field(default=None, alias="exec")
    plugin: Any = Field(default=None, alias="auth-provider")
    username: str = ""
    impersonated: str = Field(default="", alias="as")


class _Context(BaseModel):
    cluster: str
    user: str = ""
    namespace: str = ""


class _NamedCluster(BaseModel):
    name: str
    item: _Cluster = Field(alias="cluster")


class _NamedUser(BaseModel):
    name: str
    item: _User = Field(alias="user")


class _NamedContext(BaseModel):
    name: str
    item: _Context = Field(alias="context")


class _Kubeconfig(BaseModel):
    current: str = Field(default="", alias="current-context")
    clusters: Listed[_NamedCluster] = []
    contexts: Listed[_NamedContext] = []
    users: Listed[_NamedUser] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A cluster, and a login to it."""

    server: str
    """``https://host:6443``, without a slash at its end."""
    ca: bytes = field(default=b"", repr=False)
    """Certificates in PEM; empty: those of this machine."""
    namespace: str = DEFAULT_NAMESPACE
    token: str = field(default="", repr=False)
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)

    @property
    def cluster(self) -> tuple[str, bytes]:
        """What distinguishes one cluster from another."""
        return self.server, self.ca

    def tls(self) -> ssl.SSLContext:
        """Verifies the server, and presents the client certificate.

        Raises:
            InvalidInput: a certificate or key cannot be used.
        """
        try:
            context = ssl.create_default_context(cadata=self.ca.decode("ascii") or None)
            # Python 3.13 asks for extensions that clusters' own authorities often lack; Go does not.
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
            if self.certificate:
                with tempfile.NamedTemporaryFile(prefix="edgefleet-") as file:  # ssl reads files alone
                    file.write(self.certificate.rstrip() + b"\n" + self.key)
                    file.flush()
                    context.load_cert_chain(file.name)
        except (ssl.SSLError, UnicodeDecodeError):
            problem = "its certificate authority, client certificate or key cannot be used"
            raise _refused(self.server, problem, _HINT) from None
        return context


def read_access(
    kubeconfig: str, *, context: str = "", cluster: str = "", environ: Mapping[str, str] | None = None
) -> Access:
    """The access that a kubeconfig gives.

    Args:
        kubeconfig: its content, or its path; empty: the file in KUBECONFIG, else ``~/.kube/config``.
        context: a context of it in place of the current one.
        cluster: a cluster of it in place of the context's.
        environ: variables of the environment.

    Raises:
        InvalidInput: it cannot be used.
    """
    text, where, folder = _text_of(kubeconfig, os.environ if environ is None else environ)
    config = _parsed(text, where)
    chosen = _named(config.contexts, context or config.current, "context", where)
    named = _named(config.clusters, cluster or chosen.item.cluster, "cluster", where).item
    user = _named(config.users, chosen.item.user, "user", where).item if chosen.item.user else _User()
    _refuse(named, user, where)
    files = _Files(where, folder)
    return Access(
        server=named.server.rstrip("/"),
        ca=files.content(named.ca, named.ca_file),
        namespace=chosen.item.namespace or DEFAULT_NAMESPACE,
        token=(user.token or files.content("", user.token_file).decode(errors="replace")).strip(),
        certificate=files.content(user.certificate, user.certificate_file),
        key=files.content(user.key, user.key_file),
    )


def _text_of(kubeconfig: str, environ: Mapping[str, str]) -> tuple[str, str, Path]:
    """The content, what to call it in messages, and the folder that its paths are relative to."""
    if "\n" in kubeconfig or kubeconfig.lstrip().startswith("{"):
        return kubeconfig, "kubeconfig", Path.cwd()
    named = kubeconfig or environ.get("KUBECONFIG", "")
    if os.pathsep in named:
        raise _refused(
            "KUBECONFIG", "names several files", "name one; kubectl config view --flatten joins them"
        )
    path = (
        Path(named).expanduser() if named else Path(environ.get("HOME", "~"), ".kube", "config").expanduser()
    )
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(LARGEST), str(path), path.resolve().parent
    except (OSError, UnicodeDecodeError):
        problem = "this kubeconfig cannot be read"
        hint = "give the provider a kubeconfig, as content or as the path of a file, or set KUBECONFIG"
        raise _refused(path, problem, hint) from None


def _parsed(text: str, where: str) -> _Kubeconfig:
    try:
        return _Kubeconfig.model_validate(yaml.load(text, Loader=yaml.CSafeLoader) or {})
    except yaml.YAMLError:
        raise _refused(where, "this is no YAML", _HINT) from None  # its message may hold a value
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        path = ".".join(map(str, first["loc"]))
        raise _refused(where, f"{path}: {first['msg']}".lstrip(": ").lower(), _HINT) from None


NamedT = TypeVar("NamedT", _NamedCluster, _NamedContext, _NamedUser)


def _named(items: list[NamedT], name: str, what: str, where: str) -> NamedT:
    for item in items:
        if item.name == name:
            return item
    there = ", ".join(sorted(item.name for item in items)) or "none"
    problem = f"has no {what} {name!r}" if name else "names no current-context"
    raise _refused(where, problem, f"choose another {what}; it has {there}")


def _refuse(cluster: _Cluster, user: _User, where: str) -> None:
    """Refuse what another program, or no TLS, would be needed for; all at once."""
    server = "its server is reached without TLS", "give it an address that begins with https://"
    used = {
        (not is_authentic(cluster.server), *server),
        (
            cluster.insecure,
            "it turns verification off (insecure-skip-tls-verify)",
            "give it the authority's file",
        ),
        (bool(cluster.proxy), "it has a proxy of its own (proxy-url)", "set HTTPS_PROXY"),
        (bool(cluster.tls_name), "it has a tls-server-name", "use an address that the certificate has"),
        (
            user.program is not None,
            "its login is made by a program (exec)",
            "use a token or client certificate",
        ),
        (user.plugin is not None, "its login is made by a plugin (auth-provider)", "use a token"),
        (bool(user.username), "it has a user name and password", "use a token or client certificate"),
        (bool(user.impersonated), "it acts as another user (as)", "use that user's own login"),
    }
    found = sorted((problem, hint) for is_used, problem, hint in used if is_used)
    if found:
        problems = "; ".join(problem for problem, _ in found)
        raise _refused(where, problems, "; ".join(dict.fromkeys(hint for _, hint in found)))


@dataclass(frozen=True, slots=True)
class _Files:
    """Reads what stands in a kubeconfig itself or in a file beside it."""

    where: str
    folder: Path

    def content(self, data: str, name: str) -> bytes:
        """The bytes of base64 `data`, else of the file `name`; empty where there is neither."""
        try:
            if data:
                return base64.b64decode("".join(data.split()), validate=True)
            return (self.folder / name).read_bytes() if name else b""
        except OSError:
            raise _refused(self.where, f"the file {name} that it names cannot be read", _HINT) from None
        except (binascii.Error, ValueError):
            raise _refused(self.where, "a certificate or key in it is not base64", _HINT) from None


def _refused(where: object, problem: str, hint: str) -> InvalidInput:
    return InvalidInput.at(where, "bad-kubeconfig", problem, hint)
