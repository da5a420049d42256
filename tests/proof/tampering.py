"""An attacker's workbench: change files of a bundle, then make everything that nobody signed fit again."""

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from evidence.checkpoint import read_proof, split_note
from evidence.errors import NotVerified
from evidence.events import GENESIS, line_hash
from evidence.verify import account, bag, container, fields, log
from evidence.verify.chain import read as read_chain
from evidence.verify.strict import canonical

Files = dict[str, bytes]


def rebuilt(root: str, files: Mapping[str, bytes], *, account_too: bool = True) -> bytes:
    """The archive with timeline, guide and manifests made again from what is now inside."""
    found = dict(files)
    if account_too:
        # Where it is no longer readable enough to tell a story, the attacker leaves the old one.
        with contextlib.suppress(NotVerified, AttributeError, IndexError, KeyError, TypeError, ValueError):
            _rewrite_account(root, found)
    found |= bag.bag_files(found)
    return container.write(root, found)


def _rewrite_account(root: str, found: Files) -> None:
    chain = read_chain(root, found)
    states = [*fields.disclosures(chain, found), *fields.media(chain, found), *fields.documents(chain, found)]
    states.sort(key=fields.chain_order(chain))
    index, _, note = read_proof(found[log.PROOF])
    head = log.Head(index, split_note(note)[0], note)
    found[account.TIMELINE] = account.timeline(chain, states, head)
    found[account.GUIDE] = account.guide(chain, found, head)


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
