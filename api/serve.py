"""What a server process imports: `granian --interface asgi --factory api.serve:app`."""

import gc
import sys

from litestar import Litestar

from api.app import create_app
from api.settings import load

SWITCH_S = 0.001  # the interpreter's own 5 ms is how long a thread that finished a read may wait to say so
YOUNG = 20_000  # objects made since the last look for garbage; 700 means a look for every request


def app() -> Litestar:
    service = create_app(load())
    service.on_startup.append(settle)
    return service


def settle() -> None:
    """What was loaded stays: looking for garbage among its 430,000 objects takes 140 ms, and every request waits."""
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
