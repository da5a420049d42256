"""Papers: look at what was sent, hide it, seal what was read and what the customer says of it."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from evidence.case import Case
from evidence.events import Party, Stamp
from evidence.events.identity import ReadField, Score
from kyc import intake
from kyc.commands import CapturePaper, ConfirmFields
from kyc.document import CONFIDENT, FIELDS, Reading, mistakes, validity
from kyc.errors import FieldsIncomplete, FieldsInvalid
from kyc.flow import Ports, ask_authority, day, portrait, revealed
from kyc.idcard import parse
from kyc.ocr import Reader
from kyc.papers import rules
from kyc.screening import flow as screening


async def capture_paper(case: Case, command: CapturePaper, data: bytes, stamp: Stamp, ports: Ports) -> Case:
    """Read one side of the card. The picture and every field are hidden before anything is sealed."""
    rules.admit_paper(case, stamp)
    kind = await ports.faces.work(intake.inspect, data)
    picture = await ports.faces.work(intake.decode, data)
    reading = await ports.reader.read(picture, command.paper)
    findings = (*reading.findings, *_also(case, reading, stamp.at))
    # Without face consent no face is looked for, not even the printed one: the portrait is then found at the match.
    if command.paper == "cn_id_front" and case.consented("face") and "PAPER_NOT_RECOGNISED" not in findings:
        look = await ports.faces.work(ports.faces.see, picture)
        if portrait(look) is None:
            findings = (*findings, "PORTRAIT_MISSING")
    values = {name: field.value for name, field in reading.fields.items()}
    hidden = await ports.vault.hide(case.id, "identity", values)
    read = rules.ReadFact(
        media=await ports.vault.put(case.id, "identity", data, kind.media_type),
        fields={
            name: ReadField(value=hidden[name], confidence_e4=round(field.confidence * 10_000), confirm=field.confirm)
            for name, field in reading.fields.items()
        },
        findings=findings,
        scores=_reading_scores(reading, ports.reader),
    )
    return await ports.ledger.record(case.id, lambda case: rules.capture_paper(case, command, read, stamp), stamp)


async def confirm(case: Case, command: ConfirmFields, stamp: Stamp, ports: Ports) -> Case:
    """The customer's word on every field. FieldsIncomplete or FieldsInvalid name what is wrong."""
    party = rules.admit_confirmation(case, stamp)
    fields = _checked(command.fields, stamp.at)
    read = await _read_values(case, party, ports)
    corrected = tuple(name for name in FIELDS if _plain(read.get(name, "")) != fields[name])
    data = None
    if case.identity_of(party).route == "assisted":
        data = await ask_authority(case, party, fields, ports)
    passed = await screening.onboard(case, party, fields, ports.screening)
    hidden = await ports.vault.hide(case.id, "identity", fields)
    return await ports.ledger.record(
        case.id, lambda case: rules.confirm(case, hidden, corrected, passed, data, stamp), stamp
    )


async def read(case: Case, party: Party, ports: Ports) -> dict[str, Any]:
    """GET /identity/papers: what was read, how surely, and where the customer should look twice."""
    read = await _read_values(case, party, ports)
    sides = case.identity_of(party).papers.values()
    sure = {name: value for side in sides for name, value in side.confidence_e4.items()}
    doubtful = {name for side in sides for name in side.doubtful}
    return {
        "fields": {
            name: {"value": read[name], "confidence_e4": sure.get(name, 0), "confirm": name in doubtful}
            for name in FIELDS
            if name in read
        }
    }


# --- parts ------------------------------------------------------------------------------------------------------------


async def _read_values(case: Case, party: Party, ports: Ports) -> dict[str, str]:
    named = {
        name: commitment
        for paper in case.identity_of(party).papers.values()
        for name, commitment in paper.fields.items()
    }
    return await revealed(case, named, ports)


def _checked(fields: Mapping[str, str], at: datetime) -> dict[str, str]:
    plain = {name: _plain(value) for name, value in fields.items()}
    unknown = tuple(sorted(plain.keys() - set(FIELDS)))
    if unknown:
        raise FieldsInvalid(fields=unknown)
    missing = tuple(name for name in FIELDS if not plain.get(name))
    if missing:
        raise FieldsIncomplete(fields=missing)
    wrong = mistakes(plain) or tuple(
        {"PAPER_EXPIRED": "valid_to", "PAPER_NOT_YET_VALID": "valid_from"}[code] for code in validity(plain, day(at))
    )
    if wrong:
        raise FieldsInvalid(fields=wrong)
    return plain


def _plain(value: str) -> str:
    """One way to write it: NFC, no outer spaces, one middle dot in names of several parts (KYC-11)."""
    text = unicodedata.normalize("NFC", value).strip()
    return text.translate(dict.fromkeys(map(ord, "•・‧∙．"), "·"))


def _also(case: Case, reading: Reading, at: datetime) -> tuple[str, ...]:
    """What the dates and the mode say beyond the paper itself."""
    found = list(validity({name: field.value for name, field in reading.fields.items()}, day(at)))
    number = parse(reading.fields["number"].value) if "number" in reading.fields else None
    if case.mode == "production" and number is not None and not number.assigned:
        found.append("NUMBER_UNASSIGNED")
    return tuple(found)


def _reading_scores(reading: Reading, reader: Reader) -> tuple[Score, ...]:
    if not reading.fields:
        return ()
    least = min(field.confidence for field in reading.fields.values())
    return (
        Score(
            name="text_confidence_least",
            value_e4=round(least * 10_000),
            threshold_e4=round(CONFIDENT * 10_000),
            model=reader.provenance(),
        ),
    )
