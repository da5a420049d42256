"""Every change that the matrix makes, class by class, in an order that never varies.

A change is told as two archives that are made only when they are asked for: `as_is`, where nothing else was touched,
and `around`, where the forger made everything fit again that nobody signed (time line, guide, list of files, archive;
numbers and links of the chain where its lines can still be read). None: there is no such archive.
"""

import base64
import hashlib
import json
import random
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import combinations

from evidence.verify import container
from evidence.verify.account import GUIDE, TIMELINE
from evidence.verify.bag import MANIFEST, TAGS
from evidence.verify.chain import read as read_chain
from evidence.verify.fields import SALTS, VALUES, WITHHELD, erasures
from evidence.verify.places import Place
from evidence.verify.strict import canonical, to_base64url
from tests.proof.attacks import STRANGERS
from tests.proof.tampering import Files, Workbench, rechained
from tests.tamper.edits import edits, spellings
from tests.tamper.specimen import Specimen

SEED = "20261121"
REGENERATED = (GUIDE, TIMELINE, MANIFEST, TAGS, "bagit.txt")
Archive = Callable[[], bytes | None]


@dataclass(frozen=True)
class Change:
    kind: str
    name: str
    as_is: Archive
    around: Archive


@dataclass(frozen=True)
class Bench:
    """The specimen, and what makes its changed versions fit again."""

    specimen: Specimen
    tools: Workbench

    @classmethod
    def of(cls, specimen: Specimen) -> "Bench":
        tools = Workbench()
        assert tools.rebuilt(specimen.root, specimen.files) == specimen.bundle
        return cls(specimen, tools)

    def change(self, kind: str, name: str, taken: Files, without: Collection[str] = ()) -> Change:
        """`taken` instead of, or beside, what is there; `without` these."""
        root, files = self.specimen.root, self.specimen.files

        def changed() -> Files:
            return {path: data for path, data in files.items() if path not in without} | taken

        def as_is() -> bytes | None:
            return _written(root, changed())

        def around() -> bytes | None:
            found = changed()
            if _written(root, found) is None:
                return None
            if any(path.startswith("data/chain/") for path in (*taken, *without)):
                found = _chained(found, files) or found
            return self.tools.rebuilt(root, found, taken)

        return Change(kind, name, as_is, around)

    def with_data(self, kind: str, name: str, path: str, data: bytes) -> Change:
        return self.change(kind, f"{path} {name}", {path: data})


def _written(root: str, files: Files) -> bytes | None:
    try:
        return container.write(root, files)
    except ValueError:  # a name that no archive of ours can have; the classes about archives have those
        return None


def _chained(changed: Files, files: Files) -> Files | None:
    """Numbered and linked anew, where every line can be read; None where that is the chain as it was."""
    paths = sorted(path for path in changed if path.startswith("data/chain/"))
    try:
        events = [[json.loads(line) for line in changed[path].splitlines()] for path in paths]
        if not all(isinstance(event, dict) for segment in events for event in segment):
            return None
        made = rechained(changed, events)
    except (ValueError, RecursionError):
        return None
    return None if all(made.get(path) == files.get(path) for path in {*made, *files}) else made


# --- bytes ------------------------------------------------------------------------------------------------------------


def bits(bench: Bench) -> Iterator[Change]:
    """Each byte of each file: two of its bits, one in what is regenerated and compared."""
    for path, data in bench.specimen.files.items():
        chosen = random.Random(f"{SEED} {path}")
        for at in range(len(data)):
            for bit in chosen.sample(range(8), 1 if path in REGENERATED else 2):
                changed = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
                yield bench.with_data("a flipped bit in a file", f"byte {at} bit {bit}", path, changed)


def removed(bench: Bench) -> Iterator[Change]:
    for path, at, data in _places(bench, 5):
        if len(data) > 1:
            yield bench.with_data("a byte removed from a file", f"byte {at}", path, data[:at] + data[at + 1 :])


def inserted(bench: Bench) -> Iterator[Change]:
    for path, at, data in _places(bench, 5):
        chosen = random.Random(f"{SEED} {path} {at}")
        more = bytes([chosen.choice((0, 9, 10, 13, 32, 34, 48, 61, data[at], chosen.randrange(256)))])
        yield bench.with_data("a byte inserted into a file", f"{more!r} at {at}", path, data[:at] + more + data[at:])


def cut(bench: Bench) -> Iterator[Change]:
    for path, at, data in _places(bench, 10):
        if at:
            yield bench.with_data("a file cut", f"at {at}", path, data[:at])


def _places(bench: Bench, every: int) -> Iterator[tuple[str, int, bytes]]:
    for path, data in bench.specimen.files.items():
        for at in range(0, len(data), every):
            yield path, at, data


# --- lines ------------------------------------------------------------------------------------------------------------


def line_by_line(bench: Bench) -> Iterator[Change]:
    for path, data in bench.specimen.files.items():
        if path.endswith((".pdf", ".png", ".jpg", ".tsr")):
            continue
        split = data.splitlines(keepends=True)
        for at, line in enumerate(split):
            before, after = split[:at], split[at + 1 :]
            variants = {
                "dropped": [*before, *after],
                "twice": [*before, line, line, *after],
                "swapped": [*before, *after[:1], line, *after[1:]],
                "first": [line, *before, *after],
                "after an empty line": [*before, b"\n", line, *after],
                "with a space": [*before, line.rstrip(b"\n") + b" \n", *after],
                "with CR": [*before, line.rstrip(b"\n") + b"\r\n", *after],
                "indented": [*before, b" " + line, *after],
            }
            for name, lines in variants.items():
                if lines != split and lines:
                    yield bench.with_data(
                        "a line dropped, repeated, moved, padded", f"{at + 1} {name}", path, b"".join(lines)
                    )


# --- JSON -------------------------------------------------------------------------------------------------------------


def json_values(bench: Bench) -> Iterator[Change]:
    """Every member of every JSON text: gone, renamed, of another type, another value, in another spelling."""
    kind = "a JSON value or its spelling"
    for path, data in bench.specimen.files.items():
        if path.endswith(".jsonl"):
            split = data.splitlines()
            for at, line in enumerate(split):
                for name, changed in _json(line):
                    lines = (*split[:at], changed, *split[at + 1 :])
                    yield bench.with_data(kind, f"line {at + 1} {name}", path, b"".join(item + b"\n" for item in lines))
        elif path.endswith(".json") or path.startswith("data/context/texts/"):
            for name, changed in _json(data):
                yield bench.with_data(kind, name, path, changed)
        elif path == VALUES:
            yield from _disclosed(bench, kind, data)
        if path.endswith(".dsse.json"):
            yield from _stated(bench, kind, path, data)


def _json(data: bytes) -> Iterator[tuple[str, bytes]]:
    value = json.loads(data)
    for name, changed in edits(value):
        yield name, canonical(changed)
    yield from spellings(value)


def _disclosed(bench: Bench, kind: str, data: bytes) -> Iterator[Change]:
    split = data.splitlines()
    for at, line in enumerate(split):
        for name, changed in _json(base64.urlsafe_b64decode(line + b"==")):
            lines = (*split[:at], base64.urlsafe_b64encode(changed).rstrip(b"="), *split[at + 1 :])
            joined = b"".join(item + b"\n" for item in lines)
            yield bench.with_data(kind, f"value {at + 1} {name}", VALUES, joined)


def _stated(bench: Bench, kind: str, path: str, data: bytes) -> Iterator[Change]:
    """Inside a seal: the signature over it stays the old one."""
    envelope = json.loads(data)
    for name, changed in _json(base64.b64decode(envelope["payload"])):
        forged = canonical(envelope | {"payload": base64.b64encode(changed).decode()})
        yield bench.with_data(kind, f"payload {name}", path, forged)


# --- files ------------------------------------------------------------------------------------------------------------


def files_by_name(bench: Bench) -> Iterator[Change]:
    kind = "a file dropped, added, renamed, emptied"
    for path, data in bench.specimen.files.items():
        yield bench.change(kind, f"{path} dropped", {}, (path,))
        yield bench.with_data(kind, "emptied", path, b"")
        for other in _renamed(path):
            yield bench.change(kind, f"{path} as {other}", {other: data}, (path,))
            yield bench.with_data(kind, f"copied from {path}", other, data)
    for path in STRANGERS:
        yield bench.with_data(kind, "added", path, b"x")


def _renamed(path: str) -> Iterator[str]:
    folder, _, name = path.rpartition("/")
    yield f"{path}.bak"
    yield f"{folder}/copy-of-{name}".lstrip("/")
    yield path.replace("0001", "0009").replace("doc_1", "doc_9").replace(".jpg", ".png").replace("key_", "tenant_")


def files_exchanged(bench: Bench) -> Iterator[Change]:
    kind, files = "a file in another's place", bench.specimen.files
    for one, two in combinations([path for path in files if path not in REGENERATED], 2):
        yield bench.change(kind, f"{one} and {two}", {one: files[two], two: files[one]})
        yield bench.change(kind, f"{one} over {two}", {two: files[one]})
        yield bench.change(kind, f"{two} over {one}", {one: files[two]})


def files_of_others(bench: Bench) -> Iterator[Change]:
    """Old proof with new seal, and every such pair; the same with another case of the same log."""
    sources = {"the same case, earlier": bench.specimen.earlier, "another case": bench.specimen.other}
    for source, theirs in sources.items():
        paths = sorted(path for path, data in theirs.items() if bench.specimen.files.get(path) != data)
        for group in (*((path,) for path in paths), *combinations(paths, 2)):
            yield bench.change(f"files of {source}", " and ".join(group), {path: theirs[path] for path in group})


def left_out(bench: Bench) -> Iterator[Change]:
    """One or two things that were open, left out and declared closed in the one right way: any holder's right."""
    chain = read_chain(bench.specimen.root, bench.specimen.files)
    erased = erasures(chain)
    places = {place.commitment: place for place in reversed(chain.places) if place.commitment not in erased}
    for group in (*((item,) for item in places), *combinations(places, 2)):
        yield bench.change("left out and declared closed", " and ".join(group), *_closed(bench, places, set(group)))


def _closed(bench: Bench, places: dict[str, Place], closed: set[str]) -> tuple[Files, list[str]]:
    files = bench.specimen.files
    found: Files = {WITHHELD: "".join(f"{item}\n" for item in reversed(places) if item in closed).encode()}
    for path in (VALUES, SALTS):
        kept = [line for line in files[path].splitlines(keepends=True) if _commitment(path, line) not in closed]
        found[path] = b"".join(kept)
    return found, [str(places[item].file) for item in closed if places[item].file is not None]


def _commitment(path: str, line: bytes) -> str:
    """Which one a line of `values.txt` or `salts.txt` opens."""
    if path == SALTS:
        return line.split(b" ")[0].decode()
    return to_base64url(hashlib.sha256(line.rstrip(b"\n")).digest())


CLASSES = (
    bits,
    removed,
    inserted,
    cut,
    line_by_line,
    json_values,
    files_by_name,
    files_exchanged,
    files_of_others,
    left_out,
)
