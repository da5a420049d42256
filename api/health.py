"""What the service knows of its own state: kept by followers and start-up, read by /readyz and /metrics.

An alarm is this process's own, or another's that was heard of (`api.alarms`); both hold up changes alike.
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from litestar import Request
from prometheus_client import Gauge

from evidence.alarms import Alarm
from evidence.errors import ReadOnly
from evidence.events import instant
from evidence.follow import Progress
from evidence.ports import Clock

LAG = Gauge("jianzheng_follower_lag_events", "Events a follower has not handled yet", ["follower"])
FAILURES = Gauge("jianzheng_follower_failures", "Failures in a row", ["follower"])
ALARM = Gauge("jianzheng_alarm", "1 while an alarm stands that a person must look at", ["name"])
CHECKED = Gauge(
    "jianzheng_monitor_checked_unixtime", "When everything kept was last read again and found whole", ["what"]
)

LAG_LIMIT = 10_000


class Health:
    """One per process."""

    def __init__(self, now: Clock) -> None:
        self._now = now
        self._followers: dict[str, Progress] = {}
        self._own: dict[str, Alarm] = {}
        self._heard: dict[str, Alarm] = {}
        self._checked: dict[str, datetime] = {}
        self._lacks: dict[str, str] = {}
        self._started = False

    def started(self) -> None:
        self._started = True

    def stopping(self) -> None:
        self._started = False

    def heard(self, progress: Progress) -> None:
        self._followers[progress.name] = progress
        LAG.labels(progress.name).set(progress.newest - progress.position)
        FAILURES.labels(progress.name).set(progress.failures)

    def failed(self, name: str, failures: int) -> None:
        """A chore broke off for the n-th time since the start; it is begun again."""
        FAILURES.labels(name).set(failures)

    def alarm(self, name: str, what: str, stops: bool = True) -> None:
        """Something a person must look at. With `stops`, no change is accepted until they did and the service was
        restarted; what was stored can still be read."""
        known = self._own.get(name)
        if known is None or known.what != what:
            logging.getLogger("jianzheng.alarm").critical("%s: %s", name, what)
        self._own[name] = Alarm(name, what, stops, int(self._now().timestamp() * 1000))
        ALARM.labels(name).set(1)

    def hear(self, standing: Iterable[Alarm], *, keep: bool = False) -> None:
        """The alarms that stand for all processes. `keep`: until this process ends, for it was not started as usual."""
        told = {alarm.name: alarm for alarm in standing}
        for alarm in told.values():
            if alarm.name not in self.alarms:
                logging.getLogger("jianzheng.alarm").critical("%s, of another process: %s", alarm.name, alarm.what)
            ALARM.labels(alarm.name).set(1)
        for name in self._heard.keys() - told.keys() - self._own.keys():
            ALARM.labels(name).set(0)
        self._heard = told
        if keep:
            self._own = told | self._own

    def lacks(self, name: str, what: str | None) -> None:
        """Something an operator still owes; None once it is there. Changes nothing about being ready."""
        if what is None:
            self._lacks.pop(name, None)
        else:
            self._lacks[name] = what

    def checked(self, what: str) -> None:
        """The monitor read all of it and found nothing."""
        self._checked[what] = self._now()
        CHECKED.labels(what).set(self._now().timestamp())

    @property
    def own_alarms(self) -> tuple[Alarm, ...]:
        return tuple(self._own.values())

    @property
    def alarms(self) -> dict[str, Alarm]:
        return self._heard | self._own

    @property
    def sound(self) -> bool:
        return not any(alarm.stops for alarm in self.alarms.values())

    async def admit(self, request: Request[Any, Any, Any]) -> None:
        """Before every route: nothing that changes something passes while an alarm stops it. `opt={"reads": True}`
        marks what is posted only to be read."""
        reading = request.method in ("GET", "HEAD", "OPTIONS") or request.route_handler.opt.get("reads")
        if not reading and not self.sound:
            raise ReadOnly(", ".join(name for name, alarm in self.alarms.items() if alarm.stops))

    def report(self) -> dict[str, Any]:
        behind = [name for name, told in self._followers.items() if told.newest - told.position > LAG_LIMIT]
        followers = {
            name: {"state": told.state, "lag": told.newest - told.position, "failures": told.failures}
            for name, told in self._followers.items()
        }
        return {
            "ready": self._started and self.sound and not behind,
            "alarms": {name: alarm.what for name, alarm in self.alarms.items()},
            "lacks": dict(self._lacks),
            "followers": followers,
            "checked": {what: instant(at) for what, at in self._checked.items()},
        }
