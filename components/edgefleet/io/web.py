"""Requests to servers: every wait ends, a passing failure is retried, an error is one sentence.

Proxies and certificates come from the usual variables (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE). An address is
shown without its query, which may hold credentials.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

import httpx

from edgefleet.errors import OutsideFailure, Problem
from edgefleet.io.clock import Clock, RealClock
from edgefleet.io.logins import Logins

T = TypeVar("T")
LARGEST_ANSWER = 32 * 1024**2
"""Bytes that an answer which is held in memory may have: a manifest, a list of digests."""
_OK = range(200, 300)
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that another attempt may change."""
_MISSING = frozenset({404, 410})
_SHUT = frozenset({401, 403, 407})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Timeouts in seconds, and the number of attempts."""

    connect: float = 20
    """For a connection."""
    stall: float = 60
    """For the next bytes."""
    attempts: int = 5
    """Consecutive ones without any bytes."""
    pause: float = 1
    """Before the second attempt; each further one doubles it."""
    longest_pause: float = 30


class Passing(Exception):  # noqa: N818 - names say what happened
    """An attempt failed in a way that may pass.

    Args:
        problem: what to report if it does not.
        has_moved: whether it received some bytes, so that it does not count as failed.
        after: seconds that the server asks to wait.
    """

    def __init__(self, problem: Problem, *, has_moved: bool = False, after: float = 0) -> None:
        super().__init__(problem.problem)
        self.problem, self.has_moved, self.after = problem, has_moved, after


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A small answer, as a whole."""

    status: int
    headers: Mapping[str, str]
    """Names are found in either case."""
    body: bytes


def shown(address: str) -> str:
    """`address` without login and query, which may be secret."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


class Web:
    """Asks servers; one for many threads.

    Args:
        logins: who this user is to them.
        patience: how long is waited.
        clock: where time comes from.
    """

    def __init__(
        self, logins: Logins, *, patience: Patience | None = None, clock: Clock | None = None
    ) -> None:
        self.logins = logins
        self.patience = patience or Patience()
        self.clock = clock or RealClock()

    @cached_property
    def _client(self) -> httpx.Client:
        """Made at the first request: a build with a full cache makes none."""
        return httpx.Client(
            follow_redirects=True,
            timeout=httpx.Timeout(self.patience.stall, connect=self.patience.connect),
            headers={"accept-encoding": "identity", "user-agent": "edgefleet"},
            auth=_Netrc(self.logins),
        )

    @contextmanager
    def asking(
        self,
        address: str,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        form: Mapping[str, str] | None = None,
    ) -> Iterator[httpx.Response]:
        """One attempt; the answer's body is there to be streamed.

        Raises:
            Passing: the server cannot be reached, or broke off.
            OutsideFailure: `address` cannot be asked at all.
        """
        with (
            self.explaining(address),
            self._client.stream(method, address, headers=headers, data=form) as response,
        ):
            yield response

    @contextmanager
    def explaining(self, address: str) -> Iterator[None]:
        """Translate httpx's errors inside the block.

        Raises:
            Passing: another attempt may succeed.
            OutsideFailure: none will.
        """
        try:
            yield
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects) as error:
            raise OutsideFailure(_unusable(address, error)) from None
        except httpx.TransportError as error:
            raise Passing(self._unreached(address, error)) from None

    def get(
        self,
        address: str,
        headers: Mapping[str, str] | None = None,
        *,
        accepted: frozenset[int] = frozenset(),
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """A small answer, tried again where that may help.

        Args:
            address: where.
            headers: beside the usual ones.
            accepted: statuses that are an answer too, beside success.
            form: fields to post, for a POST request.

        Raises:
            OutsideFailure: it cannot be had.
        """
        method = "GET" if form is None else "POST"

        def once() -> Answer:
            with self.asking(address, headers, method=method, form=form) as response:
                return _whole(address, response, accepted)

        return self.patiently(once)

    def size(self, address: str) -> int | None:
        """Bytes of the file at `address`; `None` where the server does not state it.

        Raises:
            OutsideFailure: it is not there.
        """

        def look() -> int | None:
            with self.asking(address, method="HEAD") as response:
                if response.status_code in {403, 405, 501}:  # some servers answer GET alone
                    return None
                refuse(address, response)
                refuse_page(address, response)
                length = response.headers.get("content-length", "")
                return int(length) if length.isdecimal() else None

        return self.patiently(look)

    def patiently(self, attempt: Callable[[], T]) -> T:
        """The result of `attempt`, once it does not raise `Passing`.

        An attempt that received some bytes does not count. stamina 26.1 cannot express that, and takes no
        clock: tests would wait, or switch its waits off for the whole process.

        Raises:
            OutsideFailure: it raised that too often.
        """
        failed, pause = 0, self.patience.pause
        while True:
            try:
                return attempt()
            except Passing as error:
                failed, pause = (1, self.patience.pause) if error.has_moved else (failed + 1, pause)
                if failed >= self.patience.attempts:
                    raise OutsideFailure(error.problem) from None
                self.clock.sleep(min(max(pause, error.after), self.patience.longest_pause))
                pause = min(2 * pause, self.patience.longest_pause)

    def _unreached(self, address: str, error: httpx.TransportError) -> Problem:
        """The problem of a failed attempt, in one sentence."""
        hint = "check the address, this machine's network and HTTPS_PROXY, then run again to resume"
        why = str(error) or type(error).__name__
        if isinstance(error, httpx.ConnectTimeout):
            problem = f"does not answer: no connection within {self.patience.connect:g} s"
        elif isinstance(error, httpx.TimeoutException):
            problem = f"sent nothing for {self.patience.stall:g} s"
        elif isinstance(error, httpx.ProxyError):
            problem = f"the proxy does not let it through: {why}"
        elif "CERTIFICATE_VERIFY_FAILED" in why:
            problem = "presents a certificate that this machine does not trust"
            hint = "name your authority's file in SSL_CERT_FILE, or check for an intercepting proxy"
        elif isinstance(error, httpx.ConnectError):
            problem = f"cannot be reached: {why.partition('] ')[2] or why}".lower()
        else:
            problem = "broke off before the end"
        return Problem(code="unreachable", where=shown(address), problem=problem, hint=hint)


class _Netrc(httpx.Auth):
    """The login of the first host; httpx does not pass it on in a redirect."""

    def __init__(self, logins: Logins) -> None:
        self._logins = logins

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]  # no answer is sent back into it
        """Add the header, unless there is one."""
        if "authorization" not in request.headers:
            login = self._logins.web(request.url.host)
            if login is not None:
                request.headers["authorization"] = login.basic
        yield request


def _whole(address: str, response: httpx.Response, accepted: frozenset[int]) -> Answer:
    if response.status_code not in accepted:
        refuse(address, response)
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > LARGEST_ANSWER:
            problem = f"answers with more than {LARGEST_ANSWER:,} bytes where a list was expected"
            hint = "check the address"
            raise OutsideFailure.at(shown(address), "bad-answer", problem, hint)
    return Answer(status=response.status_code, headers=response.headers, body=bytes(body))


def refuse(address: str, response: httpx.Response) -> None:
    """Do nothing where `response` is success.

    Raises:
        Passing: another attempt may succeed.
        OutsideFailure: none will.
    """
    status = response.status_code
    if status in _OK:
        return
    if status in _PASSING:
        delay = response.headers.get("retry-after", "")
        problem = Problem(
            code="server-error",
            where=shown(address),
            problem=f"answers with {status}, again and again",
            hint="wait until the server is healthy, then run again to resume",
        )
        raise Passing(problem, after=float(delay) if delay.isdecimal() else 0)
    raise OutsideFailure(_refused(address, status))


def _refused(address: str, status: int) -> Problem:
    if status in _MISSING:
        code, problem, hint = "not-found", f"there is no such file ({status})", "check version and address"
    elif status in _SHUT:
        code, problem = "no-login", f"access denied ({status})"
        hint = "put the login into ~/.netrc, or for a registry run docker login (or skopeo login)"
    else:
        code, problem, hint = (
            "bad-answer",
            f"answers with {status} where a file was expected",
            "check the address",
        )
    return Problem(code=code, where=shown(address), problem=problem, hint=hint)


def _unusable(address: str, error: Exception) -> Problem:
    problem = "redirects endlessly"
    if not isinstance(error, httpx.TooManyRedirects):
        problem = "is not a valid address"
    return Problem(
        code="bad-address",
        where=shown(address),
        problem=problem,
        hint="check the address; it begins with https://",
    )


def page(address: str) -> Problem:
    """The problem of a web page in a file's place."""
    return Problem(
        code="web-page",
        where=shown(address),
        problem="answers with a web page instead of the file: a login, an error or a portal of the network",
        hint="open the address in a browser, log in by ~/.netrc where it asks, or add another mirror",
    )


def refuse_page(address: str, response: httpx.Response) -> None:
    """Do nothing unless `response` is a web page.

    Raises:
        OutsideFailure: it is one.
    """
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in {"text/html", "application/xhtml+xml"}:
        raise OutsideFailure(page(address))
