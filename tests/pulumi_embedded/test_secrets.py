"""Secrets are those of the CLI."""

from pathlib import Path

import pytest

from pulumi_embedded.errors import InvalidInput, OutsideFailure
from pulumi_embedded.secrets import find_passphrase, new_salt, open_salt

SALT = "v1:pe3ktQdDdYc=:v1:JL6+JVHsudvSHjYS:PC+dK3qJHAOi7ybJQtfSrc2PhobQoA=="
SECRET = "v1:BI+A+K3MsaPMNR/v:/cJNZ1fkRrrJmUX6gmWxr1fUKVLv2zpv/g=="  # noqa: S105 - made by CLI 3.260 for this test


def test_a_secret_of_the_cli_is_read() -> None:
    """What `pulumi config set --secret` wrote is decrypted with its passphrase."""
    assert "topsecret" == open_salt("pass", SALT).decrypt(SECRET)


def test_a_wrong_passphrase_is_noticed() -> None:
    """Before anything is decrypted with it."""
    with pytest.raises(InvalidInput, match="passphrase is not this stack's"):
        open_salt("password", SALT)


def test_a_damaged_secret_is_reported() -> None:
    """One message, no traceback of a library."""
    with pytest.raises(InvalidInput, match="cannot be decrypted"):
        open_salt("pass", SALT).decrypt(SECRET[:-6] + "AAAA==")


def test_a_new_salt_opens_again() -> None:
    """A salt that was made here opens with its passphrase, and what was encrypted is there."""
    crypter = new_salt("word")
    assert "hidden" == open_salt("word", crypter.salt).decrypt(crypter.encrypt("hidden"))


def test_where_the_passphrase_comes_from(tmp_path: Path) -> None:
    """The variable comes first, then the file that another one names."""
    file = tmp_path / "passphrase"
    file.write_text("from a file\n")
    named = {"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}
    assert "" == find_passphrase({"PULUMI_CONFIG_PASSPHRASE": "", **named})
    assert "from a file" == find_passphrase(named)
    with pytest.raises(
        InvalidInput, match="no passphrase for this stack's secrets; set PULUMI_CONFIG_PASSPHRASE"
    ):
        find_passphrase({})
    file.unlink()
    with pytest.raises(OutsideFailure, match="the passphrase cannot be read: No such file"):
        find_passphrase(named)
