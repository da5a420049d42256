"""How a broken bundle is made from a told one: by whom, and what was made to fit again around the change.

Unless a name says otherwise a forger made everything anew that nobody signed: time line, guide, list of files, archive.
"""

import base64
import json
from collections.abc import Callable

from evidence import seal
from evidence.verify.container import read, write
from evidence.verify.keys import WITNESSES
from evidence.verify.strict import sha256
from tests.museum.exhibits import Made, Stage, quorum
from tests.museum.worlds import OUTSIDERS, Room
from tests.proof import attacks
from tests.proof.attacks import Attack, Events, by_the_operator, forged_by_the_operator, respelled, with_stranger
from tests.proof.story import Told
from tests.proof.tampering import Files, lines, rebuilt, rechained

Make = Callable[[Stage], Made]


def made_to_fit(attack: Attack, *, account_too: bool = True, of: str = "firm") -> Make:
    """By a stranger, or by whoever holds the database."""

    def make(stage: Stage) -> Made:
        told = stage[of]
        root, files = read(told.bundle)
        return Made(rebuilt(root, attack(told, dict(files)), account_too=account_too), told.keys)

    return make


def archive(change: Callable[[bytes], bytes]) -> Make:
    return lambda stage: Made(change(stage["firm"].bundle), stage["firm"].keys)


def with_file(path: str) -> Make:
    def make(stage: Stage) -> Made:
        root, files = read(stage["firm"].bundle)
        return Made(with_stranger(root, files, path), stage["firm"].keys)

    return make


def spelled(old: bytes, new: bytes) -> Make:
    def make(stage: Stage) -> Made:
        root, files = read(stage["firm"].bundle)
        return Made(respelled(root, files, old, new), stage["firm"].keys)

    return make


def by_operator(name: str) -> Make:
    return lambda stage: Made(forged_by_the_operator(stage["firm"], name), stage["firm"].keys)


def sealed_anew(change: Callable[[Told, Files, Events, Events], None], of: str = "firm") -> Make:
    """By the operator, who seals and logs whatever he likes. `change` edits files and the events of two segments."""

    def make(stage: Stage) -> Made:
        told = stage[of]
        root, files = read(told.bundle)
        first, second = lines(files, 1), lines(files, 2)
        change(told, files, first, second)
        return Made(by_the_operator(told, root, files, second, first), told.keys)

    return make


def taken_from(other: str, path: str, to: str = "firm") -> Make:
    """This file comes from another bundle."""

    def make(stage: Stage) -> Made:
        root, files = read(stage[to].bundle)
        return Made(rebuilt(root, files | {path: read(stage[other].bundle)[1][path]}), stage[to].keys)

    return make


def as_it_was(stage: Stage) -> Made:
    """A changed page under the old list of files."""
    root, files = read(stage["firm"].bundle)
    changed = files | {"data/timeline.html": files["data/timeline.html"].replace("同意".encode(), "反对".encode())}
    return Made(write(root, changed), stage["firm"].keys)


def another_name(stage: Stage) -> Made:
    root, files = read(stage["firm"].bundle)
    return Made(rebuilt(root[:-1] + ("a" if root[-1] != "a" else "b"), files), stage["firm"].keys)


def another_photograph(stage: Stage) -> Made:
    """Attack 27: the photographs of two cases changed places, each under the other's name."""
    root, files = read(stage["firm"].bundle)
    theirs = read(stage["other case"].bundle)[1]
    return Made(rebuilt(root, files | {attacks.photo(files): theirs[attacks.photo(theirs)]}), stage["firm"].keys)


def retired_key(told: Told, files: Files) -> Files:
    """Whoever found the old key seals with it what was sealed after the rotation."""
    world = told.world
    assert isinstance(world, Room)
    path, events = "data/seals/0004.dsse.json", [lines(files, number) for number in range(1, 6)]
    forged = seal.sign(base64.b64decode(json.loads(files[path])["payload"]), world.retired[0])
    events[-1][-1]["body"]["seal_sha256"] = sha256(forged)
    found = rechained(files, events) | {path: forged}
    return found | attacks.logged(told, found, "data/chain/0005.jsonl")


def too_few_witnesses(stage: Stage) -> Made:
    told = stage["one witness"]
    keys = {name: data for name, data in told.keys.items() if name != WITNESSES}
    return Made(told.bundle, keys, quorum("w1 w2", "all", *OUTSIDERS))


def erased_and_open(stage: Stage) -> Made:
    """Deleted, says the chain; and here it is, from an older bundle."""
    told = stage["erased"]
    root, files = read(told.bundle)
    older = read(stage["firm"].bundle)[1]
    return Made(rebuilt(root, files | {path: older[path] for path in ("data/openings/values.txt",)}), told.keys)


def over(_: Told, __: Files, first: Events, ___: Events) -> None:
    attacks.found_in(first, "case.session_opened/1")["expires"] = "2026-11-21T04:00:25.000Z"
