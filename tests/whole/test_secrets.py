"""KYC-14, API-20: after a whole journey no personal value stands in clear in data, logs or temporary files."""

import base64
import os
from pathlib import Path

import pytest

from bench import specimen
from bench.server import Server
from bench.walk import PERSON, PHONE, Walk, handwriting
from evidence import decode
from tests.scan import search


class KeepsFrames(Walk):
    """Remembers the photographs it sent."""

    def identify(self) -> None:
        self.sent = {"front": specimen.front(), "back": specimen.back()}
        made = specimen.frames

        def keep(*arguments: object, **options: object) -> list[bytes]:
            frames = made(*arguments, **options)  # type: ignore[arg-type]
            self.sent |= {f"frame {number}": frame for number, frame in enumerate(frames)}
            return frames

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(specimen, "frames", keep)
            super().identify()


def test_the_search_finds_what_is_planted(tmp_path: Path) -> None:
    secrets: dict[str, str | bytes] = {"name": PERSON.name, "number": PERSON.number, "photo": os.urandom(4_000)}
    assert isinstance(secrets["photo"], bytes)
    (tmp_path / "plain.log").write_text(f"hello {PERSON.name}", "utf-8")
    (tmp_path / "wide.bin").write_bytes(PERSON.name.encode("utf-16-le"))
    (tmp_path / "escaped.json").write_text(f'"{PERSON.name.encode("unicode_escape").decode()}"')
    (tmp_path / "hex").write_text(PERSON.number.encode().hex())
    (tmp_path / "encoded").write_bytes(base64.b64encode(b"x" + PERSON.number.encode() + b"yz"))
    (tmp_path / "photo.db").write_bytes(b"head" + secrets["photo"] + b"tail")
    hits = {Path(file).name for file, _ in search([tmp_path], secrets)}
    assert hits == {"plain.log", "wide.bin", "escaped.json", "hex", "encoded", "photo.db"}
    (tmp_path / "clean").write_bytes(os.urandom(4_000))
    assert "clean" not in {Path(file).name for file, _ in search([tmp_path], secrets)}


def test_nothing_personal_stands_in_clear_after_a_journey(tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        server = Server(tmp_path / "data", dwell_percent="2", entries_per_minute="600")
        server.start()
    try:
        walk = KeepsFrames(server, seed=77)
        walk.all()
        walk.close()
    finally:
        server.stop()
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "terminal").write_text("\n".join(server.lines), "utf-8")
    strokes = decode.encode(handwriting(77))
    secrets: dict[str, str | bytes] = {
        **{name: value for name, value in PERSON.fields.items() if name in ("name", "number", "address")},
        "birth": PERSON.birth.isoformat(),
        "phone": PHONE,
        "strokes": strokes,
        "place": '"lat_e7":399042000',
        **walk.sent,
    }
    assert search([tmp_path / "data", logs, temporary], secrets) == []
    # the search would have found them: the bundle, which is made to be read, holds them
    opened = tmp_path / "bundle"
    opened.mkdir()
    (opened / "case.zip").write_bytes(walk.bundle)
    assert {"name", "number"} <= {name for _, name in search([opened], secrets)}
