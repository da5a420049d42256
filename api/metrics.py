"""What is counted, for /metrics, of requests: how many, how long, how many at once, by route and never by address.

The children of a label set are looked up once and kept: a request pays for the counting, not for finding the counter.
"""

from collections.abc import Callable
from functools import lru_cache, partial

from prometheus_client import Counter, Gauge, Histogram

from kyc.pool import Load

_LABELS = ("method", "path", "status_code", "app_name")
_APP = "jianzheng"

REQUESTS = Counter("http_requests_total", "Total requests", _LABELS)
ERRORS = Counter("http_requests_error_total", "Total errors in requests", _LABELS)
SECONDS = Histogram("http_request_duration_seconds", "Request duration, in seconds", _LABELS)
RUNNING = Gauge("http_requests_in_progress", "Requests currently in progress", ("method", "path", "app_name"))
MODEL_TASKS = Gauge("jianzheng_model_tasks", "Looks at pictures: now, or since the start", ("state",))
MODEL_THREADS = Gauge("jianzheng_model_threads", "Threads that look at pictures")
MODEL_BUSY = Gauge("jianzheng_model_busy_seconds", "Seconds that those threads have worked since the start")


def watch_models(load: Callable[[], Load]) -> None:
    """Asked when somebody asks: nothing is counted twice."""
    for state in ("waiting", "running", "done", "refused", "cancelled"):
        MODEL_TASKS.labels(state).set_function(partial(_of_load, load, state))
    MODEL_THREADS.set_function(partial(_of_load, load, "threads"))
    MODEL_BUSY.set_function(partial(_of_load, load, "busy_s"))


def _of_load(load: Callable[[], Load], field: str) -> float:
    return float(getattr(load(), field))


@lru_cache(1_000)
def running(method: str, route: str) -> Gauge:
    return RUNNING.labels(method, route, _APP)


def answered(method: str, route: str, status: int, seconds: float) -> None:
    count, duration = _answers(method, route, status)
    count.inc()
    duration.observe(seconds)
    if status >= 500:
        ERRORS.labels(method, route, status, _APP).inc()


@lru_cache(1_000)
def _answers(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    labels = (method, route, status, _APP)
    return REQUESTS.labels(*labels), SECONDS.labels(*labels)
