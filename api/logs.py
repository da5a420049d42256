"""Logs as JSON lines on standard error. Bodies, queries, addresses and exception texts are never logged."""

import logging
import sys

import structlog


def configure_logs(level: int = logging.INFO) -> None:
    """Everything of the standard library through structlog's JSON renderer. Called once by the composition root."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _without_traceback,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("jianzheng").setLevel(level)


def _without_traceback(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    # A traceback prints the exception's text, which may quote what a customer typed.
    if event.pop("exc_info", None):
        event["exception"] = "withheld"
    event.pop("exception_text", None)
    return event
