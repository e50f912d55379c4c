"""Where a store is and how it is reached, as data that another process can be given."""

from dataclasses import dataclass
from pathlib import Path

from edgefleet.io.aws import Aws
from edgefleet.io.store.artifact import ArtifactStore


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePlace:
    """A store that is not opened yet."""

    uri: str
    """``file:<directory>`` or ``s3://<bucket>/<prefix>``."""
    root: Path
    """Directory that ``file:`` is relative to."""
    region: str | None = None
    endpoint: str | None = None
    profile: str | None = None
    role_arn: str | None = None
    is_emulated: bool = False
    """Whether `endpoint` is the emulated cloud, which gets credentials that open nothing."""

    def open(self) -> ArtifactStore:
        """The store.

        Raises:
            InvalidInput: `uri` names no store.
        """
        from edgefleet.io.store import open_store  # noqa: PLC0415 - which imports this package's modules

        return open_store(self.uri, aws=self._aws() if self.uri.startswith("s3:") else None, root=self.root)

    def _aws(self) -> Aws:
        if self.is_emulated and self.endpoint is not None:
            return Aws.emulated(self.endpoint, self.region)
        return Aws(region=self.region, endpoint=self.endpoint, profile=self.profile, role_arn=self.role_arn)
