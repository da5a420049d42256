"""Each kind of damage to a store is found by the step that is there for it, which names the first bad record."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.checkpoint import Checkpoint, sign, split_note
from evidence.events import line_hash
from evidence.fsck.report import STEPS
from tests.fsck.store import Copy
from tests.proof.story import KEYS, ORIGIN


async def test_a_told_case_is_healthy_to_the_last_step(store: Copy) -> None:
    report = await store.check()
    assert [step.state for step in report.steps] == ["passed"] * 11
    assert (report.exit_code, report.events, report.published) == (0, 35, 35)
    assert not any(step.warnings for step in report.steps)
    assert "14 values, 6 files" in report.page()


def flip(path: Path, at: int = 10) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


def change_line(store: Copy, seq: int, old: bytes, new: bytes) -> None:
    (line,) = store.one("SELECT line FROM events WHERE stream = ? AND seq = ?", store.stream, seq)
    assert old in line
    store.run("UPDATE events SET line = ? WHERE stream = ? AND seq = ?", line.replace(old, new), store.stream, seq)


# --- 1 to 3 -----------------------------------------------------------------------------------------------------------


def without_an_event(store: Copy) -> str:
    store.run("DELETE FROM events WHERE position = 9")
    return "position 9"


def with_a_space(store: Copy) -> str:
    change_line(store, 4, b'"seq":4', b'"seq": 4')
    return f"position 6, {store.stream} event 4"


def with_a_type_nobody_knows(store: Copy) -> str:
    change_line(store, 3, b"/1", b"/9")
    return f"position 5, {store.stream} event 3"


def with_a_line_that_is_text(store: Copy) -> str:
    """The same characters; SQLite lets them stand, and whoever reads bytes cannot."""
    store.run("UPDATE events SET line = CAST(line AS TEXT) WHERE position = 8")
    return "position 8, "


def with_two_streams_exchanged(store: Copy) -> str:
    """Each chain is whole, under the name of the other."""
    for table in ("events", "heads"):
        for old, new in ((store.stream, "case_x"), (KEYS, store.stream), ("case_x", KEYS)):
            store.run(f"UPDATE {table} SET stream = ? WHERE stream = ?", new, old)
    return "position 1, "


def with_another_word(store: Copy) -> str:
    """Canonical and of its type: only the chain tells."""
    change_line(store, 2, b"cus_li", b"cus_lo")
    return f"position 5, {store.stream} event 3"


def with_another_last_event(store: Copy) -> str:
    change_line(store, 33, b"sys_sealer", b"sys_healer")
    return f"position 35, {store.stream} event 33"


def with_a_head_turned_back(store: Copy) -> str:
    store.run("UPDATE heads SET seq = 32 WHERE stream = ?", store.stream)
    return f"position 35, {store.stream} event 33"


def without_a_head(store: Copy) -> str:
    store.run("DELETE FROM heads WHERE stream = ?", store.stream)
    return f"position 35, {store.stream} event 33"


def with_a_head_of_nothing(store: Copy) -> str:
    store.run("INSERT INTO heads VALUES ('case_cut', 3, ?)", "ab" * 32)
    return "case_cut"


# --- 4 to 7 -----------------------------------------------------------------------------------------------------------


def without_its_tail(store: Copy) -> str:
    """Events and heads agree: only what was published knows of the rest."""
    (line,) = store.one("SELECT line FROM events WHERE position = 33")
    store.run("DELETE FROM events WHERE position > 33")
    store.run("UPDATE heads SET seq = 31, hash = ? WHERE stream = ?", line_hash(line), store.stream)
    return "position 34"


def with_another_entry(store: Copy) -> str:
    flip(store.data / "log/tile/entries/000.p/35", 100 * 20 + 50)
    return "tile/entries/000.p/35, position 21"


def without_entries(store: Copy) -> str:
    (store.data / "log/tile/entries/000.p/35").unlink()
    return "tile/entries/000.p/35, position 1"


def with_another_hash(store: Copy) -> str:
    flip(store.data / "log/tile/0/000.p/35", 32 * 7)
    return "tile/0/000.p/35, position 8"


def with_a_cut_tile(store: Copy) -> str:
    path = store.data / "log/tile/0/000.p/35"
    path.write_bytes(path.read_bytes()[:-1])
    return "tile/0/000.p/35, position 35"


def with_another_older_tile(store: Copy) -> str:
    """From when the tree was smaller; whoever kept a proof under that head still asks for it."""
    older = store.data / "log/tile/0/000.p/30"
    older.write_bytes((store.data / "log/tile/0/000.p/35").read_bytes()[: 30 * 32])
    flip(older, 32 * 29)
    return "tile/0/000.p/30, position 30"


def with_a_foreign_signature(store: Copy) -> str:
    (note,) = store.one("SELECT note FROM checkpoints WHERE name = 'signed'")
    forged = sign(split_note(note)[0], Ed25519PrivateKey.generate())
    store.run("UPDATE checkpoints SET note = ? WHERE name = 'signed'", forged)
    return "row signed"


def with_a_root_of_its_own(store: Copy) -> str:
    forged = sign(Checkpoint(ORIGIN, 35, b"x" * 32), store.log_key)
    store.run("UPDATE checkpoints SET note = ? WHERE name = 'signed'", forged)
    return "row signed"


def with_last_weeks_row(store: Copy) -> str:
    """A database put back: the public file knows more than its row."""
    forged = sign(Checkpoint(ORIGIN, 0, b"x" * 32), store.log_key)
    store.run("UPDATE checkpoints SET note = ?, size = 0 WHERE name = 'signed'", forged)
    return "row signed"


def without_a_row(store: Copy) -> str:
    store.run("DELETE FROM checkpoints")
    return "checkpoint"


def with_two_faces(store: Copy) -> str:
    """What witnesses saw is another tree than what is kept."""
    forged = sign(Checkpoint(ORIGIN, 20, b"x" * 32), store.log_key)
    store.run("INSERT INTO checkpoints VALUES ('cosigned', 20, ?)", forged)
    return "row cosigned"


# --- 8 to 11 ----------------------------------------------------------------------------------------------------------


def without_a_seal(store: Copy) -> str:
    (store.data / f"objects/seals/{store.stream}/0002.dsse.json").unlink()
    return f"seals/{store.stream}/0002.dsse.json"


def with_another_seal(store: Copy) -> str:
    flip(store.data / f"objects/seals/{store.stream}/0001.dsse.json")
    return f"seals/{store.stream}/0001.dsse.json"


def stored(store: Copy, retention: str) -> Path:
    return store.files(f"objects/{store.stream}/{retention}")[0]


def without_a_file(store: Copy) -> str:
    path = stored(store, "identity")
    path.unlink()
    return path.name


def with_a_cut_file(store: Copy) -> str:
    path = stored(store, "contract")
    path.write_bytes(path.read_bytes()[:-1])
    return path.name


def with_a_file_under_another_class(store: Copy) -> str:
    """A photograph moved to a class that is kept longer."""
    path = stored(store, "identity")
    shutil.move(path, path.parent.parent / "contract" / path.name)
    return path.name


def without_a_value(store: Copy) -> str:
    (commitment,) = store.one("SELECT commitment FROM disclosures WHERE retention = 'location'")
    store.run("DELETE FROM disclosures WHERE commitment = ?", commitment)
    return str(commitment)


def without_a_key(store: Copy) -> str:
    assert store.run("DELETE FROM wrapped_keys WHERE name = 'contract'", base="keys/keys.db") == 1
    return f"{store.stream} event "


def with_a_key_destroyed_for_nothing(store: Copy) -> str:
    store.run("INSERT INTO destroyed_keys VALUES (?, 'location', 5)", store.stream, base="keys/keys.db")
    return f"{store.stream} event 5"


def without_a_claim(store: Copy) -> str:
    assert store.run("DELETE FROM claims WHERE kind = 'strokes'") == 1
    return f"{store.stream} event "


def with_a_claim_for_nothing(store: Copy) -> str:
    store.run("INSERT INTO claims VALUES ('ff', 'strokes', 'demo', NULL, 'case_none', 1)")
    return "case_none event 1"


DAMAGES: dict[str, tuple[Callable[[Copy], str], ...]] = {
    "positions": (without_an_event,),
    "lines": (with_a_space, with_a_type_nobody_knows, with_a_line_that_is_text, with_two_streams_exchanged),
    "chains": (
        with_another_word,
        with_another_last_event,
        with_a_head_turned_back,
        without_a_head,
        with_a_head_of_nothing,
    ),
    "entries": (without_its_tail, with_another_entry, without_entries),
    "tiles": (with_another_hash, with_a_cut_tile, with_another_older_tile),
    "checkpoint": (with_a_foreign_signature, with_a_root_of_its_own, with_last_weeks_row, without_a_row),
    "witnessed": (with_two_faces,),
    "seals": (without_a_seal, with_another_seal),
    "vault": (without_a_file, with_a_cut_file, with_a_file_under_another_class, without_a_value),
    "keys": (without_a_key, with_a_key_destroyed_for_nothing),
    "claims": (without_a_claim, with_a_claim_for_nothing),
}


@pytest.mark.parametrize(
    ("step", "damage"),
    [(step, damage) for step, damages in DAMAGES.items() for damage in damages],
    ids=lambda item: item if isinstance(item, str) else item.__name__,
)
async def test_damage_is_found_by_its_step_which_names_the_record(
    store: Copy, step: str, damage: Callable[[Copy], str]
) -> None:  # EVD-02
    record = damage(store)
    report = await store.check()
    assert report.exit_code == 1
    bad = report.first_bad
    assert bad is not None
    assert (bad.name, record in bad.first_bad) == (step, True), (bad.name, bad.first_bad, bad.detail)


def test_every_step_has_a_damage_that_it_alone_is_there_for() -> None:
    assert tuple(DAMAGES) == STEPS
