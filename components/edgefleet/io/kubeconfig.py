"""A kubeconfig: which cluster, and who this user is to it (Kubernetes docs, "Organizing Cluster Access").

What weakens TLS, or needs what is not supported, is refused by name. No message holds a value of the file.
"""

import base64
import binascii
import os
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from edgefleet.errors import InvalidInput
from edgefleet.io import processes
from edgefleet.io.cluster_login import Credential, Login, Program, ProgramLogin, Run
from edgefleet.io.web import is_authentic
from edgefleet.model.kubernetes import DEFAULT_NAMESPACE

LARGEST = 1024**2
"""Bytes of a kubeconfig."""
_HINT = "see kubectl config view, or write a new one with edgefleet hub kubeconfig"
T = TypeVar("T")


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=lambda name: name.strip("_").replace("_", "-"))


class _Cluster(_Part):
    server: str
    certificate_authority_data: str = ""
    certificate_authority: str = ""
    insecure_skip_tls_verify: bool = False
    proxy_url: str = ""
    tls_server_name: str = ""


class _User(_Part):
    client_certificate_data: str = ""
    client_certificate: str = ""
    client_key_data: str = ""
    client_key: str = ""
    token: str = ""
    token_file: str = Field(default="", alias="tokenFile")
    exec: Program | None = None
    auth_provider: Any = None
    username: str = ""
    as_: str = ""


class _Context(_Part):
    cluster: str
    user: str = ""
    namespace: str = ""


class _Named(_Part, Generic[T]):
    name: str
    item: T = Field(validation_alias=AliasChoices("cluster", "user", "context"))


class _Kubeconfig(_Part):
    current_context: str = ""
    clusters: list[_Named[_Cluster]] | None = None
    contexts: list[_Named[_Context]] | None = None
    users: list[_Named[_User]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A cluster, and a login to it."""

    server: str
    """``https://host:6443``, without a slash at its end."""
    ca: bytes = field(default=b"", repr=False)
    """Certificates in PEM; empty: those of this machine."""
    namespace: str = DEFAULT_NAMESPACE
    login: Login = field(default_factory=Login, repr=False)

    @property
    def cluster(self) -> tuple[str, bytes]:
        """What distinguishes one cluster from another."""
        return self.server, self.ca

    def tls(self, credential: Credential) -> ssl.SSLContext:
        """Verifies the server, and presents the client certificate.

        Raises:
            InvalidInput: a certificate or key cannot be used.
        """
        try:
            context = ssl.create_default_context(cadata=self.ca.decode("ascii") or None)
            # Python 3.13 asks for extensions that clusters' own authorities often lack; Go does not.
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
            if credential.certificate:
                with tempfile.NamedTemporaryFile(prefix="edgefleet-") as file:  # ssl reads files alone
                    file.write(credential.certificate.rstrip() + b"\n" + credential.key)
                    file.flush()
                    context.load_cert_chain(file.name)
        except (ssl.SSLError, UnicodeDecodeError):
            problem = "its certificate authority, client certificate or key cannot be used"
            raise _refused(self.server, problem, _HINT) from None
        return context


def read_access(
    kubeconfig: str,
    *,
    context: str = "",
    cluster: str = "",
    environ: Mapping[str, str] | None = None,
    run: Run = processes.run,
) -> Access:
    """The access that a kubeconfig gives.

    Args:
        kubeconfig: its content, or its path; empty: the file in KUBECONFIG, else ``~/.kube/config``.
        context: a context of it in place of the current one.
        cluster: a cluster of it in place of the context's.
        environ: variables of the environment.
        run: runs the program of a login, if there is one, once the cluster is called.

    Raises:
        InvalidInput: it cannot be used.
    """
    environ = os.environ if environ is None else environ
    text, where, folder = _text_of(kubeconfig, environ)
    config = _parsed(text, where)
    chosen = _named(config.contexts, context or config.current_context, "context", where)
    named = _named(config.clusters, cluster or chosen.cluster, "cluster", where)
    user = _named(config.users, chosen.user, "user", where) if chosen.user else _User()
    _refuse(named, user, where)
    files = _Files(where, folder)
    access = Access(
        server=named.server.rstrip("/"),
        ca=files.content(named.certificate_authority_data, named.certificate_authority),
        namespace=chosen.namespace or DEFAULT_NAMESPACE,
        login=Login(files.credential(user)),
    )
    if user.exec is None:
        return access
    authority = base64.b64encode(access.ca).decode()
    known = named.model_copy(update={"certificate_authority_data": authority, "certificate_authority": ""})
    info = known.model_dump(by_alias=True, exclude_defaults=True)
    environ = user.exec.environ(environ, info)
    return replace(access, login=ProgramLogin(user.exec, folder=folder, environ=environ, run=run))


def _text_of(kubeconfig: str, environ: Mapping[str, str]) -> tuple[str, str, Path]:
    """The content, what to call it in messages, and the folder that its paths are relative to."""
    if "\n" in kubeconfig or kubeconfig.lstrip().startswith("{"):
        return kubeconfig, "kubeconfig", Path.cwd()
    named = kubeconfig or environ.get("KUBECONFIG", "")
    if os.pathsep in named:
        hint = "name one; kubectl config view --flatten joins them"
        raise _refused("KUBECONFIG", "names several files", hint)
    path = Path(named or Path(environ.get("HOME", "~"), ".kube", "config")).expanduser()
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


def _named(items: list[_Named[T]] | None, name: str, what: str, where: str) -> T:
    known = {item.name: item.item for item in reversed(items or ())}
    if name in known:
        return known[name]
    problem = f"has no {what} {name!r}" if name else "names no current-context"
    raise _refused(where, problem, f"choose another {what}; it has {', '.join(sorted(known)) or 'none'}")


def _refuse(cluster: _Cluster, user: _User, where: str) -> None:
    """Refuse what weakens TLS or is not supported; all at once."""
    is_interactive = user.exec is not None and user.exec.interactive == "Always"
    has_plugin, insecure = user.auth_provider is not None, cluster.insecure_skip_tls_verify
    used = (
        (user.username, "it has a user name and password", "use a token or client certificate"),
        (user.as_, "it acts as another user (as)", "use that user's own login"),
        (has_plugin, "its login is made by a plugin (auth-provider)", "use a token"),
        (is_interactive, "its login program (exec) needs a terminal", "use a token"),
        (not is_authentic(cluster.server), "its server is reached without TLS", "use an https:// address"),
        (insecure, "it turns verification off (insecure-skip-tls-verify)", "give it the authority's file"),
        (cluster.proxy_url, "it has a proxy of its own (proxy-url)", "set HTTPS_PROXY"),
        (cluster.tls_server_name, "it has a tls-server-name", "use an address that the certificate has"),
    )
    found = [(problem, hint) for is_used, problem, hint in used if is_used]
    if found:
        problems, hints = ("; ".join(dict.fromkeys(texts)) for texts in zip(*found, strict=True))
        raise _refused(where, problems, hints)


@dataclass(frozen=True, slots=True)
class _Files:
    """Reads what stands in a kubeconfig itself or in a file beside it."""

    where: str
    folder: Path

    def credential(self, user: _User) -> Credential:
        """What a user has without a program."""
        token = user.token or self.content("", user.token_file).decode(errors="replace")
        return Credential(
            token=token.strip(),
            certificate=self.content(user.client_certificate_data, user.client_certificate),
            key=self.content(user.client_key_data, user.client_key),
        )

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
