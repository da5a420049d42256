"""What this room stands on, handed in by the composition root."""

from dataclasses import dataclass

from evidence.ledger import Ledger
from evidence.ports import Clock, Random
from evidence.vault import Vault
from products.versions import Catalogue


@dataclass(frozen=True)
class Ports:
    """`dwell_percent`: the share of the reading floors that sandbox cases count; production always counts all."""

    ledger: Ledger
    vault: Vault
    now: Clock
    random: Random
    catalogue: Catalogue
    dwell_percent: int = 100
    operator: str = ""  # full name of who sells here
    licence: str = ""  # of the operator; without one production quotes and recommends nothing (PRD-16)
    face_search: frozenset[str] = frozenset()  # tenants whose new cases look for the same face (KYC-18)
