"""Proofs of devices: each check of RFC 9449 section 4.3 has an attack that only it stops."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from litestar import Request
from redis.asyncio import Redis

from api.dpop import PROOF_CHARS, PROOF_SKEW, ProofInvalid, Proofs, thumbprint
from api.once import MemoryOnce, Once, RedisOnce
from api.settings import Settings
from bench.client import Client, b64
from evidence.vault import unb64
from tests.evidence.fakes import FixedClock

TOKEN = "a.bound.token"
PATH = "/v1/cases/case_a/reading"
KEY = ec.generate_private_key(ec.SECP256R1())
Change = Callable[[dict[str, Any], dict[str, Any]], None]


def jwk(key: ec.EllipticCurvePrivateKey = KEY) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    size = (key.key_size + 7) // 8
    x, y = (b64(value.to_bytes(size)) for value in (numbers.x, numbers.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def signed(header: object, claims: object) -> str:
    head = ".".join(b64(json.dumps(part).encode()) for part in (header, claims))
    der = KEY.sign(head.encode(), ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(der)
    return f"{head}.{b64(r.to_bytes(32) + s.to_bytes(32))}"


def proof(clock: FixedClock, change: Change = lambda header, claims: None) -> str:
    header: dict[str, Any] = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk()}
    claims: dict[str, Any] = {
        "htm": "POST",
        "htu": f"https://sign.example.cn{PATH}",
        "iat": int(clock().timestamp()),
        "jti": "0123456789abcdef",
        "ath": b64(hashlib.sha256(TOKEN.encode()).digest()),
    }
    change(header, claims)
    return signed(header, claims)


def request(text: str, path: str = PATH) -> Request[Any, Any, Any]:
    headers = [(b"dpop", text.encode()), (b"host", b"127.0.0.1:8000")]
    return Request({"type": "http", "method": "POST", "path": path, "scheme": "http", "headers": headers})  # type: ignore[arg-type]


@pytest.fixture
def proofs(clock: FixedClock, tmp_path: Path) -> Proofs:
    settings = Settings(data=tmp_path, public_url="https://sign.example.cn/")
    return Proofs(settings, MemoryOnce(clock), clock)


async def test_what_a_browser_sends_is_accepted_and_names_its_key(proofs: Proofs, clock: FixedClock) -> None:
    key = await proofs.check(request(proof(clock)), TOKEN)
    assert key.jwk == jwk()
    assert key.thumbprint == thumbprint(jwk())


async def test_our_own_client_and_its_library_make_the_same_proof(proofs: Proofs, clock: FixedClock) -> None:
    with httpx.Client(base_url="https://sign.example.cn") as http:
        client = Client(http)
        client.key, client.token = KEY, TOKEN
        text = client.credentials("POST", PATH)["DPoP"]
    claims = json.loads(unb64(text.split(".")[1]))
    clock.forward(claims["iat"] - int(clock().timestamp()))
    assert (await proofs.check(request(text), TOKEN)).thumbprint == thumbprint(jwk())


async def test_an_address_seen_by_this_machine_is_as_good_as_the_public_one(proofs: Proofs, clock: FixedClock) -> None:
    def here(_: dict[str, Any], claims: dict[str, Any]) -> None:
        claims["htu"] = f"http://127.0.0.1:8000{PATH}"

    await proofs.check(request(proof(clock, here)), TOKEN)


OTHER_CURVE = ec.generate_private_key(ec.SECP384R1())
NO_POINT = {**jwk(), "y": b64((1).to_bytes(32))}
SKEW = int(PROOF_SKEW.total_seconds())

CHANGES: dict[str, Change] = {
    "another method": lambda header, claims: claims.update(htm="GET"),
    "another address": lambda header, claims: claims.update(htu="https://sign.example.cn/v1/cases/case_b/reading"),
    "another host": lambda header, claims: claims.update(htu=f"https://evil.example{PATH}"),
    "too old": lambda header, claims: claims.update(iat=claims["iat"] - SKEW - 1),
    "from the future": lambda header, claims: claims.update(iat=claims["iat"] + SKEW + 2),
    "a time that is text": lambda header, claims: claims.update(iat=str(claims["iat"])),
    "another token": lambda header, claims: claims.update(ath=b64(hashlib.sha256(b"other").digest())),
    "no token": lambda header, claims: claims.pop("ath"),
    "no identifier": lambda header, claims: claims.pop("jti"),
    "a short identifier": lambda header, claims: claims.update(jti="1234567"),
    "a long identifier": lambda header, claims: claims.update(jti="1" * 101),
    "no algorithm": lambda header, claims: header.update(alg="none"),
    "a symmetric algorithm": lambda header, claims: header.update(alg="HS256"),
    "a larger algorithm": lambda header, claims: header.update(alg="ES384"),
    "a plain token": lambda header, claims: header.update(typ="JWT"),
    "a critical extension": lambda header, claims: header.update(crit=["b64"]),
    "a key elsewhere": lambda header, claims: header.update(jku="https://evil.example/key"),
    "a key by name": lambda header, claims: header.update(kid="../../dev/null"),
    "no key": lambda header, claims: header.pop("jwk"),
    "a key that is text": lambda header, claims: header.update(jwk="key"),
    "the private key too": lambda header, claims: header["jwk"].update(d="A" * 43),
    "another kind of key": lambda header, claims: header["jwk"].update(kty="OKP"),
    "another curve": lambda header, claims: header.update(jwk=jwk(OTHER_CURVE) | {"crv": "P-384"}),
    "another curve under our name": lambda header, claims: header.update(jwk=jwk(OTHER_CURVE)),
    "a point that is none": lambda header, claims: header.update(jwk=NO_POINT),
    "the point at the origin": lambda header, claims: header["jwk"].update(x="A" * 43, y="A" * 43),
    "a coordinate with other letters": lambda header, claims: header["jwk"].update(x="+" + header["jwk"]["x"][1:]),
}


@pytest.mark.parametrize("attack", CHANGES)
async def test_a_proof_that_says_something_else_is_refused(proofs: Proofs, clock: FixedClock, attack: str) -> None:
    with pytest.raises(ProofInvalid):
        await proofs.check(request(proof(clock, CHANGES[attack])), TOKEN)
    await proofs.check(request(proof(clock)), TOKEN)  # and it used nothing up


def _swap(text: str, part: int, new: str) -> str:
    parts = text.split(".")
    parts[part] = new
    return ".".join(parts)


def _claims_of_another(text: str) -> str:
    claims = json.loads(unb64(text.split(".")[1])) | {"jti": "another-identifier"}
    return _swap(text, 1, b64(json.dumps(claims).encode()))


FORMS: dict[str, Callable[[str], str]] = {
    "empty": lambda text: "",
    "two parts": lambda text: text.rpartition(".")[0],
    "four parts": lambda text: text + ".AAAA",
    "no signature": lambda text: _swap(text, 2, ""),
    "a signature of zeros": lambda text: _swap(text, 2, b64(bytes(64))),
    "a signature cut off": lambda text: text[:-2],
    "a signature in DER": lambda text: _swap(text, 2, b64(KEY.sign(b"x", ec.ECDSA(hashes.SHA256())))),
    "claims changed after signing": _claims_of_another,
    "claims that are no JSON": lambda text: signed(json.loads(unb64(text.split(".")[0])), 0)[:-1] + "A",
    "padding": lambda text: text + "=",
    "a newline at the end": lambda text: text + "\n",
    "spaces between": lambda text: text.replace(".", " ."),
    "a header of other letters": lambda text: "é" + text,
    "a header that is no JSON": lambda text: _swap(text, 0, b64(b"{")),
    "a header with a key twice": lambda text: _swap(
        text, 0, b64(b'{"typ":"dpop+jwt",' + unb64(text.split(".")[0])[1:])
    ),
    "a header nested without end": lambda text: _swap(text, 0, b64(b"[" * 2000)),
    "longer than any browser's": lambda text: _swap(text, 1, "A" * PROOF_CHARS),
}


@pytest.mark.parametrize("form", FORMS)
async def test_a_proof_of_another_form_is_refused(proofs: Proofs, clock: FixedClock, form: str) -> None:  # attack 25
    with pytest.raises(ProofInvalid):
        await proofs.check(request(FORMS[form](proof(clock))), TOKEN)


# --- once -------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=("memory", "redis"))
async def once(request: pytest.FixtureRequest, clock: FixedClock) -> Any:
    if request.param == "memory":
        yield MemoryOnce(clock)
        return
    redis = Redis.from_url(request.getfixturevalue("redis_url"))
    yield RedisOnce(redis, "jianzheng:test:once")
    await redis.aclose()


async def test_many_at_once_and_one_is_first(once: Once, clock: FixedClock) -> None:
    until = clock().timestamp() + 10**9
    first = await asyncio.gather(*(once.first(f"key/{number % 3}", until) for number in range(30)))
    assert sum(first) == 3
    assert not await once.first("key/0", until)
    assert not await once.first("key/0", until + 600)  # another time does not make it another name


async def test_a_proof_sent_twenty_times_at_once_passes_once(proofs: Proofs, clock: FixedClock) -> None:
    text = proof(clock)
    answers = await asyncio.gather(*(proofs.check(request(text), TOKEN) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(answer, ProofInvalid) for answer in answers) == 19


async def test_a_proof_is_remembered_for_as_long_as_its_time_is_accepted(proofs: Proofs, clock: FixedClock) -> None:
    def early(_: dict[str, Any], claims: dict[str, Any]) -> None:
        claims["iat"] += SKEW  # a clock that is fast: the longest life a proof can have

    text = proof(clock, early)
    await proofs.check(request(text), TOKEN)
    for _ in range(2 * SKEW // 30):
        with pytest.raises(ProofInvalid):
            await proofs.check(request(text), TOKEN)
        clock.forward(30)
        other = proof(clock, lambda header, claims: claims.update(jti=f"jti-{claims['iat']}"))
        await proofs.check(request(other), TOKEN)


async def test_what_is_over_takes_no_memory(clock: FixedClock) -> None:
    once = MemoryOnce(clock)
    for number in range(100):
        await once.first(f"name/{number}", clock().timestamp() + 300)
        clock.forward(60)
    assert sum(len(bucket) for bucket in once._buckets.values()) <= 7
