"""`python -m api`: prepare the store, serve, print the addresses. Settings: docs/SETTINGS.md."""

import asyncio
import contextlib
import os
import sys
import threading
import time
import urllib.error
import urllib.request
from datetime import timedelta

from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server

from api.clock import utc_now
from api.keys import SetupRefused
from api.settings import Settings, load
from api.store import Store
from evidence.events import Role
from kyc.access.staff import Accounts

DEMO_TENANT = "demo"
TITLES: dict[str, str] = {"agent": "业务员", "reviewer": "复核员", "auditor": "审计员"}
DEMO_STAFF: tuple[tuple[str, Role, str, str, str | None, int], ...] = (
    # id, role, name, phone, certificate, grade
    ("staff_demo-agent", "agent", "李业务", "13900000001", "02000032080020260001", 5),
    ("staff_demo-reviewer", "reviewer", "王复核", "13900000002", None, 0),
    ("staff_demo-auditor", "auditor", "陈审计", "13900000003", None, 0),
)


async def prepare(settings: Settings) -> dict[str, str]:
    """Bring the store up to date and, in the sandbox, enrol the demo tenant's people. Returns page -> address."""
    addresses = {
        "客户 customer": f"{settings.origin}/c/  （业务员发出的短信链接会带上凭证 / the link an agent sends opens it）"
    }
    async with Store.of(settings, utc_now).opened() as store:
        if settings.mode == "sandbox":
            accounts = Accounts(store.ledger, store.vault, utc_now, os.urandom)
            for staff, role, name, phone, certificate, grade in DEMO_STAFF:
                until = utc_now() + timedelta(days=365) if certificate else None
                await accounts.enrol(staff, DEMO_TENANT, role, name, phone, certificate, until, grade)
                page = "v" if role == "auditor" else "a"
                link = await accounts.sign_in_link(staff)
                addresses[f"{TITLES[role]} {role}"] = f"{settings.origin}/{page}/#{link}"
    return addresses


def announce(settings: Settings, addresses: dict[str, str]) -> None:
    """Print the addresses once the service says it is ready."""
    url = f"http://{settings.host}:{settings.port}/readyz"
    for _ in range(600):
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=2) as answer:
            if answer.status == 200:
                break
        time.sleep(0.1)
    else:
        print("还没有就绪，请看上面的日志 / not ready, see the log above", file=sys.stderr, flush=True)
        return
    print(f"\n见证 Jianzheng · {settings.mode} · 就绪 ready", flush=True)
    for who, address in addresses.items():
        print(f"  {who}: {address}", flush=True)
    print("  短信和验证码会显示在这里 / messages and codes appear below. Ctrl+C 停止 stops.\n", flush=True)


def main() -> int:
    try:
        settings = load()
        addresses = asyncio.run(prepare(settings))
    except SetupRefused as refusal:
        print(f"不能这样启动 / may not start like this: {refusal}", file=sys.stderr)
        return 2
    threading.Thread(target=announce, args=(settings, addresses), daemon=True).start()
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    Server(
        "api.serve:app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        loop=Loops.asyncio,
        factory=True,
        log_level=LogLevels.warning,
        log_access=False,
        # Without it a stop that comes while a worker still starts is lost for ever.
        workers_kill_timeout=settings.drain_s,
    ).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
