"""Erased is erased: sealed first, destroyed second, certified, and the evidence goes on verifying."""

import asyncio
import base64
import json
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest

from evidence import events as happened
from evidence.bundle import build_bundle
from evidence.erasure import certificate, flow, rules
from evidence.erasure.errors import (
    BasisUnknown,
    ErasureUnfinished,
    KeepingUnchanged,
    OthersConcerned,
    RetentionRuns,
)
from evidence.erasure.rules import ChangeKeeping, Erase
from evidence.errors import NotAllowed, NotFound, NotValid, ObjectErased
from evidence.events import Actor, Erased, Event, Retention
from evidence.sealer import seal_new
from evidence.verify import verify_bundle
from evidence.verify.container import read
from evidence.verify.fields import SALTS, VALUES
from evidence.verify.keys import seal_pem
from tests.erasure.conftest import ADMIN, Finished
from tests.outside import need
from tests.proof.tampering import rebuilt

CLASSES: tuple[Retention, ...] = get_args(Retention)
LONG_AGO = "2010-01-01T00:00:00.000Z"


async def end_contract(finished: Finished) -> None:
    """Long enough ago for every period to have run out."""
    await finished.happen(happened.ContractEnded(ended=LONG_AGO, period="over_one_year"))


async def erasure(finished: Finished) -> Event:
    return [event for event in await finished.ports.ledger.events(finished.stream) if isinstance(event.body, Erased)][
        -1
    ]


async def bundle(finished: Finished) -> bytes:
    world = finished.told.world
    await seal_new(finished.stream, world.seals)
    return (await build_bundle(finished.stream, world.bundles, world.extras)).data


# --- what is erased ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("retention", CLASSES)
async def test_the_event_lists_exactly_what_the_class_held(finished: Finished, retention: Retention) -> None:  # EVD-09
    await end_contract(finished)
    vault, world = finished.ports.vault, finished.told.world
    before = await finished.case()
    rows = set(await vault.held(finished.stream, retention))
    files = {key.rpartition("/")[2] for key in world.objects.blobs if key.startswith(f"{finished.stream}/{retention}/")}
    assert rows | files
    case = await finished.erase(retention)
    body = (await erasure(finished)).body
    assert isinstance(body, Erased)
    assert {field.commitment for field in body.fields} == rows | files
    assert case.erased == before.erased | rows | files
    assert body.whole
    assert await vault.held(finished.stream, retention) == frozenset()
    assert not [key for key in world.objects.blobs if key.startswith(f"{finished.stream}/{retention}/")]
    assert await vault.keyring.existing(finished.stream, retention) is None
    for other in CLASSES:
        if other != retention:
            assert await vault.keyring.existing(finished.stream, other) is not None


@pytest.mark.parametrize("retention", CLASSES)
async def test_the_bundle_verifies_after_any_class_is_erased(finished: Finished, retention: Retention) -> None:
    await end_contract(finished)
    case = await finished.erase(retention)
    report = verify_bundle(await bundle(finished), finished.keys)
    assert {step.name for step in report.steps if step.state == "failed"} == set()
    states = {field.state for field in report.fields}
    assert states == {"OPENED-MATCH", "ERASED"}
    by_event = {field.event for field in report.fields if field.place.commitment in case.erased}
    assert case.keeping.wiped[retention] in by_event


async def test_all_classes_erased_leave_a_chain_that_verifies(finished: Finished) -> None:  # EVD-09
    await end_contract(finished)
    for retention in CLASSES:
        await finished.erase(retention)
    report = verify_bundle(await bundle(finished), finished.keys)
    assert {step.name for step in report.steps if step.state == "failed"} == set()
    assert {field.state for field in report.fields} == {"ERASED"}


async def test_a_disclosure_taken_away_by_hand_is_missing_and_fails(finished: Finished) -> None:
    await finished.erase("location")
    root, files = read(await bundle(finished))
    for path in (VALUES, SALTS):
        lines = files[path].splitlines(keepends=True)
        fewer = dict(files) | {path: b"".join(lines[1:])}
        if path == SALTS:
            gone = lines[0].split()[0].decode()
            fewer = {name: data for name, data in fewer.items() if gone not in name}
        report = verify_bundle(rebuilt(root, fewer), finished.keys)
        assert report.verdict == "TOTAL-FAILED", path
        assert "MISSING" in {field.state for field in report.fields} or path == VALUES


async def test_erasing_twice_records_once(finished: Finished) -> None:
    first = await finished.erase("location")
    again = await finished.erase("location")
    assert again.head == first.head
    assert len(again.keeping.erasures) == len(first.keeping.erasures)


async def test_a_kept_bundle_goes_with_the_first_class_that_goes(finished: Finished) -> None:
    """A bundle holds values of every class: left lying, it would tell what was erased."""
    vault = finished.ports.vault
    await vault.keep(finished.stream, "exp_1", finished.told.bundle)
    assert await vault.kept(finished.stream, "exp_1") == finished.told.bundle
    backup = dict(finished.told.world.objects.blobs)
    await finished.erase("location")
    finished.told.world.objects.blobs.update(backup)
    with pytest.raises(ObjectErased):
        await vault.kept(finished.stream, "exp_1")


async def test_what_is_given_again_after_an_erasure_stands_under_a_new_key(finished: Finished) -> None:
    await finished.erase("biometric")
    vault = finished.ports.vault
    media = await vault.put(finished.stream, "biometric", b"consented again", "image/jpeg")
    assert await flow.finish(await finished.case(), finished.ports)
    assert await vault.get(finished.stream, media) == b"consented again"


# --- who may, and when ------------------------------------------------------------------------------------------------


async def test_before_the_period_is_over_deletion_is_refused_and_says_until_when_and_why(finished: Finished) -> None:
    with pytest.raises(RetentionRuns) as open_end:  # EVD-08
        await finished.erase("identity")
    assert open_end.value.facts["until"] == ""
    assert "合同终止" in str(open_end.value.facts["reason_zh"])
    await finished.happen(happened.ContractEnded(ended="2026-11-01T00:00:00.000Z", period="over_one_year"))
    with pytest.raises(RetentionRuns) as dated:
        await finished.erase("contract")
    assert dated.value.facts["until"] == "2036-11-01T00:00:00.000Z"
    assert "2036年11月1日" in str(dated.value.facts["reason_zh"])
    assert "2036-11-01" in str(dated.value.facts["reason_en"])
    assert "八十七" in str(dated.value.facts["reason_zh"])
    assert await finished.ports.vault.held(finished.stream, "identity")


@pytest.mark.parametrize("retention", ["biometric", "location"])
async def test_what_was_given_by_consent_goes_at_any_time_even_under_a_hold(
    finished: Finished, retention: Retention
) -> None:  # KYC-17
    await finished.happen(happened.Held(reason="court"), happened.DisputeFlagged(reason="litigation"))
    case = await finished.erase(retention, "PIPL-15")
    assert case.keeping.wiped[retention]
    assert case.state == "completed"  # earlier acts stay valid
    assert case.signing.documents["doc_1"].signed_at


async def test_a_dispute_and_a_hold_stop_a_deletion_that_was_due(finished: Finished) -> None:
    await end_contract(finished)
    await finished.happen(happened.DisputeFlagged(reason="complaint"))
    with pytest.raises(RetentionRuns) as disputed:
        await finished.erase("contract")
    assert disputed.value.facts["rule"] == "dispute"
    await finished.happen(happened.DisputeLifted())
    with pytest.raises(RetentionRuns) as after:
        await finished.erase("contract")
    assert str(after.value.facts["until"]).startswith("2029-11-21")
    finished.told.world.clock.forward(3 * 366 * 86_400)
    await finished.happen(happened.Held(reason="court"))
    with pytest.raises(RetentionRuns) as held:
        await finished.erase("contract")
    assert held.value.facts["rule"] == "hold"
    await finished.happen(happened.Released())
    assert (await finished.erase("contract")).keeping.wiped["contract"]


@pytest.mark.parametrize("role", ["agent", "reviewer", "auditor", "partner"])
async def test_nobody_who_sells_or_looks_on_may_erase(finished: Finished, role: happened.Role) -> None:  # API-22
    with pytest.raises(NotAllowed):
        await finished.erase("location", actor=Actor(id="staff_x", role=role))


async def test_a_customer_of_another_case_or_with_others_in_it_may_not(finished: Finished) -> None:
    stranger = Actor(id="cus_else", role="customer", session="ses_1")
    with pytest.raises(NotAllowed):
        await finished.erase("location", actor=stranger)
    with pytest.raises(NotAllowed):
        await finished.erase("location", actor=Actor(id="cus_li", role="customer", session="ses_none"))
    phone = await finished.ports.vault.hide(finished.stream, "identity", {"phone": "13900139000"})
    await finished.happen(happened.PartyNamed(party="insured", customer="cus_child", phone=phone["phone"]))
    with pytest.raises(OthersConcerned):
        await finished.erase("location")
    assert (await finished.erase("location", actor=ADMIN)).keeping.wiped["location"]


@pytest.mark.parametrize("basis", ["KYC-13", "EVD-08", "because", ""])
async def test_a_customer_names_a_basis_that_is_theirs(finished: Finished, basis: str) -> None:
    with pytest.raises(BasisUnknown):
        await finished.erase("location", basis)


# --- by itself --------------------------------------------------------------------------------------------------------


async def test_what_is_due_is_erased_by_itself_and_recorded(finished: Finished) -> None:  # EVD-08
    clock = finished.told.world.clock
    case = await flow.erase_due(await finished.case(), clock(), finished.ports)
    assert not [item for item in case.keeping.erasures if item.basis == "EVD-08"]
    await end_contract(finished)
    case = await flow.erase_due(await finished.case(), clock(), finished.ports)
    due = [item for item in case.keeping.erasures if item.basis == "EVD-08"]
    assert {item.retention for item in due} == set(CLASSES)
    assert {item.role for item in due} == {"system"}
    assert await flow.erase_due(case, clock(), finished.ports) == case
    report = verify_bundle(await bundle(finished), finished.keys)
    assert {field.state for field in report.fields} == {"ERASED"}


async def test_the_service_itself_may_not_erase_before_the_end_even_what_a_person_could(finished: Finished) -> None:
    with pytest.raises(RetentionRuns):
        await finished.erase("location", "EVD-08", flow.ERASER)
    with pytest.raises(RetentionRuns):
        await finished.erase("location", "EVD-08", ADMIN)


# --- a power cut in between -------------------------------------------------------------------------------------------


async def test_a_crash_between_event_and_destruction_is_completed_later(finished: Finished) -> None:
    command = Erase(retention="location", basis="PIPL-15")
    found = await flow._held(finished.stream, "location", finished.ports)
    stamp = finished.stamp()
    case = await finished.ports.ledger.record(
        finished.stream, lambda now: rules.erase(now, command, found, stamp, finished.ports.table), stamp
    )
    seq, key = case.keeping.wiped["location"], finished.told.world.seal_key
    with pytest.raises(ErasureUnfinished):
        await certificate.issue(case, seq, finished.ports.vault, key, finished.ports.table)
    assert await finished.ports.vault.held(finished.stream, "location")
    assert not await flow.finish(case, finished.ports)
    assert await flow.finish(case, finished.ports)
    assert await finished.ports.vault.held(finished.stream, "location") == frozenset()
    assert await certificate.issue(case, seq, finished.ports.vault, key, finished.ports.table)


async def test_a_crash_after_the_key_went_still_loses_the_ciphertext(finished: Finished) -> None:
    world, vault = finished.told.world, finished.ports.vault
    blobs = dict(world.objects.blobs)
    case = await finished.erase("biometric")
    back = {key: data for key, data in blobs.items() if key.startswith(f"{finished.stream}/biometric/")}
    assert back
    world.objects.blobs.update(back)
    assert not await flow.finish(case, finished.ports)
    assert not back.keys() & world.objects.blobs.keys()
    assert await vault.is_destroyed(finished.stream, "biometric", case.keeping.wiped["biometric"])


async def test_what_was_being_hidden_in_that_very_moment_is_accounted_for(finished: Finished) -> None:
    """Hidden before, destroyed with its class, named after: without a word it would be MISSING for ever."""
    late = await finished.ports.vault.hide(finished.stream, "location", {"ip": "203.0.113.77"})
    photo = await finished.ports.vault.put(finished.stream, "biometric", b"late", "image/jpeg")
    await finished.erase("location")
    await finished.erase("biometric")
    session = happened.SigningDeclined(document="doc_1", opinion="disagree", comment=late["ip"])
    frame = happened.PaperCaptured(party="proposer", paper="cn_id_back", media=photo, source="camera")
    await finished.told.teller.happen(session, frame)
    case = await flow.account_for_lost(await finished.case(), finished.ports)
    assert {late["ip"], photo.commitment} <= case.erased
    assert await flow.account_for_lost(case, finished.ports) == case
    report = verify_bundle(await bundle(finished), finished.keys)
    assert "MISSING" not in {field.state for field in report.fields}


async def test_what_an_insider_took_later_is_not_whitewashed(finished: Finished) -> None:
    await finished.erase("biometric")
    finished.told.world.clock.forward(3600)
    photo = await finished.ports.vault.put(finished.stream, "biometric", b"consented again", "image/jpeg")
    await finished.told.teller.happen(
        happened.PaperCaptured(party="proposer", paper="cn_id_back", media=photo, source="camera")
    )
    await finished.ports.vault.destroy(finished.stream, (photo,))
    case = await flow.account_for_lost(await finished.case(), finished.ports)
    assert photo.commitment not in case.erased


# --- the certificate --------------------------------------------------------------------------------------------------


async def test_openssl_checks_the_certificate_and_it_names_everything(finished: Finished, tmp_path: Path) -> None:
    need("openssl")
    case = await finished.erase("biometric", "PIPL-15")
    event = await erasure(finished)
    key, vault = finished.told.world.seal_key, finished.ports.vault
    data = await certificate.issue(case, event.seq, vault, key, finished.ports.table)
    assert data == await certificate.issue(case, event.seq, vault, key, finished.ports.table)
    envelope = json.loads(data)
    payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"]
    files = {
        "pae": b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload),
        "sig": base64.b64decode(envelope["signatures"][0]["sig"]),
        "key.pem": seal_pem(key.public_key()),
    }
    for name, content in files.items():
        await asyncio.to_thread((tmp_path / name).write_bytes, content)
    command = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "key.pem",
        "-rawin",
        "-in",
        "pae",
        "-sigfile",
        "sig",
    ]
    done = await asyncio.to_thread(subprocess.run, command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(payload)
    assert said["subject"] == [{"digest": {"sha256": event.hash}, "name": f"{finished.stream}/{event.seq}"}]
    assert said["predicateType"] == "urn:jianzheng:erasure:1"
    told = said["predicate"]
    assert isinstance(event.body, Erased)
    assert (told["case"], told["event"], told["at"]) == (finished.stream, event.seq, event.at)
    assert (told["retention"], told["basis"], told["fields"]) == ("biometric", "PIPL-15", len(event.body.fields))
    assert told["key_destroyed"] is True
    assert "人脸" in told["text"]["zh-CN"]
    assert "face images" in told["text"]["en"]


async def test_there_is_no_certificate_for_an_event_that_erased_nothing(finished: Finished) -> None:
    case, world = await finished.case(), finished.told.world
    for seq in (0, 1, case.head.seq + 1):
        with pytest.raises(NotFound):
            await certificate.issue(case, seq, world.vault, world.seal_key, finished.ports.table)


# --- disputes, holds, the contract's end ------------------------------------------------------------------------------


async def change(finished: Finished, actor: Actor = ADMIN, **body: Any) -> None:
    command = ChangeKeeping(**body)
    await flow.change_keeping(await finished.case(), command, finished.stamp(actor), finished.ports)


async def test_an_admin_records_what_retention_is_counted_from(finished: Finished) -> None:
    await change(finished, action="flag_dispute", reason="claim")
    await change(finished, action="hold", reason="court")
    keeping = (await finished.case()).keeping
    assert (keeping.disputed, keeping.held) == (True, True)
    for action in ("flag_dispute", "hold"):
        with pytest.raises(KeepingUnchanged):
            await change(finished, action=action, reason="regulator")
    await change(finished, action="lift_dispute")
    await change(finished, action="release")
    await change(finished, action="end_contract", ended=LONG_AGO, period="up_to_one_year")
    keeping = (await finished.case()).keeping
    assert (keeping.disputed, keeping.held, keeping.contract_ended) == (False, False, LONG_AGO)
    for action in ("lift_dispute", "release"):
        with pytest.raises(KeepingUnchanged):
            await change(finished, action=action)
    wrongs: tuple[dict[str, Any], ...] = (
        {"action": "hold", "reason": "claim"},
        {"action": "flag_dispute"},
        {"action": "end_contract"},
    )
    for wrong in wrongs:
        with pytest.raises(NotValid):
            await change(finished, **wrong)
    with pytest.raises(NotAllowed):
        await change(finished, Actor(id="staff_wang", role="agent"), action="hold", reason="court")
