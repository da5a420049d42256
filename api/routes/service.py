"""Alive, ready, metrics, and the pages."""

import re
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.health import Health
from api.settings import Settings
from evidence.errors import NotFound

PAGES = {"c": "customer.html", "a": "agent.html", "v": "auditor.html"}


@get("/healthz", security=[])
async def alive() -> dict[str, str]:
    """The process answers."""
    return {"state": "alive"}


@get("/readyz", security=[])
async def ready(health: NamedDependency[Health]) -> Response[dict[str, Any]]:
    """May take traffic: storage answers, models are loaded, the log is not read-only, followers keep up."""
    report = health.report()
    return Response(report, status_code=200 if report["ready"] else 503)


@get("/metrics", include_in_schema=False)
async def metrics() -> Response[bytes]:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@get(["/c", "/c/", "/a", "/a/", "/v", "/v/"], include_in_schema=False)
async def page(request: Request[Any, Any, Any], settings: NamedDependency[Settings]) -> Response[bytes]:
    """The three pages. Never cached, so that a new release is seen at once; their assets are, by content hash."""
    name = PAGES[request.url.path.strip("/")]
    file = settings.pages / name
    if not file.is_file():
        raise NotFound("pages are not built")
    return Response(file.read_bytes(), media_type="text/html; charset=utf-8", headers={"Cache-Control": "no-cache"})


@get("/log/{path:path}", include_in_schema=False)
async def log_file(path: FromPath[str], settings: NamedDependency[Settings]) -> Response[bytes]:
    """The transparency log as files (C2SP tlog-tiles): full tiles never change, checkpoint and partial tiles do."""
    name = path.strip("/")
    if not re.fullmatch(r"checkpoint|tile/(\d+|entries)/(x\d{3}/)*\d{3}(\.p/\d{1,3})?", name):
        raise NotFound("not a file of the log")
    file = Path(settings.data) / "log" / name
    if not file.is_file():
        raise NotFound("not there yet")
    fixed = name.startswith("tile/") and ".p/" not in name
    cache = "public, max-age=31536000, immutable" if fixed else "no-cache"
    media = "text/plain; charset=utf-8" if name == "checkpoint" else "application/octet-stream"
    return Response(file.read_bytes(), media_type=media, headers={"Cache-Control": cache})


ROUTES = [alive, ready, metrics, page, log_file]
