"""The seam for a platform's word on its device: an app sends a token over the challenge's nonce, an adapter checks it.

None is configured by default. A missing token caps the assurance of a capture at `web`; it never fails a person, since
a web page has none to send (CONVENTIONS 3, row 2). A token that does not hold is a reason to look.
"""

from collections.abc import Mapping
from typing import Literal, Protocol

from kyc.commands import Attestation

Assurance = Literal["web", "native_attested"]
Kind = Literal["play_integrity", "app_attest"]


class Attestor(Protocol):
    """One platform's verdicts (Play Integrity, App Attest), checked on the server."""

    async def holds(self, token: str, nonce: str) -> bool:
        """Whether the platform vouches for an untampered app on a real device, for just this nonce.

        False for anything else, also when the platform does not answer: then nobody vouched.
        """
        ...


async def assurance(
    given: Attestation | None, nonce: str, attestors: Mapping[str, Attestor]
) -> tuple[Assurance, tuple[str, ...]]:
    """What a capture may claim, and reasons to look at it."""
    if given is None or given.kind not in attestors:
        return "web", ()
    if await attestors[given.kind].holds(given.token, nonce):
        return "native_attested", ()
    return "web", ("ATTESTATION_BAD",)
