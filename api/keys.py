"""The master key and what hangs from it, opened once at start."""

import contextlib
import hashlib
import secrets
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from api.settings import Settings
from evidence import ciphers
from evidence.durable import write_durable
from evidence.errors import NotVerified
from evidence.events.identity import Check
from evidence.ports import Clock, Random
from evidence.witness.policy import NONE, Policy
from kyc.authority import Authority
from kyc.authority.http import HttpAuthority
from kyc.authority.sandbox import SandboxAuthority
from kyc.screening.errors import ListInvalid
from kyc.screening.flow import Lists
from kyc.signals.errors import RulesInvalid
from kyc.signals.flow import RuleBook

MASTER_BYTES = 32


class SetupRefused(Exception):
    """The service may not start like this. The text says what to change."""


def master_key(settings: Settings) -> bytes:
    """From the setting; in the sandbox from a file made on first use. SetupRefused in production without a setting."""
    if settings.master_key:
        try:
            key = bytes.fromhex(settings.master_key)
        except ValueError:
            key = b""
        if len(key) != MASTER_BYTES:
            raise SetupRefused("JIANZHENG_MASTER_KEY must be 64 hexadecimal digits")
        return key
    if settings.mode == "production":
        raise SetupRefused("production needs JIANZHENG_MASTER_KEY: an unprotected key file is for the sandbox only")
    return _sandbox_key(settings.data / "keys" / "master.key")


def check_mode(settings: Settings) -> None:
    """Production refuses every stand-in, and says all of them at once (EVIDENCE-FORMAT 1)."""
    if settings.workers > 1 and not settings.redis_url:
        raise SetupRefused("more than one worker needs REDIS_URL: each would remember used proofs for itself")
    if settings.mode != "production":
        return
    missing = [] if settings.master_key else ["JIANZHENG_MASTER_KEY"]
    if not settings.public_url.startswith("https://"):
        missing.append("an address that customers reach over TLS only (JIANZHENG_PUBLIC_URL, https://…)")  # API-19
    if not (settings.tsa_url and settings.tsa_root):
        missing.append("an independent timestamp authority (JIANZHENG_TSA_URL and JIANZHENG_TSA_ROOT)")
    policy = witness_policy(settings)
    if policy is None or policy.quorum == NONE:
        missing.append("a witness policy with a quorum (JIANZHENG_WITNESS_POLICY)")
    if not settings.screening_lists:
        missing.append("lists to screen names against (JIANZHENG_SCREENING_LISTS)")
    missing += [
        "a certificate authority for signers (this release has the test CA only)",
        "a message channel (this release has the console only)",
    ]
    raise SetupRefused("production refuses stand-ins; missing: " + "; ".join(missing))


def witness_policy(settings: Settings) -> Policy | None:
    """None: nobody is asked. SetupRefused when the file does not say what it must, or its quorum cannot be had."""
    if not settings.witness_policy:
        return None
    try:
        policy = Policy.parse(Path(settings.witness_policy).read_bytes())
    except (OSError, NotVerified) as error:
        raise SetupRefused(f"JIANZHENG_WITNESS_POLICY: {error}") from None
    if not policy.reached({witness.key.name for witness in policy.witnesses if witness.url}):
        raise SetupRefused("JIANZHENG_WITNESS_POLICY: the quorum needs witnesses that have no URL there")
    return policy


def identity_authority(settings: Settings, now: Clock, random: Random) -> Authority | None:
    """Who is asked whether name and number belong together. SetupRefused when the settings do not say it all."""
    if not settings.authority_url:
        return SandboxAuthority() if settings.mode == "sandbox" else None
    try:
        key = load_pem_public_key(Path(settings.authority_key).read_bytes())
        secret = bytes.fromhex(settings.authority_secret)
        checks = msgspec.convert(settings.authority_checks.split(","), frozenset[Check])
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise SetupRefused(f"JIANZHENG_AUTHORITY_KEY, _SECRET or _CHECKS: {error}") from None
    name = settings.authority_name
    if not isinstance(key, Ed25519PublicKey) or len(secret) != MASTER_BYTES or not name:
        raise SetupRefused("an authority needs its name, its Ed25519 key and a secret of 64 hexadecimal digits")
    return HttpAuthority(name, (name, name), settings.authority_url, secret, key, checks, now, random)


def name_lists(settings: Settings) -> Lists:
    """The lists people are held against. SetupRefused when one cannot be read, or a folder holds none."""
    lists = Lists(Path(settings.screening_lists) if settings.screening_lists else None)
    try:
        lists.refresh()
    except (OSError, ListInvalid) as error:
        raise SetupRefused(f"JIANZHENG_SCREENING_LISTS: {error}") from None
    if not lists.screen.versions:
        raise SetupRefused("JIANZHENG_SCREENING_LISTS holds no list: nobody could be screened")
    return lists


def risk_rules(settings: Settings) -> RuleBook:
    """The rules fraud signals are decided by. SetupRefused when they cannot be read."""
    try:
        return RuleBook(Path(settings.risk_rules) if settings.risk_rules else None)
    except (OSError, RulesInvalid) as error:
        raise SetupRefused(f"JIANZHENG_RISK_RULES: {error}") from None


def time_roots(settings: Settings) -> tuple[x509.Certificate, ...]:
    """What the independent authority's certificates must end in; empty without one."""
    if not settings.tsa_url:
        return ()
    try:
        return tuple(x509.load_pem_x509_certificates(Path(settings.tsa_root).read_bytes()))
    except (OSError, ValueError):
        raise SetupRefused("JIANZHENG_TSA_ROOT must be a PEM file with the root of JIANZHENG_TSA_URL") from None


def check_ciphers() -> None:
    """Known answers of both suites (API-19). SetupRefused names the primitive that gave another one."""
    try:
        ciphers.self_test()
    except ciphers.SelfTestFailed as failed:
        raise SetupRefused(f"a cipher does not give its published answer: {failed}") from None


def derived(master: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose."""
    return hashlib.sha256(f"jianzheng/{purpose}/1".encode() + master).digest()


def _sandbox_key(path: Path) -> bytes:
    if not path.exists():
        with contextlib.suppress(FileExistsError):
            write_durable(path, secrets.token_bytes(MASTER_BYTES), replace=False)
    path.chmod(0o600)
    key = path.read_bytes()
    if len(key) != MASTER_BYTES:
        raise SetupRefused(f"{path} is damaged")
    return key
