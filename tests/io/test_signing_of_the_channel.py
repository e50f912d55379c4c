"""A key in AWS KMS signs documents of the channel; nodes verify them as those of a file."""

from pathlib import Path

import pytest
from tests.images.conftest import needs
from tests.io.test_signing import in_kms
from tests.keys.channel import BERLIN, NOW, POINTER, delegation, openssl_verifies, pair

from edgefleet.io import signing
from edgefleet.io.aws import Aws
from edgefleet.keys import dsse
from edgefleet.keys.channel_key import ChannelKey
from edgefleet.keys.delegation import Delegation, ReleaseKey
from edgefleet.keys.pointer import verified_pointer
from edgefleet.keys.signed_document import opened, payload_type, signed


@needs("openssl")
def test_kms_signs_a_pointer(aws: Aws, tmp_path: Path) -> None:
    """Another signature each time, over the same text, which openssl takes."""
    found = signing.signing(f"awskms:{in_kms(aws, 'ECC_NIST_P256')}", tmp_path, aws=aws)
    key = ChannelKey.of_pem(found.public.pem)
    signer = signing.KmsSigner(aws=aws, name=found.kms)
    data = signed("pointer", POINTER.payload, [(key, signer)])
    named = (ReleaseKey(key=key, expires=NOW + 1),)
    by_root = Delegation(fleet="retail", version=1, issued=NOW, keys=named)
    assert POINTER == verified_pointer(data, by_root, BERLIN, now=NOW)
    envelope = opened(data, "pointer")
    over = dsse.signed_bytes(envelope.payload, payload_type("pointer"))
    assert openssl_verifies(tmp_path, key, over, envelope.signatures[0].data)
    with pytest.raises(ValueError, match="is not signed by a key"):
        verified_pointer(data, delegation(1), BERLIN, now=NOW)


def test_an_alias_of_another_key_signs_nothing(aws: Aws) -> None:
    """The public half that a delegation names is not that of the key that signs."""
    signer = signing.KmsSigner(aws=aws, name=in_kms(aws, "ECC_NIST_P256"))
    with pytest.raises(ValueError, match="is not signed by a key"):
        signed("pointer", POINTER.payload, [(pair(1).key, signer)])
