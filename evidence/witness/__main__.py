"""`python -m evidence.witness --dir DIR --listen HOST:PORT --log VKEY…`: cosign a log that never rewrites its past."""

import argparse
import signal
import sys
import threading
import time
from pathlib import Path

from evidence.checkpoint import ED25519, NoteKey
from evidence.errors import NotVerified
from evidence.witness.book import Book, BookUnusableError
from evidence.witness.server import WitnessServer


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m evidence.witness", description="A C2SP tlog-witness.")
    parser.add_argument("--dir", type=Path, required=True, help="key and record; whoever loses it retires the key")
    parser.add_argument("--listen", default="127.0.0.1:8100", metavar="HOST:PORT", help="default %(default)s")
    parser.add_argument("--log", nargs="+", action="extend", default=[], metavar="VKEY", help="a log to watch")
    parser.add_argument("--name", default="", help="in signature lines; fixed at the first start")
    parser.add_argument("--rate", type=int, default=20, help="requests a second from one address, default %(default)s")
    options = parser.parse_args(arguments)
    host, _, port = options.listen.rpartition(":")
    try:
        logs = [NoteKey.parse(vkey) for vkey in options.log]
        if not host or not port.isdecimal() or options.rate < 1 or any(log.kind != ED25519 for log in logs):
            parser.error("needs HOST:PORT, a positive rate, and verifier keys of logs")
        book = Book(options.dir, logs, lambda: int(time.time()), options.name)
    except (NotVerified, BookUnusableError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    with WitnessServer((host, int(port)), book, options.rate) as server:
        print(book.public.vkey, flush=True)
        print(f"listening on {host}:{server.server_port}", flush=True)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
        server.serve_forever(poll_interval=0.2)
    book.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
