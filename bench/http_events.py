"""Durable events over HTTP: many customers report what they read, at once; an answer comes only after the fsync.

Every request is a whole one: its own DPoP proof, idempotency key, strict JSON, the rule asked of the folded case, the
event chained and durable, the view answered. Proofs are signed before the clock starts: that is the phones' work. The
floor is the number of fsyncs a second this disk gave in the same run, the better of a probe before and one after; what
server and load generator cost in CPU tells more than the clock on a machine that has other work.
"""

import asyncio
import secrets
import statistics
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from bench.append import fsyncs_per_s
from bench.client import now
from bench.server import CODE, LINK, Server, running
from bench.table import Metric
from bench.walk import PHONE, PRODUCT, Walk
from evidence import decode

CUSTOMERS = 32
REQUESTS = 300  # of each customer


async def measure() -> dict[str, Metric]:
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        settings = {"dwell_percent": "2", "entries_per_minute": "1000000"}
        with running(Path(folder) / "data", **settings) as server:
            requests = await asyncio.to_thread(_prepare, server)
            probes = [await asyncio.to_thread(fsyncs_per_s, Path(folder))]
            served, sent = server.cpu_s(), time.process_time()
            began = time.perf_counter()
            took = [ms for of_one in await asyncio.gather(*map(_send, requests)) for ms in of_one]
            seconds = time.perf_counter() - began
            served, sent = server.cpu_s() - served, time.process_time() - sent
        probes.append(await asyncio.to_thread(fsyncs_per_s, Path(folder)))
    floor = max(probes)
    return {
        "events_http_per_s": Metric(value=len(took) / seconds, unit="/s", floor=floor),
        "events_http_p50_ms": Metric(value=statistics.median(took), unit="ms", floor=1000 / floor),
        "events_http_p99_ms": Metric(value=statistics.quantiles(took, n=100)[98], unit="ms", floor=1000 / floor),
        "events_http_server_cpu_ms": Metric(value=1000 * served / len(took), unit="ms"),
        "events_http_client_cpu_ms": Metric(value=1000 * sent / len(took), unit="ms"),
    }


def _prepare(server: Server) -> list[tuple[str, int, list[bytes]]]:
    """Customers with a screen before them, and the bytes of every request they will send."""
    token: str | None = None
    found = []
    for number in range(CUSTOMERS):
        walk = Walk(server, seed=number)
        walk.agent.token = token
        if token is None:
            walk.agent.sign_in(server.sign_in_token("agent"))
            token = walk.agent.token
        case = walk.agent.open_case(PRODUCT, PHONE, input_origin="synthetic")
        before = len(server.lines)
        walk.agent.send_link(case["id"])
        link = server.message(LINK, before)
        before = len(server.lines)
        walk.customer.ask_code(link)
        walk.customer.enter(link, server.message(CODE, before))
        walk.customer.consent("recording")
        inputs = {"age": 30, "sex": "male", "sum": "500000", "term": 20, "pay_years": 10}
        walk.customer.act("quotes", {"inputs": inputs})
        outline = walk.customer.read("reading", locale="zh-CN")
        clause = next(item["id"] for item in outline["clauses"] if item["must_read"])
        asked = [{"clause": clause, "level": "plain"}]
        walk.customer.act("screens", {"clauses": asked, "locale": "zh-CN", "layout": "standard"})
        found.append(_requests(walk, clause))
        walk.close()
    return found


def _requests(walk: Walk, clause: str) -> tuple[str, int, list[bytes]]:
    customer = walk.customer
    path = f"/v1/cases/{customer.case}/reading"
    seen = [{"clause": clause, "level": "plain", "visible_ms": 1, "end_seen": False}]
    body = decode.encode({"screen": customer.view["reading"]["screen"], "clauses": seen, "client_at": now()})
    address = urlsplit(walk.server.url)
    sent = []
    for _ in range(REQUESTS):
        headers = {
            "Host": f"{address.hostname}:{address.port}",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Idempotency-Key": secrets.token_urlsafe(12),
            **customer.credentials("POST", path),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        sent.append(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
    return str(address.hostname), int(address.port or 0), sent


async def _send(customer: tuple[str, int, list[bytes]]) -> list[float]:
    """One connection, one request after another; milliseconds each took."""
    host, port, requests = customer
    reader, writer = await asyncio.open_connection(host, port)
    took = []
    for request in requests:
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        answer = await reader.readexactly(length)
        if status != 200:
            raise RuntimeError(answer.decode())
        took.append((time.perf_counter() - began) * 1000)
    writer.close()
    await writer.wait_closed()
    return took
