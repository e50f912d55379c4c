"""Sessions of boto3, which read each description of a service once in a process.

By default each session reads its own: EC2's and the list of endpoints take half a second of CPU. A program
has a session for each of its providers and profiles.
"""

from functools import cache
from typing import Any

import boto3
from botocore.loaders import JSONFileLoader
from botocore.session import Session

_read = cache(JSONFileLoader().load_file)


class Descriptions(JSONFileLoader):
    """Descriptions of services by file; botocore itself shares them among the clients of a session."""

    def load_file(self, file_path: str) -> Any:
        """The content of a file, read by the first of all sessions that needs it."""
        return _read(file_path)


def new_session(**settings: Any) -> boto3.Session:
    """A session with the `settings` that ``boto3.Session`` takes."""
    inner = Session()
    session = boto3.Session(botocore_session=inner, **settings)
    inner.get_component("data_loader").file_loader = Descriptions()
    return session
