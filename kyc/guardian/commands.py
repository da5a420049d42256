"""What a guardian may say. The struct is the HTTP body."""

from typing import Literal

from evidence.events import Frozen, Party, Sha256
from evidence.events.cases import GuardianScope, Relation


class DecideAsGuardian(Frozen, frozen=True, kw_only=True):
    """`party`: the child. `scope`: papers and what stands on them, or the face; each is a decision of its own."""

    party: Party
    scope: GuardianScope
    relation: Relation
    decision: Literal["given", "refused", "withdrawn"]
    text_sha256: Sha256
