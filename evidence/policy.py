"""What a case is judged by, frozen in its first event.

`products` compiles a journey to a Policy; domain rules seal events that satisfy or withdraw keys; what is missing for a
step is a set difference. Nobody asks another domain.

Key grammar: `quoted`, `read:<clause>`, `unhurried`, `answered:<question>`, `disclosed:<disclosure>`, `needs`, `risk`,
`suitable`, `rested`, `health`, `consent:<scope>`, `identity:<party>:<K1..K4>`, `code:sign:<party>`,
`signed:<party>:<document kind>`; and, of steps that outside systems report, `paid`, `issued`, `received`, `cooled_off`.
"""

from typing import Literal

import msgspec

StepName = Literal[
    "quote", "read", "suitability", "disclose", "identity", "health", "sign", "pay", "issue", "receipt", "cooling_off"
]


class _Frozen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Step(_Frozen, frozen=True, kw_only=True):
    """`needs`: keys held before the step may be entered. `yields`: keys that show it is done."""

    name: StepName
    needs: tuple[str, ...] = ()
    yields: tuple[str, ...] = ()


class ProductRef(_Frozen, frozen=True, kw_only=True):
    """The exact product version. `full` = SHA-256 (hex) over all of its compiled definition."""

    id: str
    version: int
    kind: str
    full: str
    names: dict[str, str]


class SignaturePlan(_Frozen, frozen=True, kw_only=True):
    """One paper and who signs it, in order."""

    party: str
    document: str  # document kind, e.g. `application`


class Policy(_Frozen, frozen=True, kw_only=True):
    """Frozen at the opening; no snapshot of a feature means it is off, never the live setting."""

    product: ProductRef
    steps: tuple[Step, ...]
    identity: dict[str, str]  # party -> K1..K4
    signatures: tuple[SignaturePlan, ...]
    papers: dict[str, tuple[str, ...]] = {}  # party -> documents and papers it may show; none: the resident card
    face_search: bool = (
        False  # is this face kept, by a consent of its own, and looked for under other numbers? (KYC-18)
    )
    # figures, each with the unit in its name
    identity_fresh_s: int = 600  # ESG-01: signature soon after the identity check
    challenge_ttl_s: int = 60  # KYC-04
    route_tries: int = 3  # tries on an identity route before it locks
    code_tries: int = 5  # API-04
    code_ttl_s: int = 600
    link_ttl_s: int = 86_400
    session_ttl_s: int = 3_600
    dwell_percent: int = 100  # share of the reading floors that counts; less only in the sandbox, and sealed here
    hesitation_days: int = 0
    retention_years: int = 10

    def step(self, name: str) -> Step | None:
        return next((step for step in self.steps if step.name == name), None)
