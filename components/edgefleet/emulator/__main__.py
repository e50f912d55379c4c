"""The emulated cloud's process: moto's server on loopback, started by `edgefleet.io.emulator`.

``python -m edgefleet.emulator FILE`` listens on a free port of 127.0.0.1, writes its number and the token of
its callers to FILE and serves until SIGTERM.
"""

import json
import logging
import os
import secrets
import signal
import sys
from pathlib import Path

from edgefleet.emulator.app import create_app
from edgefleet.emulator.guard import Guard
from edgefleet.io import disk
from edgefleet.io.emulator import HOST


def main(ready: Path) -> None:
    """Serve until SIGTERM; write port and token to `ready` once connections are accepted."""
    # moto and its dependencies come with the extra `emulator` only.
    from werkzeug.serving import make_server  # noqa: PLC0415 - optional

    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"  # AWS's own, such as those of EKS
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # no line for each request
    token = secrets.token_hex(16)
    server = make_server(HOST, 0, Guard(create_app(), token), threaded=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    disk.write(ready, json.dumps({"port": server.server_port, "token": token}).encode())
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
