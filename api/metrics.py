"""What is counted of requests, for /metrics: how many, how long, how many at once, by route and never by address.

The children of a label set are looked up once and kept: a request pays for the counting, not for finding the counter.
"""

from functools import lru_cache

from prometheus_client import Counter, Gauge, Histogram

_LABELS = ("method", "path", "status_code", "app_name")
_APP = "jianzheng"

REQUESTS = Counter("http_requests_total", "Total requests", _LABELS)
ERRORS = Counter("http_requests_error_total", "Total errors in requests", _LABELS)
SECONDS = Histogram("http_request_duration_seconds", "Request duration, in seconds", _LABELS)
RUNNING = Gauge("http_requests_in_progress", "Requests currently in progress", ("method", "path", "app_name"))


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
