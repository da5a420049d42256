"""An attacker's workbench: change files of a bundle, then make everything that nobody signed fit again."""

import contextlib
import json
from collections.abc import Collection, Mapping
from typing import Any

from evidence.checkpoint import read_proof, split_note
from evidence.errors import NotVerified
from evidence.events import GENESIS, line_hash
from evidence.verify import account, bag, container, fields, log
from evidence.verify.chain import Chain
from evidence.verify.chain import read as read_chain
from evidence.verify.strict import canonical, sha256

Files = dict[str, bytes]


def rebuilt(root: str, files: Mapping[str, bytes], *, account_too: bool = True) -> bytes:
    """The archive with timeline, guide and manifests made again from what is now inside."""
    return Workbench().rebuilt(root, files, kept=() if account_too else (account.TIMELINE, account.GUIDE))


class Workbench:
    """Makes many changed versions of one bundle fit again; what the first one had is not made twice."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, bytes], Chain] = {}
        self._told: tuple[tuple[Any, ...], Files] | None = None

    def rebuilt(self, root: str, files: Mapping[str, bytes], kept: Collection[str] = ()) -> bytes:
        """The archive; `kept` are files nobody signed that stay as they are, with everything around them made again."""
        found = dict(files)
        # Where it is no longer readable enough to tell a story, the attacker leaves the old one.
        with contextlib.suppress(NotVerified, AttributeError, IndexError, KeyError, TypeError, ValueError):
            found |= self._account(root, found)
        found |= {path: files[path] for path in (account.TIMELINE, account.GUIDE) if path in kept and path in files}
        return container.write(root, found | _bag_around(found, files, kept))

    def _account(self, root: str, found: Files) -> Files:
        chain = self._chain(root, found)
        states = [*fields.disclosures(chain, found), *fields.media(chain, found), *fields.documents(chain, found)]
        states.sort(key=fields.chain_order(chain))
        index, _, note = read_proof(found[log.PROOF])
        head = log.Head(index, split_note(note)[0], note)
        papers = [path for path in found if path.endswith(".signed.pdf")]
        told = (chain, states, head, papers)
        if self._told is not None and self._told[0] == told:
            return self._told[1]
        made = {
            account.TIMELINE: account.timeline(chain, states, head),
            account.GUIDE: account.guide(chain, found, head),
        }
        if self._told is None:
            self._told = (told, made)
        return made

    def _chain(self, root: str, found: Files) -> Chain:
        lines = b"".join(path.encode() + found[path] for path in sorted(found) if path.endswith(".jsonl"))
        known = self._read.get((root, lines))
        if known is None:
            known = read_chain(root, found)
            if not self._read:
                self._read[root, lines] = known
        return known


def _bag_around(found: Files, files: Mapping[str, bytes], kept: Collection[str]) -> Files:
    made = bag.bag_files(found)
    own = {path: files[path] for path in made if path in kept and path in files}
    if own and bag.TAGS not in own:
        tags = {path: data for path, data in (found | made | own).items() if not path.startswith("data/")}
        del tags[bag.TAGS]
        own[bag.TAGS] = "".join(f"{sha256(tags[path])}  {path}\n" for path in sorted(tags)).encode()
    return made | own


def lines(files: Mapping[str, bytes], segment: int) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files[f"data/chain/{segment:04d}.jsonl"].splitlines()]


def rechained(files: Mapping[str, bytes], events: list[list[dict[str, Any]]]) -> Files:
    """The files with these events as segments: numbered and chained anew, as a forger with the database would."""
    found = {path: data for path, data in files.items() if not path.startswith("data/chain/")}
    seq, prev = 0, GENESIS
    for number, segment in enumerate(events, 1):
        written = b""
        for event in segment:
            seq += 1
            line = canonical(event | {"seq": seq, "prev": prev})
            prev = line_hash(line)
            written += line + b"\n"
        found[f"data/chain/{number:04d}.jsonl"] = written
    return found
