"""What a witness cosigns, what it refuses and with which word, and what it still knows after a restart."""

import base64
import http.client
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from evidence.checkpoint import NoteKey, open_checkpoint
from evidence.errors import NotVerified
from evidence.witness import book as books
from evidence.witness.book import Book, BookUnusableError
from evidence.witness.protocol import (
    MAX_BODY,
    SIZE_TYPE,
    Answer,
    RefusedError,
    accept,
    judge,
    read_size,
    read_submission,
    write_submission,
)
from evidence.witness.server import Rate, WitnessServer
from tests.witness.tree import ORIGIN, Tree

NOW = 1_795_000_000
TREE = Tree()


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    found = Book(tmp_path / "w", [TREE.public], lambda: NOW, "witness.example/w")
    yield found
    found.close()


def again(book: Book, folder: Path) -> Book:
    book.close()
    return Book(folder / "w", [TREE.public], lambda: NOW)


# --- cosigned ---------------------------------------------------------------------------------------------------------


def test_a_growing_log_is_cosigned_at_every_step(book: Book) -> None:
    for old, new in ((0, 1), (1, 1), (1, 7), (7, 256), (256, 300)):
        answer = book.submit(TREE.body(old, new))
        assert answer.status == 200
        line, time = accept(answer.body, TREE.head(new), book.public)
        assert time == NOW
        checkpoint, seen = open_checkpoint(TREE.note(new) + line, TREE.public, [book.public])
        assert (checkpoint.size, [item.witness for item in seen]) == (new, ["witness.example/w"])


def test_openssl_verifies_a_cosignature(book: Book, tmp_path: Path) -> None:  # EVIDENCE-FORMAT 3
    line = book.submit(TREE.body(0, 5)).body.decode()
    raw = base64.b64decode(line.split(" ")[2])
    (tmp_path / "sig").write_bytes(raw[12:])
    (tmp_path / "message").write_bytes(f"cosignature/v1\ntime {NOW}\n".encode() + TREE.head(5).body)
    key = Ed25519PublicKey.from_public_bytes(book.public.public)
    (tmp_path / "pub.pem").write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "pub.pem", "-rawin", "-in", "message"]
    done = subprocess.run([*command, "-sigfile", "sig"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_signatures_of_unknown_keys_beside_the_logs_own_are_ignored(book: Book) -> None:
    other = Tree(Ed25519PrivateKey.from_private_bytes(b"o" * 32)).note(3).split(b"\n\n")[1]
    assert book.submit(write_submission(0, (), TREE.note(3) + other)).status == 200
    head, own = TREE.note(3).split(b"\n\n")
    assert book.submit(write_submission(3, (), head + b"\n\n" + other + own)).status == 200


# --- refused ----------------------------------------------------------------------------------------------------------


def test_a_replayed_or_rolled_back_checkpoint_gets_409_with_the_size_the_witness_knows(book: Book) -> None:
    # conventions 3, row 28
    assert book.submit(TREE.body(0, 300)).status == 200
    for body in (TREE.body(0, 300), TREE.body(0, 5), TREE.body(5, 300), TREE.body(100, 200)):
        answer = book.submit(body)
        assert (answer.status, answer.kind, answer.body) == (409, SIZE_TYPE, b"300\n")
        assert read_size(answer) == 300
    assert book.last(ORIGIN) == TREE.head(300)


def test_a_fork_gets_422_and_is_kept_as_proof(book: Book, tmp_path: Path) -> None:
    assert book.submit(TREE.body(0, 5)).status == 200
    forged = Tree(face="other")
    assert book.submit(forged.body(5, 9)).status == 422
    assert book.submit(write_submission(5, TREE.proof(5, 8), TREE.note(9))).status == 422
    assert book.submit(write_submission(5, (), TREE.note(9))).status == 422
    assert book.last(ORIGIN) == TREE.head(5)
    kept = [file.read_bytes() for file in (tmp_path / "w" / "doubts").iterdir()]
    assert forged.note(9) in kept
    for note in kept:  # signed by the log itself: it cannot deny them
        open_checkpoint(note, TREE.public)


def test_another_root_at_the_same_size_gets_409(book: Book) -> None:
    assert book.submit(TREE.body(0, 5)).status == 200
    answer = book.submit(Tree(face="other").body(5, 5))
    assert (answer.status, answer.body) == (409, b"5\n")


def test_no_more_than_a_hundred_doubts_are_kept(book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "MAX_DOUBTS", 2)
    book.submit(TREE.body(0, 5))
    for size in (6, 7, 8):
        assert book.submit(Tree(face="other").body(5, size)).status == 422
    assert len(list((tmp_path / "w" / "doubts").iterdir())) == 2


def test_an_unknown_log_gets_404_and_a_wrong_signature_403(book: Book) -> None:
    assert book.submit(Tree(origin="other.test/log").body(0, 5)).status == 404
    assert book.submit(Tree(Ed25519PrivateKey.generate()).body(0, 5)).status == 403
    head, own = TREE.note(5).split(b"\n\n")
    swapped = TREE.note(6).split(b"\n\n")[0] + b"\n\n" + own
    assert book.submit(write_submission(0, (), swapped)).status == 403
    assert book.submit(write_submission(0, (), head + b"\n\n")).status == 400
    assert book.last(ORIGIN) is None


def test_a_first_checkpoint_needs_no_proof_and_may_bring_none(book: Book) -> None:
    assert book.submit(write_submission(0, TREE.proof(3, 5), TREE.note(5))).status == 422
    assert book.submit(TREE.body(0, 0)).status == 200
    assert book.submit(TREE.body(0, 5)).status == 200


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: b"",
        lambda body: body.replace(b"old 1", b"old 01"),
        lambda body: body.replace(b"old 1", b"old  1"),
        lambda body: body.replace(b"old 1", b"old -1"),
        lambda body: body.replace(b"old 1", b"old 1 "),
        lambda body: body.replace(b"old 1", b"Old 1"),
        lambda body: body.replace(b"old 1", b"old 6"),
        lambda body: body.replace(b"old 1\n", b"old 1\r\n"),
        lambda body: body.replace(b"old 1\n", b"old 1\nAAAA\n"),
        lambda body: body.replace(b"old 1\n", b"old 1\n\n"),
        lambda body: body.replace(b"old 1\n", b"old 1\n" + (b"A" * 43 + b"=\n") * 64),
        lambda body: body.replace(b"=\n", b"\n", 1),
        lambda body: body.replace(b"\n5\n", b"\n05\n"),
        lambda body: body[:-1],
        lambda body: body + b"\n",
        lambda body: body + b"x\n",
        lambda body: body + b"\xff\n",
        lambda body: body.replace("\u2014".encode(), b"-"),
        lambda body: b"\xff" + body,
    ],
)
def test_another_shape_gets_400(book: Book, spoil) -> None:  # type: ignore[no-untyped-def]
    assert book.submit(TREE.body(0, 1)).status == 200
    spoiled = spoil(TREE.body(1, 5))
    assert spoiled != TREE.body(1, 5)
    assert book.submit(spoiled).status == 400
    assert book.last(ORIGIN) == TREE.head(1)


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_flipped_bit_is_cosigned_as_something_else(at: int, bit: int) -> None:
    body = bytearray(TREE.body(1, 5))
    body[at % len(body)] ^= 1 << bit

    def judged() -> None:
        judge(read_submission(bytes(body), {ORIGIN: [TREE.public]}), TREE.head(1))

    with pytest.raises(RefusedError) as refusal:
        judged()
    assert refusal.value.answer.status in (400, 403, 404, 409, 422)


# --- remembered -------------------------------------------------------------------------------------------------------


def test_the_record_is_on_the_disk_before_the_cosignature_leaves(book: Book, tmp_path: Path) -> None:
    assert book.submit(TREE.body(0, 5)).status == 200
    later = again(book, tmp_path)
    assert later.public == book.public
    assert later.last(ORIGIN) == TREE.head(5)
    assert later.submit(TREE.body(0, 4)).status == 409
    later.close()


def test_a_disk_that_refuses_gets_no_cosignature(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(books, "write_durable", full)
    with pytest.raises(OSError, match="no space"):
        book.submit(TREE.body(0, 5))
    assert book.last(ORIGIN) is None


def test_requests_at_once_never_roll_the_record_back(book: Book) -> None:
    book.submit(TREE.body(0, 1))
    bodies = [TREE.body(1, size) for size in range(2, 22)]
    answers: list[int] = []
    threads = [threading.Thread(target=lambda body=body: answers.append(book.submit(body).status)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(set(answers)) == [200, 409]
    assert answers.count(200) == 1


def test_two_witnesses_cannot_share_a_folder(book: Book, tmp_path: Path) -> None:
    with pytest.raises(BookUnusableError, match="in use"):
        Book(tmp_path / "w", [TREE.public], lambda: NOW)


def test_a_damaged_record_or_another_name_stops_the_start(book: Book, tmp_path: Path) -> None:
    book.submit(TREE.body(0, 5))
    book.close()
    with pytest.raises(BookUnusableError, match="says"):
        Book(tmp_path / "w", [TREE.public], lambda: NOW, "witness.example/other")
    (seen,) = (tmp_path / "w" / "seen").iterdir()
    seen.write_bytes(b"?")
    (tmp_path / "w" / "lock").unlink()
    with pytest.raises(BookUnusableError, match="retire"):
        Book(tmp_path / "w", [TREE.public], lambda: NOW)
    (tmp_path / "w" / "witness.key.pem").unlink()
    (tmp_path / "w" / "lock").unlink()
    with pytest.raises(BookUnusableError, match="new folder"):
        Book(tmp_path / "w", [TREE.public], lambda: NOW)


# --- the log's side ---------------------------------------------------------------------------------------------------


def test_an_answer_counts_only_with_one_line_of_the_witness_asked(book: Book, tmp_path: Path) -> None:
    good = book.submit(TREE.body(0, 5)).body
    stranger = Book(tmp_path / "x", [TREE.public], lambda: NOW, "witness.example/w")
    other = stranger.submit(TREE.body(0, 5)).body
    stranger.close()
    assert accept(other + good, TREE.head(5), book.public)[0] == good
    for bad in (b"", good[:-1], good + good, other, good.replace(b"example/w", b"example/v"), b"\xff\n"):
        with pytest.raises(NotVerified):
            accept(bad, TREE.head(5), book.public)
    with pytest.raises(NotVerified, match="does not verify"):
        accept(good, TREE.head(6), book.public)


@pytest.mark.parametrize("answer", [Answer(409, b"5\n"), Answer(409, b"5", SIZE_TYPE), Answer(409, b"05\n", SIZE_TYPE)])
def test_a_409_without_a_plain_size_tells_none(answer: Answer) -> None:
    assert read_size(answer) is None


# --- over HTTP --------------------------------------------------------------------------------------------------------


@pytest.fixture
def served(book: Book) -> Iterator[WitnessServer]:
    with WitnessServer(("127.0.0.1", 0), book, per_s=50) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(
    server: WitnessServer, body: bytes, path: str = "/add-checkpoint", method: str = "POST", **headers: str
) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read()
    finally:
        connection.close()


def test_the_one_route_answers_and_nothing_else_is_there(served: WitnessServer) -> None:
    status, kind, line = ask(served, TREE.body(0, 5))
    assert (status, kind.split(";")[0]) == (200, "text/plain")
    accept(line, TREE.head(5), served.book.public)
    assert ask(served, TREE.body(0, 5))[:2] == (409, SIZE_TYPE)
    assert ask(served, b"", "/")[0] == 404
    assert ask(served, b"", method="GET")[0] == 405
    assert ask(served, b"", "/metrics", "GET")[0] == 404


def test_an_oversized_or_endless_body_is_not_read(served: WitnessServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.server_port, timeout=10)
    connection.putrequest("POST", "/add-checkpoint")
    connection.putheader("Content-Length", str(MAX_BODY + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    assert ask(served, b"x" * 10, **{"Transfer-Encoding": "chunked"})[0] == 411


def test_too_many_requests_from_one_address_are_turned_away() -> None:
    rate = Rate(1)
    assert [rate.admits("a", 0.0) for _ in range(12)].count(True) == 10
    assert rate.admits("b", 0.0)
    assert rate.admits("a", 1.0)
    assert not rate.admits("a", 1.5)


def test_the_command_prints_its_key_serves_and_stops(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "evidence.witness", "--dir", str(tmp_path / "w"), "--listen", "127.0.0.1:0"]
    with subprocess.Popen([*command, "--log", TREE.public.vkey], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        key = NoteKey.parse(process.stdout.readline().strip())
        port = re.search(r":(\d+)$", process.stdout.readline().strip())
        assert port is not None
        connection = http.client.HTTPConnection("127.0.0.1", int(port[1]), timeout=10)
        connection.request("POST", "/add-checkpoint", TREE.body(0, 5))
        line, _ = accept(connection.getresponse().read(), TREE.head(5), key)
        connection.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert line.startswith(f"\u2014 {key.name} ".encode())
    done = subprocess.run([*command, "--log", "nonsense"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (2, "not a verifier key")


def test_the_witness_needs_neither_our_service_nor_its_libraries(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(('msgspec', 'asn1crypto', 'litestar', 'sqlalchemy', 'api')))\n"
        "import evidence.witness.__main__\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
