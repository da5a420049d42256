"""The customer's own act: the browser's key over exactly what is agreed to. The operator cannot make one."""

import base64
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from esign.errors import ActInvalid
from evidence import decode


def message(case: str, document: str, nonce: str, opinion: str, strokes: str) -> bytes:
    """The canonical bytes that are signed. `document`: SHA-256 of the PDF shown; `strokes`: the commitment."""
    return decode.encode({"case": case, "document": document, "nonce": nonce, "opinion": opinion, "strokes": strokes})


def verify(key: Mapping[str, str], signature: str, signed: bytes) -> None:
    """ActInvalid unless `signature` (base64url, strict DER) is ECDSA P-256 / SHA-256 by the JWK `key`."""
    try:
        if (key["kty"], key["crv"]) != ("EC", "P-256"):
            raise ActInvalid("not a P-256 key")
        x, y = (int.from_bytes(unbase64url(key[name]), "big") for name in ("x", "y"))
        der = unbase64url(signature)
        # Two ways to write one signature would let a copy pass for another act.
        if encode_dss_signature(*decode_dss_signature(der)) != der:
            raise ActInvalid("signature is not exact DER")
        EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key().verify(der, signed, ECDSA(SHA256()))
    except (InvalidSignature, ValueError, KeyError):
        raise ActInvalid("not signed by the key of this session") from None


def unbase64url(text: str) -> bytes:
    """Strict: no padding, no other alphabet, no spare bits. ValueError otherwise."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise ValueError("not exact base64url")
    return data
