"""What the service knows of its own state: kept by followers and start-up, read by /readyz and /metrics."""

from typing import Any

from prometheus_client import Gauge

from evidence.follow import Progress

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
        """Something a person must look at; the service stays not ready until it is restarted after they did."""
        self._alarms[name] = what

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
