"""The HTTP client: the only one, with one policy for what a server may do.

- What a server sends is bounded in bytes and in time, and a failure that may pass is retried.
- A redirect never leaves TLS, carries no login, and ends after a few steps.
- A login is sent to its own host alone, and only where nobody on the way can read it.

Proxies and certificates come from the usual variables (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE). An address is
shown without its query, which may hold credentials.
"""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Self, TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from edgefleet.errors import OutsideFailure
from edgefleet.io.answers import Answer, Passing, Whole, length_of, refuse, refuse_page, shown
from edgefleet.io.clock import Clock, RealClock
from edgefleet.io.logins import Logins

T = TypeVar("T")
NO_ADDRESS = "redirects to what is no web address"
_REFUSED = {
    "Invalid URL in location": NO_ADDRESS,
    "Receive buffer too long": "answers with a header that is too large",
}
"""dict[words of httpx or h11, which bounds a header at 100 KiB -> problem that no attempt changes]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a server may do, and how long is waited for it; times in seconds."""

    connect: float = 20
    """For a connection."""
    stall: float = 60
    """For the next bytes."""
    slowest: int = 64
    """Bytes a second, over `stall` seconds, below which a server is taken to have stalled."""
    attempts: int = 5
    """Consecutive ones without progress."""
    pause: float = 1
    """Before the second attempt; each further one doubles it."""
    longest_pause: float = 30
    answer: int = 4 * 1024**2
    """Bytes of an answer held in memory: what registries take for a manifest (OCI distribution 1.1)."""
    stalls: int = 10
    """Times `stall` that such an answer may take."""
    file: int = 16 * 1024**3
    """Bytes of a file whose size nobody stated."""
    reserve: int = 64 * 1024**2
    """Bytes that downloads leave free on a disk."""
    redirects: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request, up to its last redirect."""

    address: str
    """``https://...`` or ``http://...``."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Beside the usual ones; a login among them is sent to this address alone."""
    method: str = "GET"
    form: Mapping[str, str] | None = field(default=None, repr=False)
    """Fields to post; they may hold a login, so such a request follows no redirect."""
    content: bytes | None = field(default=None, repr=False)
    """Body of another method, of the type in `headers`; the same holds for it."""
    has_netrc: bool = True
    """Whether the user's login for the host is sent; not where somebody else chose the address."""
    stalls: int = 0
    """Times `Policy.stall` that all of it may take; 0: as long as it moves."""


def is_authentic(address: str) -> bool:
    """Whether what comes from there is what its server sent: by TLS, or without leaving this machine."""
    try:
        scheme, host = urlsplit(address).scheme, urlsplit(address).hostname or ""
    except ValueError:
        return False
    with suppress(ValueError):
        return scheme == "https" or ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _safety(address: str) -> int:
    """A redirect never leads to a smaller one."""
    return is_authentic(address) + address.lower().startswith("https:")


def require_tls(address: str) -> None:
    """Do nothing where what comes from there can be trusted without a digest.

    Raises:
        OutsideFailure: anybody on the way could change it.
    """
    if not is_authentic(address):
        problem = "has no TLS, and no digest is known to verify what it sends"
        hint = "use https:// or a folder (file:) for the lookup; what the lock pins may come by http"
        raise OutsideFailure.at(shown(address), "no-tls", problem, hint)


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc


class Web:
    """Asks servers; one for many threads.

    Args:
        logins: who this user is to them.
        policy: what they may do.
        clock: where time comes from.
        tls: whose certificates are trusted, in place of this machine's.
    """

    def __init__(
        self,
        logins: Logins,
        *,
        policy: Policy | None = None,
        clock: Clock | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.logins = logins
        self._tls = tls
        self.policy = policy or Policy()
        self.clock = clock or RealClock()

    @cached_property
    def _client(self) -> httpx.Client:
        """Made at the first request: a build with a full cache makes none.

        Each request has a connection of its own, which `_Watch` can end; no cookie is kept.
        """
        return httpx.Client(
            verify=self._tls or True,
            timeout=httpx.Timeout(self.policy.stall, connect=self.policy.connect),
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={"accept-encoding": "identity", "user-agent": "edgefleet"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )

    @contextmanager
    def asking(self, request: Request) -> Iterator[Answer]:
        """One attempt; the answer's body is there to be streamed.

        Raises:
            Passing: the server cannot be reached, broke off, or is too slow.
            OutsideFailure: the address cannot be queried at all, or leads where the policy forbids.
        """
        with _Watch(self.policy, request.stalls) as watch:
            with self._explaining(request.address, watch):
                response = self._sent(request, watch)
            with closing(response):
                pieces = self._pieces(request.address, response, watch)
                yield Answer(status=response.status_code, headers=response.headers, pieces=pieces)

    def _pieces(self, address: str, response: httpx.Response, watch: "_Watch") -> Iterator[bytes]:
        with self._explaining(address, watch):
            for piece in response.iter_raw():
                watch.progress += len(piece)
                yield piece

    def _sent(self, request: Request, watch: "_Watch") -> httpx.Response:
        """The response at the end of all redirects."""
        here, signature = request.address, dict[str, str]()
        _check_address(here)
        for _ in range(self.policy.redirects + 1):
            sent = self._client.build_request(
                request.method if request.form is None else "POST",
                here,
                headers=self._headers(request, here) | signature,
                data=request.form,
                content=request.content,
                extensions={"trace": watch.trace},
            )
            response = self._client.send(sent, stream=True)
            signature = {} if signature else self.logins.signature(sent.method, here, response.status_code)
            if not (signature or response.has_redirect_location):
                return response
            response.close()
            here = here if signature else _redirected(request, here, response.headers["location"])
        raise _refusal(request.address, "redirects endlessly", "check the address; it begins with https://")

    def _headers(self, request: Request, here: str) -> dict[str, str]:
        """Those for one step: a login goes to the first server alone, and never in the clear."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        if _origin(here) != _origin(request.address) or not is_authentic(here):
            headers.pop("authorization", None)
        elif request.has_netrc and "authorization" not in headers:
            login = self.logins.web(urlsplit(here).hostname or "")
            headers |= {"authorization": login.basic} if login is not None else {}
        return headers

    @contextmanager
    def _explaining(self, address: str, watch: "_Watch") -> Iterator[None]:
        """Translate httpx's errors inside the block."""
        try:
            yield
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise _invalid(address) from error
        except UnicodeError:  # httpx decodes the host of a redirect, though it does not follow it
            raise _refusal(address, NO_ADDRESS, "use another mirror") from None
        except (httpx.TransportError, httpx.StreamError) as error:
            raise self._unreached(address, error, watch) from None

    def get(self, request: Request, *, accepted: frozenset[int] = frozenset()) -> Whole:
        """A small answer, tried again where that may help; statuses in `accepted` are one too.

        Raises:
            OutsideFailure: it cannot be had.
        """
        bounded = replace(request, stalls=self.policy.stalls)

        def once() -> Whole:
            with self.asking(bounded) as answer:
                if answer.status not in accepted:
                    refuse(request.address, answer)
                return self._whole(request.address, answer)

        return self.patiently(once)

    def _whole(self, address: str, answer: Answer) -> Whole:
        if answer.headers.get("content-encoding", "identity") != "identity":
            problem = "answers with compressed bytes, which were not requested"
            raise OutsideFailure.at(shown(address), "bad-answer", problem, "check the server or the proxy")
        body = bytearray()
        for piece in answer.pieces:
            body += piece
            if len(body) > self.policy.answer:
                problem = f"answers with more than {self.policy.answer:,} bytes where a list was expected"
                raise OutsideFailure.at(shown(address), "bad-answer", problem, "check the address")
        return Whole(status=answer.status, headers=answer.headers, body=bytes(body))

    def size(self, address: str) -> int | None:
        """Bytes of the file at `address`; `None` where the server does not state it.

        Raises:
            OutsideFailure: it is not there.
        """

        def look() -> int | None:
            with self.asking(Request(address=address, method="HEAD")) as answer:
                if answer.status in {403, 405, 501}:  # some servers answer GET alone
                    return None
                refuse(address, answer)
                refuse_page(address, answer)
                return length_of(answer)

        return self.patiently(look)

    def patiently(self, attempt: Callable[[], T]) -> T:
        """The result of `attempt`, once it does not raise `Passing`.

        An attempt that made progress does not count. stamina 26.1 cannot express that, and takes no
        clock: tests would wait, or switch its waits off for the whole process.

        Raises:
            OutsideFailure: it raised that too often.
        """
        failed, pause = 0, self.policy.pause
        while True:
            try:
                return attempt()
            except Passing as error:
                failed, pause = (1, self.policy.pause) if error.has_moved else (failed + 1, pause)
                if failed >= self.policy.attempts:
                    raise OutsideFailure(error.problems) from None
                self.clock.sleep(min(max(pause, error.after), self.policy.longest_pause))
                pause = min(2 * pause, self.policy.longest_pause)

    def _unreached(self, address: str, error: Exception, watch: "_Watch") -> OutsideFailure:
        """The error of a failed attempt, in one sentence."""
        hint = "check the address, this machine's network and HTTPS_PROXY, then run again to resume"
        why = str(error) or type(error).__name__
        for words, refused in _REFUSED.items():
            if words in why:
                return _refusal(address, refused, "check the server, or use another mirror")
        if "CERTIFICATE_VERIFY_FAILED" in why:
            hint = "name your authority's file in SSL_CERT_FILE, or check for an intercepting proxy"
        problem = watch.verdict or self._cause(error, why)
        return Passing.at(shown(address), "unreachable", problem, hint)

    def _cause(self, error: Exception, why: str) -> str:
        if isinstance(error, httpx.ConnectTimeout):
            return f"does not answer: no connection within {self.policy.connect:g} s"
        if isinstance(error, httpx.TimeoutException):
            return f"sent nothing for {self.policy.stall:g} s"
        if isinstance(error, httpx.ProxyError):
            return f"the proxy does not let it through: {why}"
        if "CERTIFICATE_VERIFY_FAILED" in why:
            return "presents a certificate that this machine does not trust"
        if isinstance(error, httpx.ConnectError):
            return f"cannot be reached: {why.partition('] ')[2] or why}".lower()
        return "broke off before the end"


def _check_address(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        is_host = bool(parts.hostname and httpx.URL(address).host)  # which decodes it
        if parts.scheme in {"http", "https"} and is_host and parts.port != 0:
            return parts
    except (ValueError, httpx.InvalidURL):
        pass
    raise _invalid(address)


def _invalid(address: str) -> OutsideFailure:
    hint = "check the address; it begins with https://"
    return OutsideFailure.at(shown(address), "bad-address", "is not a valid address", hint)


def _refusal(address: str, problem: str, hint: str) -> OutsideFailure:
    return OutsideFailure.at(shown(address), "refused-answer", problem, hint)


def _redirected(request: Request, here: str, location: str) -> str:
    """The address that a redirect from `here` leads to.

    Raises:
        OutsideFailure: the policy forbids it.
    """
    hint = "use the address that it leads to, if you trust that, or another mirror"
    if request.form is not None or request.content is not None:
        raise _refusal(request.address, "redirects a request that may hold a login", hint)
    try:
        there = urljoin(here, location)
        parts = _check_address(there)
    except (ValueError, OutsideFailure):
        raise _refusal(request.address, NO_ADDRESS, hint) from None
    if _safety(there) < _safety(here):
        raise _refusal(request.address, f"redirects to an address without TLS, {shown(there)}", hint)
    if "@" in parts.netloc:
        raise _refusal(request.address, "redirects to an address with a login in it", hint)
    return there


class _Watch:
    """Ends a request that is too slow, by shutting its connection down from a thread of its own.

    httpx has a timeout for one read alone: a server that sends a byte before each would hold a run for ever,
    in its header too.
    """

    def __init__(self, policy: Policy, stalls: int) -> None:
        self.verdict = ""
        """Why it was ended."""
        self._policy, self._stalls = policy, stalls
        self._enough = policy.slowest * policy.stall
        self.progress = 0.0
        """Bytes that came."""
        self._stream: Any = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._stream is not None:
            self._thread.join()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Receive httpcore's events; a new connection is progress."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self.progress += self._enough
            is_first, self._stream = self._stream is None, info["return_value"]
            if is_first:
                self._thread.start()

    def _run(self) -> None:
        seen, past = self.progress, 0
        while not self._ended.wait(self._policy.stall):
            past += 1
            if self.progress == seen:
                self.verdict = f"sent nothing for {self._policy.stall:g} s"
            elif self.progress - seen < self._enough:
                self.verdict = f"sends fewer than {self._policy.slowest} bytes a second"
            elif 0 < self._stalls <= past:
                self.verdict = f"takes longer than {past * self._policy.stall:g} s"
            if self.verdict:
                with suppress(OSError):  # below TLS, whose own shutdown would pull the session from a reader
                    socket.socket.shutdown(self._stream.get_extra_info("socket"), socket.SHUT_RDWR)
                return
            seen = self.progress
