"""`python -m api`: prepare the store, serve, print the addresses. Settings: docs/SETTINGS.md."""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server

from api.keys import SetupRefused, check_ciphers, check_mode, master_key
from api.settings import Settings, load


def announce(settings: Settings, sandbox: "subprocess.Popen[str]") -> None:
    """Print the addresses once they are made and the service says it is ready."""
    told, _ = sandbox.communicate()
    if sandbox.returncode != 0 or not _ready(settings):
        print("还没有就绪，请看上面的日志 / not ready, see the log above", file=sys.stderr, flush=True)
        return
    print(f"\n见证 Jianzheng · {settings.mode} · 就绪 ready", flush=True)
    for who, address in json.loads(told).items():
        print(f"  {who}: {address}", flush=True)
    print("  短信和验证码会显示在这里 / messages and codes appear below. Ctrl+C 停止 stops.")
    print("  业务员用过的浏览器不能替客户办理，客户链接请用另一个浏览器或无痕窗口打开")
    print("  open the customer's link in another browser or a private window than the agent's\n", flush=True)


def _ready(settings: Settings) -> bool:
    url = f"http://{settings.host}:{settings.port}/readyz"
    for _ in range(600):
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=2) as answer:
            if answer.status == 200:
                return True
        time.sleep(0.1)
    return False


def main() -> int:
    try:
        settings = load()
        check_mode(settings)
        check_ciphers()
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        master_key(settings)
    except SetupRefused as refusal:
        print(f"不能这样启动 / may not start like this: {refusal}", file=sys.stderr)
        return 2
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sandbox = subprocess.Popen([sys.executable, "-m", "api.sandbox"], stdout=subprocess.PIPE, text=True)
    threading.Thread(target=announce, args=(settings, sandbox), daemon=True).start()
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
