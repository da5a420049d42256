"""Steps 8 to 11: what the events name is there, and what is there is named: seals, values and files, keys, claims."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from evidence.ciphers import NONCE_BYTES, TAG_BYTES
from evidence.errors import ObjectErased
from evidence.events import Retention
from evidence.fsck.report import SHOWN, Bad
from evidence.fsck.source import Folder, KeySource, Source
from evidence.fsck.spool import Spool
from evidence.sealer import seal_key
from evidence.vault import COMMAND, KEPT, SALT_BYTES

ROWS = 2_000
CLASSES: tuple[Retention, ...] = ("biometric", "identity", "location", "contract")
AROUND = SALT_BYTES + NONCE_BYTES + TAG_BYTES  # bytes that a stored file has more than what it hides
ERASED_LINE = b'"type":"privacy.erased/1"'
CLAIM_TYPES = {
    "external_id": "case.opened/1",
    "frame": "identity.frame_captured/1",
    "strokes": "esign.document_signed/1",
    "staff_link": "staff.signed_in/1",
    "refusal": "security.command_refused/1",
}


class Told:
    """What a step says beside passing: notes and warnings, counted beyond the first few."""

    def __init__(self) -> None:
        self._notes: dict[str, list[str]] = {}
        self._warnings: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def note(self, what: str, record: str) -> None:
        self._add(self._notes, what, record)

    def warn(self, what: str, record: str) -> None:
        self._add(self._warnings, what, record)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._lines(self._notes))

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(self._lines(self._warnings))

    def _add(self, kind: dict[str, list[str]], what: str, record: str) -> None:
        shown = kind.setdefault(what, [])
        self._counts[what] = self._counts.get(what, 0) + 1
        if len(shown) < SHOWN:
            shown.append(record)

    def _lines(self, kind: dict[str, list[str]]) -> Iterator[str]:
        for what, shown in kind.items():
            more = self._counts[what] - len(shown)
            yield f"{what}: {', '.join(shown)}{f' and {more} more' if more else ''} ({self._counts[what]})"


class Newer:
    """Events that came while the check ran: they may have erased what is missing, or named what seems to be nobody's.

    Streams are read again only where something is wrong, one at a time.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._stream = ""
        self._lines: Sequence[bytes] = ()

    async def erased(self, stream: str, commitment: str) -> bool:
        return any(ERASED_LINE in line and commitment.encode() in line for line in await self._of(stream))

    async def named(self, stream: str, commitment: str) -> bool:
        return any(commitment.encode() in line for line in await self._of(stream))

    async def _of(self, stream: str) -> Sequence[bytes]:
        if stream != self._stream:
            self._stream, self._lines = stream, await self._source.lines_after(stream, 0)
        return self._lines


# --- 8 seals ----------------------------------------------------------------------------------------------------------


async def check_seals(spool: Spool, objects: Folder, told: Told) -> str:
    count = 0
    for stream, segment, digest, seq in spool.ask("SELECT * FROM seals ORDER BY stream, segment"):
        key = seal_key(stream, segment)
        record = f"{stream} event {seq}, {key}"
        try:
            envelope = await objects.get(key)
        except ObjectErased:
            raise Bad("the seal is missing", record) from None
        if hashlib.sha256(envelope).hexdigest() != digest:
            raise Bad("the seal is not the one that the chain announces", record)
        if not await objects.has(key.replace(".dsse.json", ".tsr")):
            told.note("seals that still wait for their time stamp", key)
        count += 1
    return f"{count} seals"


# --- 9 vault ----------------------------------------------------------------------------------------------------------


async def gather(spool: Spool, source: Source, objects: Folder, told: Told) -> None:
    """What is kept, into the scratch tables: values from the database, files by their names."""
    after = ("", "")
    while values := await source.values(after, ROWS):
        spool.add("kept", [(value.stream, value.commitment, value.retention, -1) for value in values])
        after = (values[-1].stream, values[-1].commitment)
    spool.add("kept", _files(objects, told))
    spool.ready()


def _files(objects: Folder, told: Told) -> Iterator[tuple[str, str, str, int]]:
    for key, size in objects.walk():
        match key.split("/"):
            case ["seals", _, _] | ["checkpoints" | "notices" | "packs", _] | [_, "kept", _]:
                continue
            case [stream, retention, commitment] if retention in CLASSES:
                yield stream, commitment, retention, size
            case _:
                told.warn("files of no kind that is known", key)


async def check_vault(spool: Spool, source: Source, told: Told) -> str:
    newer = Newer(source)
    missing = """
        SELECT named.stream, named.commitment, min(named.seq), named.class, named.bytes, kept.bytes
        FROM named LEFT JOIN kept USING (stream, commitment) LEFT JOIN erased USING (stream, commitment)
        WHERE erased.seq IS NULL AND (kept.bytes IS NULL OR (kept.bytes >= 0) <> (named.class <> '')
            OR (named.class <> '' AND (kept.class <> named.class OR kept.bytes <> named.bytes + ?)))
        GROUP BY named.stream, named.commitment ORDER BY named.stream, min(named.seq)
    """.replace("?", str(AROUND))
    for stream, commitment, seq, retention, _, size in spool.ask(missing):
        if await newer.erased(stream, commitment):
            continue
        what = f"a {retention} file" if retention else "a value"
        wrong = "is missing and was never erased" if size is None else "is kept in another place or size than sealed"
        raise Bad(f"{what} {wrong}", f"{stream} event {seq}, {commitment}")
    orphans = """
        SELECT kept.stream, kept.commitment, kept.class, kept.bytes FROM kept LEFT JOIN named USING (stream, commitment)
        WHERE named.seq IS NULL ORDER BY kept.stream
    """
    for stream, commitment, retention, size in spool.ask(orphans):
        if not await newer.named(stream, commitment):
            what = "files" if size >= 0 else "values"
            told.warn(f"{what} that no event names (a write cut short)", f"{stream}/{retention}/{commitment}")
    left = """
        SELECT kept.stream, kept.commitment, erased.seq FROM kept JOIN erased USING (stream, commitment)
        GROUP BY kept.stream, kept.commitment ORDER BY kept.stream
    """
    for stream, commitment, seq in spool.ask(left):
        told.warn("erased by an event and not deleted yet (the keeper finishes it)", f"{stream} {commitment} ({seq})")
    return f"{spool.count('kept', 'bytes < 0')} values, {spool.count('kept', 'bytes >= 0')} files"


# --- 10 keys ----------------------------------------------------------------------------------------------------------


async def gather_keys(spool: Spool, keys: KeySource) -> None:
    for read in (keys.keys, keys.destroyed):
        after = ("", "")
        while rows := await read(after, ROWS):
            spool.add("keys", rows)
            after = (rows[-1].stream, rows[-1].name)


async def check_keys(spool: Spool, source: Source, told: Told) -> str:
    """Every file and value that is kept and named has the key it stands under."""
    newer = Newer(source)
    locked = """
        SELECT kept.stream, kept.class, min(named.seq), kept.commitment FROM kept JOIN named USING (stream, commitment)
        LEFT JOIN erased USING (stream, commitment)
        LEFT JOIN keys ON keys.stream = kept.stream AND keys.name = kept.class AND keys.because IS NULL
        WHERE erased.seq IS NULL AND keys.name IS NULL GROUP BY kept.stream, kept.class ORDER BY kept.stream
    """
    for stream, retention, seq, commitment in spool.ask(locked):
        if not await newer.erased(stream, commitment):
            raise Bad(f"the {retention} key is gone, its files and values cannot be read", f"{stream} event {seq}")
    # A key that stands although its class was erased, and under which nothing was hidden since.
    standing = """
        SELECT wiped.stream, wiped.class, max(wiped.seq) FROM wiped
        JOIN keys ON keys.stream = wiped.stream AND keys.name = wiped.class AND keys.because IS NULL
        LEFT JOIN keys AS gone ON gone.stream = wiped.stream AND gone.name = wiped.class AND gone.because >= wiped.seq
        WHERE gone.name IS NULL GROUP BY wiped.stream, wiped.class
    """
    for stream, retention, seq in spool.ask(standing):
        told.warn("keys of erased classes that still stand (the keeper finishes it)", f"{stream} {retention} ({seq})")
    known = f"'{KEPT}', '{COMMAND}'"
    because = f"""
        SELECT gone.stream, gone.name, gone.because FROM keys AS gone
        LEFT JOIN wiped ON wiped.stream = gone.stream AND wiped.class = gone.name AND wiped.seq = gone.because
        WHERE gone.because > 0 AND wiped.seq IS NULL AND gone.name NOT IN ({known})
    """  # noqa: S608 - constants of ours
    for stream, name, seq in spool.ask(because):
        lines = await source.lines_after(stream, seq - 1)
        if not (lines and ERASED_LINE in lines[0]):
            raise Bad(f"the {name} key was destroyed because of an event that erases nothing", f"{stream} event {seq}")
    return f"{spool.count('keys', 'because IS NULL')} data keys"


# --- 11 claims --------------------------------------------------------------------------------------------------------


async def check_claims(spool: Spool, source: Source, told: Told) -> str:
    """Every claim stands for an event of its kind, and every event that claims something has its claim."""
    after = ("", "", "")
    while rows := await source.claims(after, ROWS):
        spool.add("claims", rows)
        after = (rows[-1].digest, rows[-1].kind, rows[-1].tenant)
    spool.ready()
    lost = """
        SELECT claimed.stream, claimed.seq, claimed.kind, claimed.commitment = '' OR EXISTS (
            SELECT 1 FROM erased WHERE erased.stream = claimed.stream AND erased.commitment = claimed.commitment)
        FROM claimed WHERE NOT EXISTS (SELECT 1 FROM claims WHERE claims.stream = claimed.stream
            AND claims.kind = claimed.kind AND claims.seq <= claimed.seq)
        ORDER BY claimed.stream, claimed.seq
    """
    for stream, seq, kind, gone in spool.ask(lost):
        if not gone:
            raise Bad(f"the claim ({kind}) of this event is gone: run python -m api.reclaim", f"{stream} event {seq}")
        told.warn(f"claims ({kind}) that are gone, and what they were made of too", f"{stream} event {seq}")
    untrue = f"""
        SELECT claims.stream, claims.seq, claims.kind FROM claims
        WHERE claims.kind IN ({_quoted(kind for kind in CLAIM_TYPES if kind != "refusal")})
        AND NOT EXISTS (SELECT 1 FROM claimed WHERE claimed.stream = claims.stream AND claimed.kind = claims.kind
            AND claimed.seq >= claims.seq)
    """  # noqa: S608 - constants of ours
    for stream, seq, kind in spool.ask(untrue):
        lines = await source.lines_after(stream, seq - 1)
        if not any(f'"type":"{CLAIM_TYPES[kind]}"'.encode() in line for line in lines):
            raise Bad(f"a claim ({kind}) names an event that is not there", f"{stream} event {seq}")
    unknown = f"SELECT kind, stream, seq FROM claims WHERE kind NOT IN ({_quoted(CLAIM_TYPES)})"  # noqa: S608
    for kind, stream, seq in spool.ask(unknown):
        told.note("claims of a kind that no event is known for", f"{kind} of {stream} event {seq}")
    return f"{spool.count('claims')} claims"


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


__all__ = ["Told", "check_claims", "check_keys", "check_seals", "check_vault", "gather", "gather_keys"]
