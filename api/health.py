"""What the service knows of its own state: kept by followers and start-up, read by /readyz and /metrics."""

import logging
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from prometheus_client import Gauge

from evidence.errors import ReadOnly
from evidence.follow import Progress

Connection = ASGIConnection[Any, Any, Any, Any]

LAG = Gauge("jianzheng_follower_lag_events", "Events a follower has not handled yet", ["follower"])
FAILURES = Gauge("jianzheng_follower_failures", "Failures in a row", ["follower"])

LAG_LIMIT = 10_000


class Health:
    """One per process."""

    def __init__(self) -> None:
        self._followers: dict[str, Progress] = {}
        self._alarms: dict[str, str] = {}
        self._started = False

    def started(self) -> None:
        self._started = True

    def stopping(self) -> None:
        self._started = False

    def heard(self, progress: Progress) -> None:
        self._followers[progress.name] = progress
        LAG.labels(progress.name).set(progress.newest - progress.position)
        FAILURES.labels(progress.name).set(progress.failures)

    def alarm(self, name: str, what: str) -> None:
        """Something a person must look at; the service is not ready and accepts no change until it is restarted after
        they did. What was stored can still be read."""
        if self._alarms.get(name) != what:
            logging.getLogger("jianzheng.alarm").critical("%s: %s", name, what)
        self._alarms[name] = what

    @property
    def sound(self) -> bool:
        return not self._alarms

    def admit(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """A guard on every route: nothing that changes something passes while an alarm stands. `opt={"reads": True}`
        marks what is posted only to be read."""
        method = dict(connection.scope).get("method")  # none on a socket, which only listens
        reading = method in (None, "GET", "HEAD", "OPTIONS") or handler.opt.get("reads")
        if self._alarms and not reading:
            raise ReadOnly(", ".join(self._alarms))

    def report(self) -> dict[str, Any]:
        behind = [name for name, told in self._followers.items() if told.newest - told.position > LAG_LIMIT]
        followers = {
            name: {"state": told.state, "lag": told.newest - told.position, "failures": told.failures}
            for name, told in self._followers.items()
        }
        return {
            "ready": self._started and not self._alarms and not behind,
            "alarms": dict(self._alarms),
            "followers": followers,
        }
