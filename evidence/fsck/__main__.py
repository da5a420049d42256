"""`python -m evidence.fsck DATA`: check a whole store, beside a running service or after a crash. Writes nothing.

Exit 0: healthy, perhaps with notes. 1: damaged; the first bad record is named. 2: something could not be judged.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from evidence.checkpoint import NoteKey
from evidence.errors import Error
from evidence.fsck import Places, Report, check
from evidence.fsck.folder import LocalFolder
from evidence.sql.audit import SqlAudit, SqlKeyAudit
from evidence.verify.keys import LOG, WITNESSES


class CannotOpen(Exception):
    """The text says what was looked for."""


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        places = _places(options)
        with tempfile.TemporaryDirectory(dir=options.scratch, prefix="fsck-") as scratch:
            report = asyncio.run(check(places, Path(scratch), processes=options.processes))
    except (CannotOpen, Error, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(_json(report) if options.json else report.page())
    return report.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m evidence.fsck",
        description="Check a whole store without the service. Reads only.",
        epilog="exit: 0 healthy (perhaps with notes), 1 damaged, 2 not fully evaluated. See docs/FSCK.md.",
    )
    parser.add_argument("data", nargs="?", type=Path, help="the data folder of the service (JIANZHENG_DATA)")
    parser.add_argument("--database", metavar="URL", help="sqlite:///<path> or postgresql://… (default: in DATA)")
    parser.add_argument("--objects", type=Path, metavar="DIR", help="the encrypted files (default: DATA/objects)")
    parser.add_argument("--keys", metavar="URL", help="the database of wrapped keys (default: DATA/keys/keys.db)")
    parser.add_argument("--log", type=Path, metavar="DIR", help="tiles and checkpoint (default: DATA/log)")
    parser.add_argument(
        "--keys-folder", type=Path, metavar="DIR", help="your copies of the public keys (default: DATA/public-keys)"
    )
    parser.add_argument("--scratch", type=Path, metavar="DIR", help="where 64 bytes an event can be put for a while")
    parser.add_argument("--processes", type=int, metavar="N", help="default: one for each core")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser


def _places(options: argparse.Namespace) -> Places:
    data: Path | None = options.data
    if data is None and options.objects is not None:
        data = options.objects.parent  # the usual neighbours, where they are there
    if data is None and options.database is None:
        raise CannotOpen("give the data folder, or --database and --objects")
    log, objects = _folder(options.log, data, "log"), _folder(options.objects, data, "objects")
    public = _folder(options.keys_folder, data, "public-keys")
    key_base = data / "keys" / "keys.db" if data is not None else None
    keys = options.keys or (f"sqlite:///{key_base}" if key_base is not None and key_base.is_file() else None)
    return Places(
        source=SqlAudit(_there(options.database or f"sqlite:///{data}/jianzheng.db")),
        keys=None if keys is None else SqlKeyAudit(_there(keys)),
        objects=None if objects is None else LocalFolder(objects),
        log=None if log is None else LocalFolder(log),
        signers=_note_keys(public, LOG),
        witnesses=_note_keys(public, WITNESSES),
    )


def _note_keys(folder: Path | None, name: str) -> tuple[NoteKey, ...]:
    if folder is None or not (folder / name).is_file():
        return ()
    return tuple(NoteKey.parse(line) for line in (folder / name).read_text("ascii").splitlines())


def _folder(given: Path | None, data: Path | None, name: str) -> Path | None:
    """What was given must be there; what was not is taken where it is there."""
    if given is not None:
        if not given.is_dir():
            raise CannotOpen(f"no folder {given}")
        return given
    usual = None if data is None else data / name
    return usual if usual is not None and usual.is_dir() else None


def _there(url: str) -> str:
    path = url.partition(":///")[2]
    if url.startswith("sqlite") and not Path(path).is_file():
        raise CannotOpen(f"no database {path}: give --database")
    return url


def _json(report: Report) -> str:
    return json.dumps(report.plain(), ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
