"""The console sender: prints what a real channel would deliver. Sandbox only; production refuses it."""

import sys
from typing import TextIO

from kyc.access.flow import mask


class ConsoleSender:
    """Writes to the operator's terminal, never to a log file. The phone is masked; the text is what the phone gets."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout

    async def send(self, channel: str, to: str, text: str) -> None:
        print(f"[{channel} → {mask(to)}] {text}", file=self._out, flush=True)
