"""Every setting, decoded once from the environment. docs/SETTINGS.md explains each."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from evidence.events import Frozen

PREFIX = "JIANZHENG_"


class Settings(Frozen, frozen=True, kw_only=True):
    """In the environment: upper case behind `JIANZHENG_`; `DATABASE_URL` and `REDIS_URL` also bare."""

    mode: Literal["sandbox", "production"] = "sandbox"  # sealed into every case; production refuses every stand-in
    host: str = "127.0.0.1"  # address to listen on
    port: int = 8000  # and its port
    public_url: str = ""  # what customers see, e.g. https://sign.example.cn; default http://host:port
    data: Path = Path("var")  # everything this service keeps on disk
    models: Path = Path("build/models")  # folder of the model pack
    pages: Path = Path("static/dist")  # the built pages
    catalogue: Path = Path("products/catalogue")  # one folder per product
    database_url: str = ""  # default: SQLite in `data`
    keys_url: str = ""  # wrapped keys live apart; default: SQLite in `data`/keys
    redis_url: str = ""  # default: state in this process
    master_key: str = ""  # 64 hex digits; sandbox makes a file of its own when empty, production refuses to
    suite: Literal["international", "chinese"] = "international"  # ciphers of new keys: AES-GCM, or SM4-GCM with SM3
    log_name: str = "jianzheng.local/log"  # origin line of the checkpoints
    tsa_url: str = ""  # RFC 3161 time-stamp authority of somebody else; default: one of our own, marked local
    tsa_root: str = ""  # PEM file with the root its certificates end in; an auditor trusts the same
    tsa_policy: str = ""  # the one policy to ask for and accept, dotted; default: any of that authority
    stamp_every_s: int = 60  # how often the newest checkpoint is time-stamped
    witness_policy: str = ""  # C2SP tlog-policy file: witnesses with their addresses, and the quorum; docs/WITNESS.md
    witness_every_s: int = 1  # a checkpoint is shown to the witnesses at most this often
    authority_url: str = ""  # source that checks identities, docs/AUTHORITY.md; default: a demonstration, sandbox only
    authority_name: str = ""  # what it is called in the record and on notices, e.g. 某某身份认证平台
    authority_key: str = ""  # PEM file with its Ed25519 public key: only answers signed by it are believed
    authority_secret: str = ""  # 64 hex digits; signs our questions to it (HMAC-SHA-256)
    authority_checks: str = "person"  # what is agreed with it, by commas: person, phone, bank_card, face
    screening_lists: str = ""  # folder of name lists, docs/SCREENING.md; default: a made-up one, in the sandbox only
    risk_rules: str = ""  # file of rules for fraud signals, docs/SIGNALS.md; default: ours, kyc/signals/rules.json
    face_search: str = ""  # tenants, by commas, whose new cases look for the same face under another number (KYC-18)
    anchor_wait_s: int = 600  # an export waits this long for its time stamps and cosignatures, then says what lacks
    monitor_every_s: int = 60  # the whole log is read again and compared with what was signed this often, if it can be
    company: str = "示例保险代理有限公司"  # the operator's full name, shown to customers beside the agent's
    licence: str = ""  # its licence to sell; in production nothing is quoted or recommended without one (PRD-16)
    entries_per_minute: int = 60  # per client address, on routes without login: links, codes, verification
    drain_s: int = 10  # how long a stop waits for requests in flight
    dwell_percent: int = 100  # share of the reading floors that counts; less only in the sandbox, sealed in each case
    workers: int = 1  # server processes; more than one needs `redis_url`

    @property
    def origin(self) -> str:
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment; msgspec.ValidationError names the one that is wrong."""
    found = os.environ if environment is None else environment
    values = {
        name: found[PREFIX + name.upper()] for name in Settings.__struct_fields__ if PREFIX + name.upper() in found
    }
    for bare in ("database_url", "redis_url"):
        if bare not in values and found.get(bare.upper()):
            values[bare] = found[bare.upper()]
    return msgspec.convert(values, Settings, strict=False, dec_hook=lambda kind, value: kind(value))
