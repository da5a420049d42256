"""What this room stands on, and what it is told of the product; both handed in by `api`."""

from dataclasses import dataclass

from esign.signer import SigningAuthority
from evidence.events import Frozen
from evidence.ledger import Ledger
from evidence.ports import Clock, Random
from evidence.vault import Vault

Texts = dict[str, str]
"""By locale: `zh-CN`, `en`."""


@dataclass(frozen=True)
class Ports:
    ledger: Ledger
    vault: Vault
    now: Clock
    random: Random
    authority: SigningAuthority


class Figure(Frozen, frozen=True, kw_only=True):
    """An input or output of the quote as a person reads it: the label, and the value with its unit."""

    label: Texts
    value: Texts


class ProductFacts(Frozen, frozen=True, kw_only=True):
    """Words of the pinned product version. `inputs` and `outputs` by name, in the order they are printed.

    Values must come from the very case that is handed to `prepare`. An input without words is printed as it is, an
    output without words is a step between and is not printed.
    """

    provider: Texts
    inputs: dict[str, Figure] = {}
    outputs: dict[str, Figure] = {}
    clauses: dict[str, Texts] = {}  # title by id
    disclosures: dict[str, Texts] = {}  # text by id
    questions: dict[str, Texts] = {}  # text by id
