"""What an auditor has before him: a bundle that is witnessed and time-stamped, unpacked, under his own copies of keys.

`LOG/…` among the files is the log as it is served beside the bundle; everything else is inside the bundle.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from evidence.bundle import build_bundle
from evidence.verify.container import read
from evidence.verify.keys import TSA_INDEPENDENT, TSA_LOCAL, WITNESSES
from evidence.witness.book import Book
from evidence.witness.policy import Policy
from evidence.witness.protocol import Answer
from evidence.witnessing import Witnessing
from tests.proof.story import MemoryCheckpoint, Teller, Told, stream_of, world
from tests.proof.tampering import Files, rebuilt
from tests.proof.test_sequencer import grow

LOG = "log/"
BEFORE, AFTER = 300, 9  # lines of others in the log: more than one tile, and the case is not the end of it
NAMES = ("witness.example/w1", "witness.example/w2")


@dataclass(frozen=True)
class Evidence:
    """A told story with its witnesses: the bundle, the log as served, and the keys an auditor collected himself."""

    told: Told
    keys: Mapping[str, bytes]
    files: Files
    root: str


@dataclass(frozen=True)
class Scene:
    """On disk. `case` = the unpacked bundle, `log` = the served log, `work` = a place for what a tool writes."""

    case: Path
    log: Path
    work: Path

    @property
    def keys(self) -> Path:
        """The auditor's copies lie where the bundle's were, as its guide asks."""
        return self.case / "keys"


async def witnessed(folder: Path) -> Evidence:
    """Real events through ledger, vault, sealer and sequencer; real witnesses; stamps on every seal and the head."""
    made = world(folder / "tsa")
    await grow(made.log, BEFORE)
    await made.adopt_keys()
    teller = Teller(made, stream_of(made))
    await teller.whole()
    await grow(made.log, BEFORE + AFTER)
    head = await made.sequencer.catch_up()
    at = int(made.clock().timestamp())
    books = [Book(folder / f"w{n}", [made.sequencer.public], lambda: at, name) for n, name in enumerate(NAMES)]
    lines = [f"witness w{n} {book.public.vkey} http://w{n}" for n, book in enumerate(books)]
    policy = Policy.parse("\n".join([*lines, "group all 2 w0 w1", "quorum all", ""]).encode())

    def ask(url: str, body: bytes) -> Answer:
        return books[int(url.removeprefix("http://w")[0])].submit(body)

    witnessing = Witnessing(
        policy, made.sequencer, made.checkpoint, MemoryCheckpoint(), made.clock, lambda *_: None, every_s=0.0, ask=ask
    )
    await witnessing.settle(head.size)
    for book in books:
        book.close()
    # This auditor holds the authority to be independent; that it is the story's own is nothing a tool could see.
    keys = {name: data for name, data in made.keys.items() if name != TSA_LOCAL}
    keys |= {TSA_INDEPENDENT: made.keys[TSA_LOCAL], WITNESSES: policy.vkeys}
    ports = replace(made.bundles, cosigned=witnessing, anchored=True)
    built = await build_bundle(teller.stream, ports, replace(made.extras, keys=keys))
    root, files = read(built.data)
    served = {f"{LOG}{path}": data for path, data in made.tiles.blobs.items()}
    found = await witnessing.head()
    assert found is not None
    served[f"{LOG}checkpoint"] = found[1]
    return Evidence(Told(made, teller, built.data), keys, dict(files) | served, root)


def laid_out(evidence: Evidence, folder: Path, files: Mapping[str, bytes] | None = None) -> Scene:
    """`files` (else the honest ones) on disk, and the auditor's own keys over those that came along."""
    found = dict(evidence.files if files is None else files)
    found |= {f"keys/{name}": data for name, data in evidence.keys.items()}
    scene = Scene(folder / evidence.root, folder / "served", folder / "work")
    scene.work.mkdir(parents=True)
    for path, data in found.items():
        target = scene.log / path.removeprefix(LOG) if path.startswith(LOG) else scene.case / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return scene


def made_to_fit(evidence: Evidence, files: Files) -> Files:
    """A forger's next step: timeline, guide and manifests, which nobody signed, made again around the change."""
    served = {path: data for path, data in files.items() if path.startswith(LOG)}
    inside = {path: data for path, data in files.items() if path not in served}
    return dict(read(rebuilt(evidence.root, inside))[1]) | served
