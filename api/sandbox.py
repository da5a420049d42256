"""The demo tenant of the sandbox: its people, and the addresses an operator hands out.

Runs as a process of its own beside the server that starts (`python -m api.sandbox`), so that neither waits for what
the other imports.
"""

import asyncio
import json
import os
from datetime import timedelta

from api.clock import utc_now
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


if __name__ == "__main__":
    print(json.dumps(asyncio.run(prepare(load()))))  # noqa: T201
