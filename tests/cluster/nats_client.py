"""A client of NATS for tests, without a library: the text protocol, one connection, one answer at a time.

``python nats_client.py HOST COMMAND ...`` runs at a host of a `Lan`, and prints JSON:
``request SUBJECT PAYLOAD``: the answer, or null where nobody does.
``publish SUBJECT FIRST COUNT``: numbers, each acknowledged by JetStream before the next; how many were.
``fill SUBJECT COUNT SIZE``: messages of a size, of which the last is acknowledged.
``send SUBJECT``: an empty message without an acknowledgement.
``listen SUBJECT END``: a line once it listens, then the subjects of what arrives up to the subject `END`.
``read STREAM COUNT``: (subject, text) of the messages of a stream by its sequence numbers from 1 on.
"""

import base64
import json
import socket
import sys
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

PORT = 4222
WITHOUT_ANSWER = b"NATS/1.0 503"


class Client:
    """One connection."""

    def __init__(self, host: str) -> None:
        self._socket = socket.create_connection((host, PORT), timeout=5)
        self._file = self._socket.makefile("rb")
        self._file.readline()  # INFO
        options = {"verbose": False, "headers": True, "no_responders": True}
        self._send(f"CONNECT {json.dumps(options)}\r\nSUB answer.* 1\r\n".encode())

    def request(self, subject: str, payload: bytes) -> bytes | None:
        """The answer to `payload`; `None` where nobody answers."""
        self._send(b"PUB %s answer.1 %d\r\n%s\r\n" % (subject.encode(), len(payload), payload))
        _, answer = next(self.messages(), ("", WITHOUT_ANSWER))
        return None if answer.startswith(WITHOUT_ANSWER) else answer

    def publish(self, subject: str, payload: bytes) -> None:
        """Send a message that nobody acknowledges."""
        self._send(b"PUB %s %d\r\n%s\r\n" % (subject.encode(), len(payload), payload))

    def subscribe(self, subject: str) -> None:
        """Have messages of `subject` among `messages`, which then end a minute after the last one."""
        self._socket.settimeout(60)
        self._send(f"SUB {subject} 2\r\n".encode())
        self.flush()

    def flush(self) -> None:
        """Return once the server has taken what was sent; what comes before that is dropped."""
        self._send(b"PING\r\n")
        assert b"PONG\r\n" in iter(self._file.readline, b""), "the server ended the connection"

    def messages(self) -> Iterator[tuple[str, bytes]]:
        """(subject, payload with its headers) of what arrives, until nothing does for a time."""
        while line := self._line():
            kind, *words = line.split()
            if kind in {b"MSG", b"HMSG"}:
                payload = self._file.read(int(words[-1]))
                self._file.readline()
                yield words[0].decode(), payload
            elif kind == b"PING":
                self._send(b"PONG\r\n")

    def _line(self) -> bytes:
        try:
            return self._file.readline()
        except TimeoutError:
            return b""

    def _send(self, data: bytes) -> None:
        self._socket.sendall(data)


def _publish(client: Client, subject: str, first: int, count: int) -> int:
    answers = (client.request(subject, str(number).encode()) for number in range(first, first + count))
    return sum(1 for answer in answers if answer and b'"seq"' in answer)


def _fill(client: Client, subject: str, count: int, size: int) -> bool:
    for _ in range(count):
        client.publish(subject, bytes(size))
    return _publish(client, subject, 0, 1) == 1


def _send(client: Client, subject: str) -> None:
    client.publish(subject, b"")
    client.flush()


def _listen(client: Client, subject: str, end: str) -> list[str]:
    client.subscribe(subject)
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    return [name for name, _ in takewhile(lambda message: message[0] != end, client.messages())]


def _read(client: Client, stream: str, count: int) -> Iterator[tuple[str, str]]:
    for number in range(1, count + 1):
        answer = client.request(f"$JS.API.STREAM.MSG.GET.{stream}", json.dumps({"seq": number}).encode())
        message = json.loads(answer or b"{}").get("message", {})
        yield message.get("subject", ""), base64.b64decode(message.get("data", "")).decode()


def main(host: str, command: str, subject: str, *words: str) -> Any:
    """What a command prints."""
    client = Client(host)
    if command == "request":
        answer = client.request(subject, words[0].encode())
        return None if answer is None else json.loads(answer or b"{}")
    if command == "publish":
        return _publish(client, subject, *map(int, words))
    if command == "fill":
        return _fill(client, subject, *map(int, words))
    if command == "send":
        return _send(client, subject)
    if command == "listen":
        return _listen(client, subject, words[0])
    return list(_read(client, subject, int(words[0])))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
