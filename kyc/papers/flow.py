"""Papers: look at what was sent, hide it, seal what was read and what the customer says of it."""

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from evidence.case import Case
from evidence.case.identity import SUPPORTING
from evidence.events import Media, Party, Stamp
from evidence.events.identity import ReadField, Score
from kyc import intake
from kyc.commands import CapturePaper, ConfirmFields
from kyc.errors import FieldsIncomplete, FieldsInvalid
from kyc.flow import Ports, ask_authority, day, revealed
from kyc.guardian import rules as guardian
from kyc.idcard import age_on, parse
from kyc.intake import Pixels
from kyc.ocr import Reader
from kyc.papers import bankcard, rules
from kyc.papers.kinds import PORTRAITS, Document
from kyc.papers.lines import CONFIDENT, Reading, validity
from kyc.papers.portrait import printed
from kyc.screening import flow as screening
from kyc.signals import flow as signals


async def capture_paper(case: Case, command: CapturePaper, data: bytes, stamp: Stamp, ports: Ports) -> Case:
    """Read one paper. The picture and every field are hidden before anything is sealed."""
    rules.admit_paper(case, command.paper, stamp)
    kind = await ports.faces.work(intake.inspect, data)
    picture = await ports.faces.work(intake.decode, data)
    reading = await ports.reader.read(picture, command.paper)
    _of_a_child(case, reading, stamp)  # before anything is kept
    findings = (*reading.findings, *_also(case, reading, stamp.at))
    # Without face consent no face is looked for, not even the printed one: the portrait is then found at the match.
    looks = command.paper in PORTRAITS and case.consented("face") and "PAPER_NOT_RECOGNISED" not in findings
    if looks and await ports.faces.work(printed, ports.faces.see, picture) is None:
        findings = (*findings, "PORTRAIT_MISSING")
    if command.paper == "bank_card":
        reading, media = await _card(case, reading, picture, ports)
    else:
        media = await ports.vault.put(case.id, "identity", data, kind.media_type)
    hidden = await ports.vault.hide(case.id, "identity", {name: item.value for name, item in reading.fields.items()})
    read = rules.ReadFact(
        media=media,
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
    party, document = rules.admit_confirmation(case, stamp)
    fields = _checked(document, command.fields, stamp.at)
    guardian.needed(case, party, "privacy", age_on(date.fromisoformat(fields["birth"]), day(stamp.at)))
    read = await _read_values(case, party, ports)
    data = None
    if case.identity_of(party).route == "assisted":
        data = await ask_authority(case, party, fields, ports)
    passed = await screening.onboard(case, party, fields, ports.screening)
    session = case.sessions[stamp.actor.session or ""]
    fact = rules.ConfirmedFact(
        corrected=tuple(name for name in document.fields if _plain(read.get(name, "")) != fields[name]),
        findings=document.agree(fields) if document.agree else (),
        passed=await signals.confirmed(case, party, session, fields, ports.signals) and passed,
        fields=await ports.vault.hide(case.id, "identity", fields),
        data=data,
    )
    return await ports.ledger.record(case.id, lambda case: rules.confirm(case, fact, stamp), stamp)


async def read(case: Case, party: Party, ports: Ports) -> dict[str, Any]:
    """GET /identity/papers: what was read, how surely, and where the customer should look twice.

    `wanted`: the fields that the document asks to be confirmed, once all of it was read.
    """
    read = await _read_values(case, party, ports)
    sides = case.identity_of(party).papers.values()
    sure = {name: value for side in sides for name, value in side.confidence_e4.items()}
    doubtful = {name for side in sides for name in side.doubtful}
    document = rules.document_of(case, party)
    return {
        "wanted": list(document.fields) if document else [],
        "fields": {
            name: {"value": read[name], "confidence_e4": sure.get(name, 0), "confirm": name in doubtful}
            for name in rules.readable(read)
        },
    }


# --- parts ------------------------------------------------------------------------------------------------------------


def _of_a_child(case: Case, reading: Reading, stamp: Stamp) -> None:
    """GuardianNeeded where a child's birth was read and no guardian agreed: the picture is dropped."""
    try:
        birth = date.fromisoformat(reading.fields["birth"].value)
    except (KeyError, ValueError):
        return  # asked again with what the customer confirms
    guardian.needed(case, rules.admit_paper(case, None, stamp), "privacy", age_on(birth, day(stamp.at)))


async def _card(case: Case, reading: Reading, picture: Pixels, ports: Ports) -> tuple[Reading, Media]:
    """A bank card's number becomes a token and four digits here; neither it nor a legible picture is kept (API-20)."""
    small = await ports.faces.work(lambda: intake.encode(bankcard.illegible(picture)))
    media = await ports.vault.put(case.id, "identity", small, "image/jpeg")
    if bankcard.NUMBER not in reading.fields:
        return replace(reading, fields={}), media
    number = reading.fields[bankcard.NUMBER].value
    token = ports.vault.blind(case.tenant, "bank_card", number.encode())
    return replace(reading, fields=bankcard.hidden(reading.fields, token)), media


async def _read_values(case: Case, party: Party, ports: Ports) -> dict[str, str]:
    """Of the document; where only part of one was read, of that."""
    papers = case.identity_of(party).papers
    document = rules.document_of(case, party)
    sides = document.sides if document else tuple(name for name in papers if name not in SUPPORTING)
    named = {name: commitment for side in sides for name, commitment in papers[side].fields.items()}
    return await revealed(case, named, ports)


def _checked(document: Document, fields: Mapping[str, str], at: datetime) -> dict[str, str]:
    plain = {name: _plain(value) for name, value in fields.items()}
    unknown = tuple(sorted(plain.keys() - set(document.fields)))
    if unknown:
        raise FieldsInvalid(fields=unknown)
    missing = tuple(name for name in document.fields if not plain.get(name))
    if missing:
        raise FieldsIncomplete(fields=missing)
    wrong = document.mistakes(plain) or tuple(
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
