"""Every change to a bundle is found, also when all that nobody signed is made to fit again (EVD-02, attack 27)."""

import base64
import hashlib
import random

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from evidence.verify import TrustedKeys, verify_bundle
from evidence.verify.container import read
from evidence.verify.keys import LOG
from evidence.verify.strict import canonical
from tests.proof.attacks import (
    ATTACKS,
    BY_THE_OPERATOR,
    LIVENESS,
    SPELLINGS,
    STRANGERS,
    Attack,
    by_the_operator,
    forged_by_the_operator,
    photo,
    respelled,
    tell_another_story,
    with_stranger,
)
from tests.proof.story import Told, tell
from tests.proof.tampering import lines, rebuilt

PER_FILE = 6  # sampled bits a file: enough to notice a file nobody looks at


def flips(data: bytes, seed: str, count: int) -> list[bytes]:
    """`data` with one bit changed, `count` times, at places that are the same in every run."""
    chosen = random.Random(seed)
    found = []
    for _ in range(count):
        changed = bytearray(data)
        at = chosen.randrange(len(data) * 8)
        changed[at // 8] ^= 1 << at % 8
        found.append(bytes(changed))
    return found


def test_no_flipped_bit_of_the_archive_passes(told: Told, keys: TrustedKeys) -> None:
    for changed in flips(told.bundle, "archive", 300):
        assert verify_bundle(changed, keys).verdict == "TOTAL-FAILED"


def test_no_flipped_bit_of_any_file_passes_with_manifests_and_account_made_again(told: Told, keys: TrustedKeys) -> None:
    """Trap 5: the manifest catches every flip trivially, so the attacker recomputes it."""
    root, files = read(told.bundle)
    passed = []
    for path, data in files.items():
        for number, changed in enumerate(flips(data, path, PER_FILE)):
            bundle = rebuilt(root, files | {path: changed})
            # The forger's recomputation may itself undo the change of a regenerated file.
            if bundle != told.bundle and verify_bundle(bundle, keys).verdict != "TOTAL-FAILED":
                passed.append((path, number))
    assert passed == []


def test_no_flipped_bit_of_a_regenerated_file_passes_with_new_manifests(told: Told, keys: TrustedKeys) -> None:
    root, files = read(told.bundle)
    for path in ("data/timeline.html", "AUDIT.md"):
        for changed in flips(files[path], path, 10):
            report = verify_bundle(rebuilt(root, files | {path: changed}, account_too=False), keys)
            assert report.first_bad == (12, path)


def test_no_file_can_be_left_out(told: Told, keys: TrustedKeys) -> None:
    root, files = read(told.bundle)
    optional = {"keys/document-ca.pem", "keys/tsa-root.pem"}  # the auditor has his own
    for path in files:
        fewer = {name: data for name, data in files.items() if name != path}
        report = verify_bundle(rebuilt(root, fewer), keys)
        if path.endswith(".tsr"):
            # A stamp may be missing, and its absence never passes for its presence.
            assert "NO_TIME" in {reason.code for reason in report.reasons}, path
        elif path.startswith("data/context/texts/"):
            assert "NOTICE_WITHHELD" in {reason.code for reason in report.reasons}
        elif path in optional:
            whole = verify_bundle(told.bundle, keys)
            assert (report.verdict, report.reasons, report.fields) == (whole.verdict, whole.reasons, whole.fields)
        elif rebuilt(root, fewer) != told.bundle:
            assert report.verdict == "TOTAL-FAILED", path


def test_no_file_can_be_added(told: Told, keys: TrustedKeys) -> None:
    root, files = read(told.bundle)
    for path, step in STRANGERS.items():
        report = verify_bundle(with_stranger(root, files, path), keys)
        assert report.verdict == "TOTAL-FAILED", path
        assert report.first_bad is not None
        assert report.first_bad[0] == step, path


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attack_is_found_and_the_step_named(attack: Attack, told: Told, keys: TrustedKeys) -> None:
    root, files = read(told.bundle)
    changed = attack(told, dict(files))
    assert changed != files
    report = verify_bundle(rebuilt(root, changed, account_too=attack is not tell_another_story), keys)
    assert report.verdict == "TOTAL-FAILED"
    assert report.exit_code == 1
    assert report.first_bad is not None
    assert report.first_bad[0] == ATTACKS[attack], report.plain()["steps"]


async def test_photos_of_two_cases_cannot_be_exchanged(told: Told, keys: TrustedKeys) -> None:  # attack 27
    root, files = read(told.bundle)
    _, other = read((await tell(told.world)).bundle)
    mine, theirs = photo(files), photo(other)
    for changed in (
        files | {mine: other[theirs]},
        {path: data for path, data in files.items() if path != mine} | {theirs: other[theirs]},
        files | {"data/openings/salts.txt": other["data/openings/salts.txt"]},
    ):
        report = verify_bundle(rebuilt(root, changed), keys)
        assert report.first_bad is not None
        assert report.first_bad[0] == 8


async def test_a_bundle_under_another_cases_name_is_refused(told: Told, keys: TrustedKeys) -> None:
    _, files = read(told.bundle)
    report = verify_bundle(rebuilt("case-another", files), keys)
    assert report.first_bad == (3, "event 1")


@pytest.mark.parametrize(
    ("old", "new"),
    SPELLINGS,
)
def test_a_line_in_another_spelling_is_the_first_bad_record(
    told: Told, keys: TrustedKeys, old: bytes, new: bytes
) -> None:  # trap 6
    root, files = read(told.bundle)
    report = verify_bundle(respelled(root, files, old, new), keys)
    # A changed time is a whole line in itself: the next one no longer follows.
    assert report.first_bad in ((3, "event 5"), (3, "event 6"))


def test_a_forged_act_is_found(told: Told, keys: TrustedKeys) -> None:
    """The operator alone cannot forge a customer: he holds every key but the browser's."""
    root, files = read(told.bundle)
    second = lines(files, 2)
    act = second[-1]["body"]["act"]
    forger = ec.generate_private_key(ec.SECP256R1())
    message = canonical(
        {
            "case": told.stream,
            "document": second[-1]["body"]["shown_sha256"],
            "nonce": act["nonce"],
            "opinion": "agree",
            "strokes": second[-1]["body"]["strokes"]["commitment"],
        }
    )
    signature = forger.sign(message, ec.ECDSA(hashes.SHA256()))
    act["signature"] = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    report = verify_bundle(by_the_operator(told, root, files, second), keys)
    assert report.step("acts").state == "failed"
    assert report.step("seals").state == "passed", "the operator sealed the forgery properly"


def test_an_act_other_than_the_one_in_the_pdf_signature_is_found(told: Told, keys: TrustedKeys) -> None:  # ESG-05
    root, files = read(told.bundle)
    second = lines(files, 2)
    second[-1]["body"]["place"] = {"state": "refused"}
    values = files["data/openings/values.txt"].splitlines(keepends=True)
    files["data/openings/values.txt"] = b"".join(values[:-1])
    report = verify_bundle(by_the_operator(told, root, files, second), keys)
    assert report.first_bad == (9, "data/documents/doc_1.signed.pdf")
    assert "another act" in report.step("documents").detail


@pytest.mark.parametrize("name", BY_THE_OPERATOR)
def test_what_the_operator_alone_may_write_is_found_and_the_step_named(
    told: Told, keys: TrustedKeys, name: str
) -> None:  # attacks 1 and 27
    report = verify_bundle(forged_by_the_operator(told, name), keys)
    assert report.verdict == "TOTAL-FAILED"
    assert report.steps[BY_THE_OPERATOR[name][1] - 1].state == "failed", report.plain()["steps"]


def test_a_capture_whose_statement_is_left_closed_is_not_judged(told: Told, keys: TrustedKeys) -> None:
    assert "1 captures" in verify_bundle(told.bundle, keys).step("acts").detail
    root, files = read(told.bundle)
    judged = next(event for event in lines(files, 1) if event["type"] == LIVENESS)
    kept = [
        line
        for line in files["data/openings/values.txt"].splitlines()
        if base64.urlsafe_b64encode(hashlib.sha256(line).digest()).rstrip(b"=").decode() != judged["body"]["statement"]
    ]
    files["data/openings/values.txt"] = b"".join(line + b"\n" for line in kept)
    files["data/openings/withheld.txt"] = judged["body"]["statement"].encode() + b"\n"
    report = verify_bundle(rebuilt(root, files), keys)
    assert report.verdict == "INDETERMINATE"
    assert "0 captures" in report.step("acts").detail


@pytest.mark.parametrize(
    ("key", "missing"),
    [("consent:recording", 8), ("read:c2.5", 11), ("disclosed:d_surrender", 13), ("suitable", 14)],
)
def test_a_signature_without_a_required_step_is_found(
    told: Told, keys: TrustedKeys, key: str, missing: int
) -> None:  # attack 9
    root, files = read(told.bundle)
    first = lines(files, 1)
    assert key in first[missing - 1]["body"].pop("satisfies")
    report = verify_bundle(by_the_operator(told, root, files, lines(files, 2), first), keys)
    assert report.first_bad == (11, "event 30")
    assert key in report.step("policy").detail


def test_a_key_earned_in_another_domain_does_not_count(told: Told, keys: TrustedKeys) -> None:
    root, files = read(told.bundle)
    first = lines(files, 1)
    first[12]["body"]["satisfies"].append("identity:proposer:K3")
    report = verify_bundle(by_the_operator(told, root, files, lines(files, 2), first), keys)
    assert report.first_bad == (11, "event 13")


def test_a_paper_not_shown_to_its_end_is_found(told: Told, keys: TrustedKeys) -> None:
    root, files = read(told.bundle)
    second = lines(files, 2)
    second[4]["body"]["end_seen"] = False
    report = verify_bundle(by_the_operator(told, root, files, second), keys)
    assert report.first_bad == (11, "event 30")


def test_an_identity_check_too_long_ago_is_found(told: Told, keys: TrustedKeys) -> None:  # ESG-01
    root, files = read(told.bundle)
    first = lines(files, 1)
    first[0]["body"]["policy"]["identity_fresh_s"] = 3
    report = verify_bundle(by_the_operator(told, root, files, lines(files, 2), first), keys)
    assert report.first_bad == (11, "event 30")


def test_the_operators_own_workshop_writes_bundles_that_verify(told: Told, keys: TrustedKeys) -> None:
    """The forgeries above fail for what they forge, not because the workshop is clumsy."""
    root, files = read(told.bundle)
    report = verify_bundle(by_the_operator(told, root, files, lines(files, 2)), keys)
    assert report.verdict == "INDETERMINATE", report.plain()["steps"]
    assert {reason.code for reason in report.reasons} == {"NO_TIME", "NO_WITNESS"}


def test_keys_inside_the_bundle_prove_nothing_unless_asked_and_then_lower_the_verdict(told: Told) -> None:
    """Trap 13."""
    without = verify_bundle(told.bundle, TrustedKeys())
    assert without.step("log").state == without.step("seals").state == "indeterminate"
    assert {reason.code for reason in without.reasons} == {"NO_TRUSTED_KEY"}
    trusting = verify_bundle(told.bundle, TrustedKeys(), trust_bundle_keys=True)
    assert trusting.verdict == "INDETERMINATE"
    assert trusting.reasons[0].code == "KEYS_FROM_BUNDLE"
    assert LOG in told.keys


@pytest.mark.parametrize("junk", [b"", b"PK\x05\x06" + b"\0" * 18, b"%PDF-1.7", b"\0" * 1000])
def test_what_is_no_bundle_fails_at_the_first_step(junk: bytes, keys: TrustedKeys) -> None:
    report = verify_bundle(junk, keys)
    assert report.verdict == "TOTAL-FAILED"
    assert report.first_bad is not None
    assert report.first_bad[0] == 1
    assert [step.state for step in report.steps[1:]] == ["not_run"] * 12
