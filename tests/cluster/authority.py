"""An authority of a test and the certificates of servers that it issues, by openssl."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_NEW = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Authority:
    """Keys and certificates in `folder`, which is made."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir()
        _make("/CN=Authority of the test", self.folder / "ca")

    @property
    def pem(self) -> str:
        """Its certificate."""
        return (self.folder / "ca.pem").read_text()

    def issue(self, host: str) -> tuple[Path, Path]:
        """Certificate and key of a server."""
        path, issuer = self.folder / "server", self.folder / "ca"
        by = ("-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key")
        _make(f"/CN={host}", path, *by, "-addext", f"subjectAltName=DNS:{host}")
        return path.with_suffix(".pem"), path.with_suffix(".key")


def _make(subject: str, path: Path, *more: str) -> None:
    out = ("-subj", subject, "-keyout", f"{path}.key", "-out", f"{path}.pem")
    subprocess.run([*_NEW, *out, *more], check=True, capture_output=True)
