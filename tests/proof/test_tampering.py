"""Every change to a bundle is found, also when all that nobody signed is made to fit again (EVD-02, attack 27)."""

import base64
import hashlib
import json
import random
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence import seal
from evidence.checkpoint import Checkpoint, read_proof, sign, write_proof
from evidence.events import line_hash
from evidence.merkle import inclusion, leaf_hash, nodes_of
from evidence.merkle import root as root_of
from evidence.sequencer import leaf
from evidence.verify import Report, TrustedKeys, verify_bundle
from evidence.verify.container import read
from evidence.verify.keys import LOG, SEAL, seal_pem
from evidence.verify.seals import sm3
from evidence.verify.strict import canonical
from tests.proof.story import ORIGIN, Told, tell
from tests.proof.tampering import Files, lines, rebuilt, rechained

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
        elif path.startswith("data/context/texts/") or path in optional:
            assert report.verdict != "TOTAL-PASSED"
        elif rebuilt(root, fewer) != told.bundle:
            assert report.verdict == "TOTAL-FAILED", path


def test_no_file_can_be_added(told: Told, keys: TrustedKeys) -> None:
    root, files = read(told.bundle)
    commitment = "A" * 43
    strangers = {
        "data/note.txt": 2,
        "README.md": 2,
        "bag-info.txt": 2,
        "keys/other.pem": 2,
        "keys/tsa-independent.pem": 2,
        "data/chain/0009.jsonl": 3,
        "data/context/screen_x.jsonl": 2,
        "data/context/product_x.tlog-proof": 4,
        "data/seals/0009.dsse.json": 5,
        "data/seals/0009.tsr": 6,
        f"data/media/{commitment}.jpg": 8,
        "data/product/more.csv": 8,
        "data/models/other.json": 8,
        f"data/context/texts/{hashlib.sha256(b'x').hexdigest()}": 8,
        "data/documents/doc_9.pdf": 9,
        "data/pages/doc_1-02.png": 9,
        "data/openings/withheld.txt": 12,
    }
    for path, step in strangers.items():
        data = f"{commitment}\n".encode() if path.endswith("withheld.txt") else b"x"
        report = verify_bundle(rebuilt(root, files | {path: data}, account_too=False), keys)
        assert report.verdict == "TOTAL-FAILED", path
        assert report.first_bad is not None
        assert report.first_bad[0] == step, path


Attack = Callable[[Told, Files], Files]


def cut_last_event(told: Told, files: Files) -> Files:
    """Trap 12: a bare hash chain does not notice."""
    tail = files["data/chain/0004.jsonl"].splitlines(keepends=True)
    return files | {"data/chain/0004.jsonl": b"".join(tail[:-1])}


def cut_the_signature_away(told: Told, files: Files) -> Files:
    """Back to before the signature, seals and all: as if the customer had never signed."""
    later = ("data/seals/0002", "data/seals/0003", "data/chain/0003", "data/chain/0004", "data/documents/doc_1.signed")
    found = {path: data for path, data in files.items() if not path.startswith(later)}
    found["data/chain/0002.jsonl"] = b"".join(files["data/chain/0002.jsonl"].splitlines(keepends=True)[:-1])
    values, salts = "data/openings/values.txt", "data/openings/salts.txt"
    found[values] = b"".join(files[values].splitlines(keepends=True)[:-2])
    found[salts] = files[salts].splitlines(keepends=True)[0]
    return {path: data for path, data in found.items() if "/media/" not in path or path.endswith(".jpg")}


def swap_two_events(told: Told, files: Files) -> Files:
    first = lines(files, 1)
    first[7], first[8] = first[8], first[7]
    return rechained(files, [first, *(lines(files, number) for number in (2, 3, 4))])


def swap_two_lines(told: Told, files: Files) -> Files:
    first = files["data/chain/0001.jsonl"].splitlines(keepends=True)
    first[7], first[8] = first[8], first[7]
    return files | {"data/chain/0001.jsonl": b"".join(first)}


def rebuild_the_chain_from_the_middle(told: Told, files: Files) -> Files:
    """Attack 27: whoever holds the database writes another past, and chains it correctly."""
    second = lines(files, 2)
    second[4]["body"]["visible_ms"] = 99_000
    return rechained(files, [lines(files, 1), second, lines(files, 3), lines(files, 4)])


def insert_an_event(told: Told, files: Files) -> Files:
    first = lines(files, 1)
    first.insert(8, first[7])
    return rechained(files, [first, *(lines(files, number) for number in (2, 3, 4))])


def delete_an_event(told: Told, files: Files) -> Files:
    first = lines(files, 1)
    del first[11]
    return rechained(files, [first, *(lines(files, number) for number in (2, 3, 4))])


def rechain_the_tail_alone(told: Told, files: Files) -> Files:
    """The lines after the last seal are bound by the log only."""
    tail = lines(files, 4)
    tail[-1]["at"] = "2026-11-21T04:00:31.000Z"
    line = files["data/chain/0004.jsonl"].splitlines()[-2]
    forged = canonical(tail[-1] | {"prev": line_hash(line)})
    kept = files["data/chain/0004.jsonl"].splitlines(keepends=True)[:-1]
    return files | {"data/chain/0004.jsonl": b"".join(kept) + forged + b"\n"}


def _photo(files: Files) -> str:
    return next(path for path in files if path.endswith(".jpg"))


def replace_a_photo(told: Told, files: Files) -> Files:
    return files | {_photo(files): files[_photo(files)][:-2] + b"\xff\xd9"[::-1]}


def exchange_two_files_of_one_case(told: Told, files: Files) -> Files:
    one, two = (path for path in files if path.startswith("data/media/") and not path.endswith(".jpg"))
    return files | {one: files[two], two: files[one]}


def replace_the_pdf(told: Told, files: Files) -> Files:
    return files | {"data/documents/doc_1.signed.pdf": files["data/documents/doc_1.signed.pdf"] + b"\n"}


def replace_the_signed_pdf_by_the_unsigned(told: Told, files: Files) -> Files:
    """Attack 17: the signature removed."""
    return files | {"data/documents/doc_1.signed.pdf": files["data/documents/doc_1.pdf"]}


def replace_a_page(told: Told, files: Files) -> Files:
    return files | {"data/pages/doc_1-01.png": files["data/pages/doc_1-01.png"] + b"\0"}


def remove_a_disclosure(told: Told, files: Files) -> Files:
    kept = files["data/openings/values.txt"].splitlines(keepends=True)[1:]
    return files | {"data/openings/values.txt": b"".join(kept)}


def change_a_disclosure(told: Told, files: Files) -> Files:
    first, *rest = files["data/openings/values.txt"].splitlines(keepends=True)
    salt, name, _ = json.loads(base64.urlsafe_b64decode(first.strip() + b"=="))
    forged = base64.urlsafe_b64encode(json.dumps([salt, name, "13900139000"]).encode()).rstrip(b"=")
    return files | {"data/openings/values.txt": b"".join((forged + b"\n", *rest))}


def repeat_a_disclosure(told: Told, files: Files) -> Files:
    first = files["data/openings/values.txt"].splitlines(keepends=True)[0]
    return files | {"data/openings/values.txt": first + files["data/openings/values.txt"]}


def remove_a_salt(told: Told, files: Files) -> Files:
    kept = files["data/openings/salts.txt"].splitlines(keepends=True)[1:]
    return files | {"data/openings/salts.txt": b"".join(kept)}


def replace_the_product(told: Told, files: Files) -> Files:
    return files | {"data/product/definition.json": files["data/product/definition.json"].replace(b"1}", b"2}")}


def replace_the_wording(told: Told, files: Files) -> Files:
    return files | {"data/product/source.txt": files["data/product/source.txt"] + "另有规定除外".encode()}


def exchange_two_stamps(told: Told, files: Files) -> Files:
    one, two = "data/seals/0001.tsr", "data/seals/0002.tsr"
    return files | {one: files[two], two: files[one]}


def seal_with_another_key(told: Told, files: Files) -> Files:
    key = Ed25519PrivateKey.generate()
    envelope = json.loads(files["data/seals/0001.dsse.json"])
    return files | {"data/seals/0001.dsse.json": seal.sign(base64.b64decode(envelope["payload"]), key)}


def seal_and_publish_another_key(told: Told, files: Files) -> Files:
    """Trap 13: the forger puts his own key into the bundle, too."""
    key = Ed25519PrivateKey.generate()
    envelope = json.loads(files["data/seals/0001.dsse.json"])
    forged = seal.sign(base64.b64decode(envelope["payload"]), key)
    return files | {"data/seals/0001.dsse.json": forged, f"keys/{SEAL}": seal_pem(key.public_key())}


def spell_a_seal_differently(told: Told, files: Files) -> Files:
    """Trap 6: the same signature over the same payload, with white space around it."""
    return files | {"data/seals/0001.dsse.json": files["data/seals/0001.dsse.json"].replace(b'":"', b'": "', 1)}


def sign_a_seal_twice(told: Told, files: Files) -> Files:
    envelope = json.loads(files["data/seals/0001.dsse.json"])
    envelope["signatures"] *= 2
    return files | {"data/seals/0001.dsse.json": canonical(envelope)}


def write_another_log(told: Told, files: Files) -> Files:
    """The forger signs a checkpoint over a tree of his own with a key of his own."""
    key = Ed25519PrivateKey.generate()
    last = files["data/chain/0004.jsonl"].splitlines()[-1]
    note = sign(Checkpoint(ORIGIN, 1, leaf_hash(leaf(last))), key)
    return files | {"data/head.tlog-proof": write_proof(0, (), note)}


def lengthen_the_proof(told: Told, files: Files) -> Files:
    index, hashes, note = read_proof(files["data/head.tlog-proof"])
    return files | {"data/head.tlog-proof": write_proof(index, (*hashes, b"\0" * 32), note)}


def tell_another_story(told: Told, files: Files) -> Files:
    """Trap 5: an unsigned timeline fooled a reader."""
    text = files["data/timeline.html"].replace("意见：同意".encode(), "意见：不同意".encode())
    assert text != files["data/timeline.html"]
    return files | {"data/timeline.html": text}


def withhold_without_saying(told: Told, files: Files) -> Files:
    found = {path: data for path, data in files.items() if path != _photo(files)}
    kept = files["data/openings/salts.txt"].splitlines(keepends=True)[1:]
    return found | {"data/openings/salts.txt": b"".join(kept)}


ATTACKS: dict[Attack, int] = {
    cut_last_event: 4,
    cut_the_signature_away: 4,
    swap_two_events: 4,
    swap_two_lines: 3,
    rebuild_the_chain_from_the_middle: 4,
    insert_an_event: 4,
    delete_an_event: 4,
    rechain_the_tail_alone: 4,
    replace_a_photo: 8,
    exchange_two_files_of_one_case: 8,
    replace_the_pdf: 9,
    replace_the_signed_pdf_by_the_unsigned: 9,
    replace_a_page: 9,
    remove_a_disclosure: 7,
    change_a_disclosure: 7,
    repeat_a_disclosure: 7,
    remove_a_salt: 8,
    withhold_without_saying: 8,
    replace_the_product: 8,
    replace_the_wording: 8,
    exchange_two_stamps: 6,
    seal_with_another_key: 5,
    seal_and_publish_another_key: 2,
    spell_a_seal_differently: 5,
    sign_a_seal_twice: 5,
    write_another_log: 4,
    lengthen_the_proof: 4,
    tell_another_story: 12,
}


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
    mine, theirs = _photo(files), _photo(other)
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


def chain_failures(told: Told, keys: TrustedKeys, change: Callable[[list[bytes]], None], segment: int = 1) -> Report:
    root, files = read(told.bundle)
    path = f"data/chain/{segment:04d}.jsonl"
    split = files[path].splitlines()
    change(split)
    return verify_bundle(rebuilt(root, files | {path: b"".join(line + b"\n" for line in split)}), keys)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"seq":5', b'"seq":5.0'),
        (b'"seq":5', b'"seq": 5'),
        (b'"seq":5', b'"seq":05'),
        (b'"v":1', b'"v":true'),
        (b'"v":1', b'"v":2'),
        (b'"v":1}', b'"v":1,"w":1}'),
        (b'"cmd":"",', b""),
        (b'"cmd":"",', b'"cmd":"","cmd":"",'),
        (b'"role":"customer"', b'"role":"emperor"'),
        (b'"role":"customer"', b'"role":"customer","more":"x"'),
        (b'"type":"code.verified/1"', b'"type":"code.verified/2"'),
        (b"2026-11-21T04", b"2026-11-21T05"),
        (b"2026-11-21T04", b"2026-02-30T04"),
        (b"}", b"} "),
        (b"}", b"}\r"),
    ],
)
def test_a_line_in_another_spelling_is_the_first_bad_record(
    told: Told, keys: TrustedKeys, old: bytes, new: bytes
) -> None:  # trap 6
    def change(split: list[bytes]) -> None:
        assert old in split[4]
        head, _, tail = split[4].rpartition(old)
        split[4] = head + new + tail

    report = chain_failures(told, keys, change)
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


LIVENESS, CHALLENGE = "identity.liveness_judged/1", "identity.challenge_issued/1"


@pytest.mark.parametrize(
    ("kind", "member", "value"),
    [
        (LIVENESS, "signature", "MAYCAQECAQE"),
        (LIVENESS, "party", "insured"),
        (LIVENESS, "challenge", "chl_2"),
        (LIVENESS, "frames", []),
        (CHALLENGE, "nonce", "another"),
        (CHALLENGE, "actions", ["neutral", "turn_right"]),
        (CHALLENGE, "thumbprint", "A" * 43),
    ],
)
def test_a_capture_that_the_device_did_not_sign_for_this_challenge_is_found(
    told: Told, keys: TrustedKeys, kind: str, member: str, value: object
) -> None:  # attack 1
    root, files = read(told.bundle)
    first = lines(files, 1)
    next(event for event in first if event["type"] == kind)["body"][member] = value
    judged = next(event for event in first if event["type"] == LIVENESS)
    report = verify_bundle(by_the_operator(told, root, files, lines(files, 2), first), keys)
    assert report.first_bad == (10, f"event {judged['seq']}")


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


def by_the_operator(
    told: Told, root: str, files: Files, second: list[dict[str, object]], first: list[dict[str, object]] | None = None
) -> bytes:
    """A forgery by somebody who holds every key of ours: chained, sealed and logged anew. Only the customer's key and
    what the policy demands are beyond him. Time stamps are left out: he could have them made.
    """
    world = told.world
    found = rechained(files, [first or lines(files, 1), second, lines(files, 3), lines(files, 4)])
    found = {path: data for path, data in found.items() if not path.endswith(".tsr")}
    previous = "0" * 64
    for number in (1, 2, 3):
        path, chain_path = f"data/seals/{number:04d}.dsse.json", f"data/chain/{number:04d}.jsonl"
        statement = json.loads(base64.b64decode(json.loads(files[path])["payload"]))
        statement["subject"][0]["digest"]["sha256"] = hashlib.sha256(found[chain_path]).hexdigest()
        statement["predicate"] |= {"previous": previous}
        statement["predicate"]["sm3"][chain_path] = sm3(found[chain_path])
        statement["predicate"]["outcome"] = _outcome(statement, first)
        found[path] = seal.sign(canonical(statement), world.seal_key)
        previous = hashlib.sha256(found[path]).hexdigest()
        found = _announce(found, number, previous)
    found |= _logged(told, found)
    return rebuilt(root, found)


def _outcome(statement: dict[str, dict[str, str]], first: list[dict[str, object]] | None) -> str:
    unread = first is not None and not any("read:c2.5" in str(event["body"]) for event in first[1:])
    return "open" if unread else statement["predicate"]["outcome"]


def _announce(files: Files, number: int, digest: str) -> Files:
    segments = [lines(files, part) for part in (1, 2, 3, 4)]
    for event in (event for segment in segments for event in segment):
        if event["type"] == "evidence.sealed/1" and event["body"]["segment"] == number:
            event["body"]["seal_sha256"] = digest
    return rechained(files, segments)


def _logged(told: Told, files: Files) -> Files:
    """A new log of two leaves: the key stream's last line and the case's."""
    paths = {"data/context/key_operator.jsonl": "data/context/key_operator.tlog-proof"}
    paths |= {"data/chain/0004.jsonl": "data/head.tlog-proof"}
    node = nodes_of([leaf_hash(leaf(files[path].splitlines()[-1])) for path in paths])
    note = sign(Checkpoint(ORIGIN, 2, root_of(2, node)), told.world.log_key)
    return {proof: write_proof(at, inclusion(at, 2, node), note) for at, proof in enumerate(paths.values())}


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
