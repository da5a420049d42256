"""The reader beside the event loop: it never stops anybody else, and says at once when it is full."""

import asyncio
import threading

import numpy as np
import pytest

from bench import specimen
from evidence.errors import TooBusy
from kyc.intake import decode
from kyc.models import PackInvalid
from kyc.ocr import Reader
from kyc.papers import text
from kyc.pool import Workers


async def test_nothing_is_read_on_the_event_loop(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:  # KYC-10
    """By thread, not by clock: a busy machine must not decide this."""
    where: set[int] = set()
    plain = reader.understand

    def seen(*arguments: object) -> object:
        where.add(threading.get_ident())
        return plain(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(reader, "understand", seen)
    picture = decode(specimen.front())
    turns, done = 0, asyncio.gather(reader.read(picture, "cn_id_front"), reader.read(picture, "cn_id_front"))
    while not done.done():
        await asyncio.sleep(0)
        turns += 1
    await done
    assert threading.get_ident() not in where
    assert turns > 100


async def test_a_reader_that_is_full_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    full = Reader(Workers(threads=1, waiting=1))
    gate = threading.Event()
    monkeypatch.setattr(full, "understand", lambda *_: gate.wait(30))
    picture = np.zeros((64, 64, 3), np.uint8)
    held = [asyncio.ensure_future(full.read(picture, "cn_id_front")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(TooBusy):
        await full.read(picture, "cn_id_front")
    gate.set()
    await asyncio.gather(*held)
    full.close()


def test_model_files_that_were_not_measured_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "DETECT", (text.DETECT[0], "0" * 64))
    with pytest.raises(PackInvalid):
        text.TextNetworks()


def test_a_picture_without_text_is_not_recognised_and_nothing_breaks(reader: Reader) -> None:
    for shape in ((40, 40), (33, 900), (900, 33), (600, 800)):
        picture = np.full((*shape, 3), 200, np.uint8)
        for paper in ("cn_id_front", "cn_id_back", "passport", "bank_card", "image"):
            found = reader.understand(picture, paper)
            assert found.fields == {}
            assert paper == "image" or "PAPER_NOT_RECOGNISED" in found.findings
