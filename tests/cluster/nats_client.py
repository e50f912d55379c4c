"""A client of NATS for tests, without a library: the text protocol, one connection, one answer at a time.

``python nats_client.py HOST COMMAND ...`` runs at a host of a `Lan`, and prints JSON:
``request SUBJECT PAYLOAD``: the answer, or null where nobody does.
``publish SUBJECT FIRST COUNT``: numbers, each acknowledged by JetStream before the next; how many were.
``fill SUBJECT COUNT SIZE``: messages of a size, of which the last is acknowledged.
``listen SUBJECT SECONDS``: the subjects of what arrives in that time.
``read STREAM COUNT``: (subject, text) of the messages of a stream by its sequence numbers from 1 on.
"""

import base64
import json
import socket
import sys
import time
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

    def subscribe(self, subject: str, seconds: float) -> None:
        """Have messages of `subject` among `messages`, which end `seconds` after the last one."""
        self._socket.settimeout(seconds)
        self._send(f"SUB {subject} 2\r\n".encode())

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


def _listen(client: Client, subject: str, seconds: str) -> list[str]:
    client.subscribe(subject, float(seconds))
    until = time.monotonic() + float(seconds)
    return [name for name, _ in takewhile(lambda _: time.monotonic() < until, client.messages())]


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
    if command == "listen":
        return _listen(client, subject, words[0])
    return list(_read(client, subject, int(words[0])))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
