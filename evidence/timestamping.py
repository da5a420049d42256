"""Independent time: an RFC 3161 authority asked over HTTP (section 3.4), believed only after every check."""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from datetime import timedelta

from asn1crypto import tsp
from cryptography import x509

from evidence import timestamp
from evidence.outbound import NoAnswerError, Rest, post
from evidence.ports import Clock, Random
from evidence.sealer import checkpoint_key
from evidence.timestamp import TimeSource, TimeStamper, TimeStampRejected, TimeStampUnavailable
from evidence.vault import Objects

_logger = logging.getLogger("jianzheng.time")
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
TIMEOUT_S = 5.0
PAUSES_S = (1.0, 30.0)
# genTime is in whole seconds; the verifier too refuses a token that is older than what it covers by more than this.
BEHIND = timedelta(seconds=2)
AHEAD = timedelta(seconds=60)


class HttpTsa:
    """`TimeStamper` of somebody else; while it rests after a failure it answers "unavailable" at once."""

    source: TimeSource = "independent"

    def __init__(
        self,
        url: str,
        roots: Sequence[x509.Certificate],
        now: Clock,
        random: Random,
        *,
        policy: str | None = None,
        pauses_s: tuple[float, float] = PAUSES_S,
    ) -> None:
        """`roots`: what the authority's path must end in. `policy`: the only accepted one (dotted), asked for."""
        self._url = url
        self._roots = tuple(roots)
        self._policy = policy
        self._now = now
        self._random = random
        self._rest = Rest(now, pauses_s)

    async def stamp(self, digest: bytes) -> bytes:
        if self._rest.lasts:
            raise TimeStampUnavailable("the authority failed a moment ago")
        try:
            reply = await asyncio.to_thread(self._ask, digest)
        except (NoAnswerError, TimeStampRejected) as error:
            self._rest.failed()
            _logger.warning("time-stamp authority, failure %d: %s", self._rest.failures, error)
            raise TimeStampUnavailable(str(error)) from None
        self._rest.answered()
        return reply

    def _ask(self, digest: bytes) -> bytes:
        nonce = int.from_bytes(b"\x01" + self._random(15), "big")
        asked_at = self._now()
        question = timestamp.request(digest, nonce, self._policy)
        answer = post(self._url, question, QUERY, timeout_s=TIMEOUT_S, accept=REPLY)
        if answer.status != 200 or answer.kind.partition(";")[0].strip().lower() != REPLY:
            raise NoAnswerError(f"HTTP {answer.status}, not a time-stamp reply")
        reply = plain(answer.body)
        timestamp.verify(
            reply,
            digest,
            self._roots,
            nonce=nonce,
            policies=() if self._policy is None else (self._policy,),
            window=(asked_at - BEHIND, self._now() + AHEAD),
        )
        return reply


def plain(reply: bytes) -> bytes:
    """The same token under the plain status "granted". Authorities add words to the status, which nothing signs.

    TimeStampRejected for any other status, and for what cannot be read.
    """
    try:
        parsed = tsp.TimeStampResp.load(reply, strict=True)
        if parsed["status"]["status"].native != "granted":
            raise TimeStampRejected("not granted")
        return timestamp.reply_with(parsed["time_stamp_token"].dump())
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, IndexError) as error:
        raise TimeStampRejected(f"does not parse: {type(error).__name__}") from None


class CheckpointStamps:
    """Time over the log's own checkpoints, kept among the objects: `checkpoints/<size>-<hash>.checkpoint`, `.tsr`."""

    def __init__(self, objects: Objects, stamper: TimeStamper) -> None:
        self._objects = objects
        self._stamper = stamper

    async def stamp(self, size: int, note: bytes) -> bool:
        """False when this checkpoint has its time already. TimeStampUnavailable: try again."""
        digest = hashlib.sha256(note)
        key = checkpoint_key(size, note)
        if await self._objects.keys(f"{key}.tsr"):
            return False
        reply = await self._stamper.stamp(digest.digest())
        await self._objects.put(f"{key}.checkpoint", note)
        await self._objects.put(f"{key}.tsr", reply)
        return True
