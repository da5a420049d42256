"""The largest product of the catalogue, from its bytes to a compiled and linted product (goal: one second).

Its floor is what nobody can do without: libyaml reading the definition and SHA-256 over every file it pins. Processor
time, so that other work on the machine does not count; the best of a few, caches of templates emptied in between.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from bench.table import Metric
from products import template
from products.lint import lint
from products.load import DEFINITION, compile_product

CATALOGUE = Path(__file__).parents[1] / "products" / "catalogue"
TIMES = 5


async def measure() -> dict[str, Metric]:
    return await asyncio.to_thread(_measure)


def _measure() -> dict[str, Metric]:
    files = largest()
    definition = files[DEFINITION]

    def whole() -> None:
        template.parse_template.cache_clear()
        template.names_in.cache_clear()
        lint(compile_product(definition, files))

    def least() -> None:
        yaml.load(definition, Loader=yaml.CSafeLoader)
        for data in files.values():
            hashlib.sha256(data).digest()

    return {"compile_largest_s": Metric(value=_best(whole), unit="s", floor=_best(least))}


def largest() -> dict[str, bytes]:
    """The files of the product with the most bytes."""
    folders = [path.parent for path in CATALOGUE.rglob(DEFINITION)]
    found = [
        {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".yaml", ".txt", ".csv")}
        for folder in folders
    ]
    return max(found, key=lambda files: sum(map(len, files.values())))


def _best(run: Callable[[], None]) -> float:
    took = []
    for _ in range(TIMES):
        began = time.process_time()
        run()
        took.append(time.process_time() - began)
    return min(took)
