"""Bundles: complete, partly disclosed, erased; and never one that would not verify."""

import hashlib
import json
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence import events as happened
from evidence.bundle import NotAnchoredYet, NotSealedYet, build_bundle
from evidence.checkpoint import COSIGNATURE, NoteKey, read_proof, split_note, write_proof
from evidence.errors import NotFound, ObjectCorrupt
from evidence.sealer import seal_new
from evidence.timestamp import TimeStampUnavailable
from evidence.timestamping import CheckpointStamps
from evidence.verify import Report, TrustedKeys, verify_bundle
from evidence.verify.chain import read as read_chain
from evidence.verify.container import read
from evidence.verify.fields import VALUES
from evidence.verify.keys import TSA_INDEPENDENT, TSA_LOCAL, WITNESSES
from tests.proof.story import AGENT, DEFINITION, NAME, PHONE, Teller, Told, stream_of, tell, world
from tests.proof.tampering import rebuilt


async def test_a_sandbox_case_is_undecided_for_want_of_independent_time_and_witness_and_nothing_else(
    told: Told, keys: TrustedKeys
) -> None:  # EVD-07
    report = verify_bundle(told.bundle, keys)
    assert report.verdict == "INDETERMINATE"
    assert [(reason.step, reason.code) for reason in report.reasons] == [
        (6, "NO_INDEPENDENT_TIME"),
        (13, "NO_WITNESS"),
    ]
    assert {step.name for step in report.steps if step.state != "passed"} == {"time", "witness"}
    assert report.exit_code == 2
    assert report.first_bad is None


def states(report: Report) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in report.fields:
        found[item.state] = found.get(item.state, 0) + 1
    return found


async def test_every_field_is_open_or_says_which_event_erased_it(told: Told, keys: TrustedKeys) -> None:  # EVD-09
    report = verify_bundle(told.bundle, keys)
    assert set(states(report)) == {"OPENED-MATCH", "ERASED"}
    (erased,) = (item for item in report.plain()["fields"] if item["state"] == "ERASED")
    assert erased == {"seq": 20, "path": "media", "state": "ERASED", "event": 24}


async def test_the_report_holds_no_disclosed_value(told: Told, keys: TrustedKeys) -> None:
    text = str(verify_bundle(told.bundle, keys).plain())
    assert PHONE not in text
    assert NAME not in text


async def test_nothing_personal_stands_in_the_chain_or_the_seals(told: Told) -> None:  # EVD-09
    _, files = read(told.bundle)
    for path, data in files.items():
        if path.startswith(("data/chain/", "data/seals/", "data/context/")):
            assert PHONE.encode() not in data, path
            assert NAME.encode() not in data, path


async def test_a_partial_disclosure_opens_the_classes_asked_for(told: Told, keys: TrustedKeys) -> None:
    extras = told.world.extras
    partial = replace(extras, open=frozenset({"contract", "location"}))
    bundle = (await build_bundle(told.stream, told.world.bundles, partial)).data
    report = verify_bundle(bundle, keys)
    assert report.verdict == "INDETERMINATE"
    assert report.first_bad is None
    withheld = {(item.place.seq, item.place.path) for item in report.fields if item.state == "WITHHELD"}
    assert {(2, "phone"), (2, "name"), (16, "media"), (30, "strokes")} <= withheld
    _, files = read(bundle)
    assert not any(NAME.encode() in data for data in files.values())
    assert VALUES in files


async def test_without_the_contract_class_the_signed_paper_is_withheld_and_the_verdict_says_so(
    told: Told, keys: TrustedKeys
) -> None:
    extras = replace(told.world.extras, open=frozenset())
    report = verify_bundle((await build_bundle(told.stream, told.world.bundles, extras)).data, keys)
    assert report.verdict == "INDETERMINATE"
    assert report.step("documents").state == "indeterminate"
    assert "DOCUMENT_WITHHELD" in {reason.code for reason in report.reasons}
    assert set(states(report)) == {"WITHHELD", "ERASED"}


async def test_a_case_verifies_after_everything_personal_was_erased(told: Told, keys: TrustedKeys) -> None:
    """EVD-09: destroying the payload keys leaves a chain, seals and log that still verify."""
    other = await tell(told.world)
    root, files = read(other.bundle)
    places = {place.commitment for place in read_chain(root, files).places}
    listed = tuple(happened.ErasedField(name="all", commitment=item) for item in sorted(places))
    await other.teller.happen(happened.Erased(basis="PIPL-47", retention="identity", fields=listed))
    for retention in ("biometric", "identity", "location", "contract"):
        await told.world.vault.destroy_class(other.stream, retention)
    await seal_new(other.stream, told.world.seals)
    bundle = (await build_bundle(other.stream, told.world.bundles, told.world.extras)).data
    report = verify_bundle(bundle, keys)
    assert set(states(report)) == {"ERASED"}
    assert report.verdict == "INDETERMINATE"
    assert {step.name for step in report.steps if step.state == "failed"} == set()


async def test_an_unsealed_milestone_waits_for_its_seal(told: Told) -> None:
    teller = Teller(told.world, stream_of(told.world))
    await teller.opening()
    with pytest.raises(NotSealedYet):
        await build_bundle(teller.stream, told.world.bundles, told.world.extras)


async def test_a_case_that_goes_on_is_cut_at_its_last_seal(told: Told, keys: TrustedKeys) -> None:
    other = await tell(told.world)
    await other.teller.happen(happened.ConsentWithdrawn(scope="recording"))
    again = verify_bundle((await build_bundle(other.stream, told.world.bundles, told.world.extras)).data, keys)
    assert again.case is not None
    assert again.case["events"] == 33
    assert again.first_bad is None


async def test_no_bundle_leaves_when_a_file_that_was_never_erased_is_gone(told: Told) -> None:
    other = await tell(told.world)
    objects = told.world.objects.blobs
    gone = next(key for key in objects if key.startswith(f"{other.stream}/contract/"))
    kept = objects.pop(gone)
    with pytest.raises(ObjectCorrupt, match="never erased"):
        await build_bundle(other.stream, told.world.bundles, told.world.extras)
    objects[gone] = kept
    await build_bundle(other.stream, told.world.bundles, told.world.extras)


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({"product": {"definition.json": b"{}"}}, 8),
        ({"product": {"definition.json": DEFINITION}}, 8),
        ({"models": {"open-1": b"another manifest"}}, 8),
        ({"models": {}}, 8),
        ({"texts": (b"a text nobody was shown",)}, 8),
    ],
)
async def test_no_bundle_leaves_with_a_file_that_nothing_binds(
    told: Told, change: dict[str, object], step: int
) -> None:
    extras = replace(told.world.extras, **change)  # type: ignore[arg-type]
    with pytest.raises(ObjectCorrupt, match=f"step {step}"):
        await build_bundle(told.stream, told.world.bundles, extras)


async def test_a_bundle_needs_the_stream_that_adopted_its_keys(told: Told) -> None:
    with pytest.raises(ObjectCorrupt, match="step 2"):
        await build_bundle(told.stream, told.world.bundles, replace(told.world.extras, context=()))
    with pytest.raises(NotFound):
        await build_bundle(told.stream, told.world.bundles, replace(told.world.extras, context=("key_nobody",)))


async def test_the_account_of_who_opened_the_case_is_proven_and_their_later_days_are_not_told(tmp_path: Path) -> None:
    """Under which certificate an agent sold can be checked offline; when the agent signed in concerns nobody."""
    made = world(tmp_path)
    await made.adopt_keys()
    hidden = await made.vault.hide("staff_wang", "identity", {"name": "王", "ip": "203.0.113.7", "agent": "x"})
    enrolled = happened.StaffEnrolled(tenant="demo", role="agent", name=hidden["name"], certificate="A-1", grade=3)
    signed_in = happened.StaffSignedIn(
        session="ses_w",
        method="console_link",
        ip=hidden["ip"],
        agent=hidden["agent"],
        expires=happened.instant(made.clock()),
    )
    await made.ledger.note("staff_wang", (enrolled, signed_in), happened.Stamp(actor=AGENT, at=made.clock()))
    fresh = await tell(made)
    extras = replace(made.extras, extracts={"staff_wang": 1})
    data = (await build_bundle(fresh.stream, made.bundles, extras)).data
    root, files = read(data)
    assert [json.loads(line)["type"] for line in files["data/context/staff_wang.jsonl"].splitlines()] == [
        "staff.enrolled/1"
    ]
    keys = TrustedKeys.of(made.keys)
    assert verify_bundle(data, keys).verdict == "INDETERMINATE"
    other = files["data/context/staff_wang.jsonl"].replace(b'"certificate":"A-1"', b'"certificate":"A-2"')
    report = verify_bundle(rebuilt(root, dict(files) | {"data/context/staff_wang.jsonl": other}), keys)
    assert report.verdict == "TOTAL-FAILED"


async def test_a_verdict_passes_totally_with_independent_time_and_a_witness(told: Told, keys: TrustedKeys) -> None:
    """The same evidence, judged by an auditor who holds this authority to be independent and knows the witness."""
    root, files = read(told.bundle)
    key = Ed25519PrivateKey.generate()
    witness = NoteKey("witness.example/w", key.public_key().public_bytes_raw(), COSIGNATURE)
    trusted = {name: data for name, data in told.keys.items() if name != TSA_LOCAL}
    trusted |= {TSA_INDEPENDENT: told.keys[TSA_LOCAL], WITNESSES: f"{witness.vkey}\n".encode()}

    def witnessed(proof: bytes) -> bytes:
        index, hashes, note = read_proof(proof)
        body = note.partition(b"\n\n")[0] + b"\n"
        signature = key.sign(b"cosignature/v1\ntime 1700000000\n" + body)
        line = b64encode(witness.id + (1_700_000_000).to_bytes(8, "big") + signature)
        return write_proof(index, hashes, note + "\u2014 witness.example/w ".encode() + line + b"\n")

    changed = {path: witnessed(data) if path.endswith(".tlog-proof") else data for path, data in files.items()}
    changed.pop(f"keys/{TSA_LOCAL}")
    note = read_proof(changed["data/head.tlog-proof"])[2]
    changed["data/checkpoint.tsr"] = await told.world.tsa.stamp(hashlib.sha256(note).digest())
    report = verify_bundle(rebuilt(root, changed), TrustedKeys.of(trusted))
    assert report.verdict == "TOTAL-PASSED", report.plain()
    assert report.exit_code == 0
    assert report.step("witness").detail == "witness.example/w"


def test_the_report_is_plain_json(told: Told, keys: TrustedKeys) -> None:
    plain = verify_bundle(told.bundle, keys).plain()
    assert msgspec.json.decode(msgspec.json.encode(plain)) == plain
    assert list(plain) == ["verdict", "reasons", "steps", "fields", "first_bad", "case"]


async def test_two_worlds_do_not_trust_each_other(told: Told, tmp_path: Path) -> None:
    other = world(tmp_path)
    await other.adopt_keys()
    report = verify_bundle(told.bundle, TrustedKeys.of(other.keys))
    assert report.verdict == "TOTAL-FAILED"
    assert report.first_bad == (2, "keys/log.vkey")


async def test_a_checkpoint_that_was_stamped_already_brings_its_time_when_the_authority_is_silent(
    told: Told, keys: TrustedKeys
) -> None:
    class Silent:
        async def stamp(self, digest: bytes) -> bytes:
            raise TimeStampUnavailable("nobody there")

    silent = replace(told.world.bundles, stamper=Silent())
    without = verify_bundle((await build_bundle(told.stream, silent, told.world.extras)).data, keys)
    assert "NO_TIME" in {reason.code for reason in without.reasons}
    with pytest.raises(NotAnchoredYet):
        await build_bundle(told.stream, replace(silent, anchored=True), told.world.extras)
    _, files = read((await build_bundle(told.stream, silent, told.world.extras)).data)
    _, _, note = read_proof(files["data/head.tlog-proof"])
    stamps = CheckpointStamps(told.world.objects, told.world.tsa)
    assert await stamps.stamp(split_note(note)[0].size, note)
    anchored = (await build_bundle(told.stream, replace(silent, anchored=True), told.world.extras)).data
    assert [reason.code for reason in verify_bundle(anchored, keys).reasons] == ["NO_INDEPENDENT_TIME", "NO_WITNESS"]
