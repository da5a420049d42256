"""The root over all entries of a served log, by pymerkle. Run by the interpreter in build/oracle, never imported: GPL.

`oracle.py LOG` reads `LOG/checkpoint` and `LOG/tile/entries/…` (C2SP tlog-tiles) and writes the root in base64.
"""

import base64
import sys
from collections.abc import Iterator
from pathlib import Path

from pymerkle import InmemoryTree

WIDTH = 256


def entries(log: Path, size: int) -> Iterator[bytes]:
    for first in range(0, size, WIDTH):
        width = min(WIDTH, size - first)
        name = f"{first // WIDTH:03d}" + ("" if width == WIDTH else f".p/{width}")
        data = (log / "tile/entries" / name).read_bytes()
        at = 0
        for _ in range(width):
            length = int.from_bytes(data[at : at + 2], "big")
            yield data[at + 2 : at + 2 + length]
            at += 2 + length


def main(log: Path) -> None:
    size = int((log / "checkpoint").read_text("utf-8").split("\n")[1])
    tree = InmemoryTree(algorithm="sha256")
    for entry in entries(log, size):
        tree.append_entry(entry)
    sys.stdout.write(base64.b64encode(tree.get_root()).decode() + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
