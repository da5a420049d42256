"""Logs as JSON lines on standard error. Bodies, queries, addresses and exception texts are never logged."""

import logging
import sys
from datetime import UTC, datetime

import msgspec


def configure_logs(level: int = logging.INFO) -> None:
    """Everything of the standard library as JSON lines. Called once by the composition root."""
    # Not shown, and each record would ask for them.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("jianzheng").setLevel(level)


class JsonLines(logging.Formatter):
    """What was given as `extra`, then `event`, `level`, `logger`, `timestamp` (UTC)."""

    def format(self, record: logging.LogRecord) -> str:
        line = {name: value for name, value in record.__dict__.items() if name not in _OWN}
        line["event"] = record.getMessage()
        line["level"] = record.levelname.lower()
        line["logger"] = record.name
        line["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat().removesuffix("+00:00") + "Z"
        if record.exc_info:
            # A traceback prints the exception's text, which may quote what a customer typed.
            line["exception"] = "withheld"
        return msgspec.json.encode(line, enc_hook=str).decode()


_OWN = frozenset((*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName"))
