"""`python -m bench [name …]`: run the benchmarks, print a table, write build/bench.json."""

import asyncio
import importlib
import sys
from pathlib import Path
from typing import cast

from bench.table import Measure, Metric, encoded, rendered

BENCHES = (
    "append",
    "fsck",
    "http_events",
    "journey",
    "verify",
    "face",
    "liveness",
    "risk",
    "papers",
    "products_compile",
    "products_reading",
    "segment",
)  # modules of this folder, each with `async def measure() -> dict[str, Metric]`
RESULT = Path("build/bench.json")


async def run(names: tuple[str, ...]) -> dict[str, Metric]:
    """Every metric of the named modules, one after the other: two at once would measure each other."""
    metrics: dict[str, Metric] = {}
    for name in names:
        measure = cast(Measure, importlib.import_module(f"bench.{name}").measure)
        found = await measure()
        twice = metrics.keys() & found.keys()
        if twice:
            raise ValueError(f"bench.{name} measures again: {', '.join(sorted(twice))}")
        metrics |= found
    return metrics


def main(arguments: list[str]) -> int:
    unknown = [name for name in arguments if name not in BENCHES]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    metrics = asyncio.run(run(tuple(arguments) or BENCHES))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_bytes(encoded(metrics))
    print(rendered(metrics))
    print(f"\nwritten to {RESULT}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
