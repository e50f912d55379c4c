"""Configuration files of the servers that workloads run in containers, and of containerd."""

from edgefleet.model.writers.written import Syntax

NGINX = Syntax(
    "nginx's configuration", "workloads/nginx.conf", "hub/update-gateway.conf", "operation/nginx.conf"
)


@NGINX.writer
def plain(text: str) -> str:
    """An argument without quotes, variables and blanks (nginx.org, docs/syntax)."""
    return NGINX.check(text, r"[A-Za-z0-9./:_~%+,=@\[\]-]+")


@NGINX.writer
def label(text: str) -> str:
    """A label of RFC 1123 in a regular expression, in which it stands for itself."""
    return NGINX.check(text, "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@NGINX.writer
def below(text: str) -> str:
    """The key of a map that matches a path and all below it: a regular expression (PCRE)."""
    path = NGINX.check(text, "/[A-Za-z0-9/._~+,=:@-]*").rstrip("/")
    return "~^" + path.replace(".", "[.]").replace("+", "[+]") + "(/|$)"


VALKEY = Syntax("Valkey's configuration", "workloads/valkey.conf")


@VALKEY.writer
def option(text: str) -> str:
    """One of the names that an option takes, which needs no quotes (valkey.conf)."""
    return VALKEY.check(text, "[a-z][a-z-]*")


TOML = Syntax("a file of TOML", "k3s/containerd.toml", "edgecore/containerd.toml", "containers/hosts.toml")


@TOML.writer
def toml(text: str) -> str:
    """A key or a value as a literal string, without what Go's templates would read (toml.io, v1.0.0)."""
    return "'" + TOML.check(text, r"[^'{}\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]*") + "'"


@TOML.writer
def toml_text(text: str) -> str:
    """A value as a basic string, which has every sign of a password (toml.io, v1.0.0)."""
    whole = TOML.check(text, r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]*")
    return '"' + whole.replace("\\", "\\\\").replace('"', '\\"') + '"'


MOSQUITTO = Syntax("mosquitto's configuration", "workloads/mosquitto*.conf")


@MOSQUITTO.writer
def word(text: str) -> str:
    """A value without blanks (mosquitto docs, mosquitto.conf); braces are those of values of the site."""
    return MOSQUITTO.check(text, r"[A-Za-z0-9.$#+/_~@:={}-]+")


@MOSQUITTO.writer
def prefix(text: str) -> str:
    """What is put before a topic, which may be nothing."""
    return word(text) if text else '""'


@MOSQUITTO.writer
def yes(text: str) -> str:
    """A switch."""
    return MOSQUITTO.check(text.lower(), "true|false")
