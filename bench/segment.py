"""Cutting a wording of 50,000 characters into clauses, beside one reading of it and one regular expression over it."""

import re
import tempfile
import time
from pathlib import Path

from bench.table import Metric
from products.author.reading import read
from products.author.segment import segment
from tests.products.author.wordings import Damage, articles, dotted

LENGTH = 50_000  # characters
ROUNDS = 5
_SCAN = re.compile(r"第[一二三四五六七八九十百]+条|^\d+(?:\.\d+)*", re.MULTILINE)


def wording() -> str:
    """Both styles, lines broken and pages numbered, until there are enough characters."""
    damage = Damage(wrap_at=38, pages=True)
    text, seed = "", 0
    while len(text) < LENGTH:
        text += dotted(seed, damage).text + articles(seed, damage).text
        seed += 1
    return text[:LENGTH]


async def measure() -> dict[str, Metric]:
    """CPU seconds, the best of five rounds: what shares the two cores does not count."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wording.txt"
        path.write_text(wording(), "utf-8")
        best, floor = float("inf"), float("inf")
        for _ in range(ROUNDS):
            begin = time.process_time()
            text = read(path).text
            for _ in _SCAN.finditer(text):
                pass
            floor = min(floor, time.process_time() - begin)
            begin = time.process_time()
            segment(read(path).text)
            best = min(best, time.process_time() - begin)
    return {"segment_50k_chars_s": Metric(value=best, unit="s", floor=floor)}
