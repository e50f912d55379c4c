"""Tokens by which nodes join a k3s cluster, and the address of one that exists.

Sources: k3s docs, cli/token; k3s's code, ``clientaccess.parseToken``: the full form begins with K10 and the
digest of the cluster's authority, which a node verifies at its first join.
"""

import re
from typing import Annotated

from edgefleet.model.names import HOST_RE, reachable
from edgefleet.model.syntax import Grammar

_WHOLE = "K10[0-9a-f]{64}::"
_BOOTSTRAP = r"[a-z0-9]{6}\.[a-z0-9]{16}"
"""A token that k3s makes for agents and that expires."""
_SERVER_TOKEN = Grammar(
    rf"(?!({_WHOLE})?{_BOOTSTRAP}$)({_WHOLE}[a-z]*:[!-~]+|(?!K10)[!-~]+)",
    "bad-token",
    "a server token of k3s",
    "take the line in /var/lib/rancher/k3s/server/token of a server",
    400,
    refers="must",
)
ServerToken = Annotated[str, _SERVER_TOKEN]
_AGENT_TOKEN = Grammar(
    rf"{_WHOLE}[!-~]+|(?!K10)[!-~]+",
    "bad-token",
    "an agent token of k3s",
    "take the line in /var/lib/rancher/k3s/server/agent-token of a server",
    400,
    refers="must",
)
AgentToken = Annotated[str, _AGENT_TOKEN]
_API_ADDRESS = Grammar(
    rf"https://{HOST_RE}(:\d{{1,5}})?",
    "bad-url",
    "the address of a Kubernetes API",
    "write it with its port, such as https://k3s.example:6443",
    300,
    reachable,
)
ApiAddress = Annotated[str, _API_ADDRESS]


def password(token: str) -> str:
    """The part of a token that a server is configured with; the digest is for those who join it."""
    return re.sub(f"^{_WHOLE}[a-z]*:", "", token)
