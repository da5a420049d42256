"""Verification for anybody: each in a process of its own, few at a time, and none that has not been looked at first."""

import asyncio
import base64
import binascii
import json
import os
import struct
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

from evidence.errors import NotVerified, TooBusy, TooLarge, Unprocessable
from evidence.verify.confined import Question

PLACES = 4  # uploads and verifications under way; each may hold one bundle in memory
FILES = 200  # as an archive says of itself; a case with three tries at identity and four papers has under 100
WAIT_S = 60.0  # for a verification, which may use half of that in CPU time
UPLOAD_S = 120.0
POLICY_LETTERS = 24_000  # base64 of a policy with some fifty witnesses; a header holds no more than 64 kB
_END = struct.Struct("<4sHHHHIIH")


class TooManyFiles(
    TooLarge,
    code="TOO_MANY_FILES",
    zh="压缩包里的文件太多，这里不能核验。请用核验页面或命令行工具在您自己的电脑上核验。",
    en="The archive holds too many files to be checked here. Please use the verifier page or the command line.",
):
    pass


class TooCostly(
    TooLarge,
    code="TOO_COSTLY",
    zh="这个文件太复杂，这里不能核验。请用核验页面或命令行工具在您自己的电脑上核验。",
    en="This file is too complex to be checked here. Please use the verifier page or the command line instead.",
):
    """The verifier ran out of the memory or the time that strangers get."""


class PolicyUnreadable(
    Unprocessable,
    code="POLICY_UNREADABLE",
    zh="您附上的核验政策读不懂。请检查它的格式：tlog-policy 文件，用 base64 写在请求头里。",
    en="The verification policy you sent cannot be read. Please check it: a tlog-policy file, in base64, as a header.",
):
    """`detail` names the first bad line."""


class Judges:
    """At most `places` at a time; who comes when all are taken is asked to come back (TooBusy)."""

    def __init__(self, places: int = PLACES) -> None:
        self._free = places

    async def receive(self, body: Awaitable[bytes]) -> bytes:
        """What is sent, if it is sent soon: a slow sender may not keep a place for ever."""
        try:
            async with asyncio.timeout(UPLOAD_S):
                return await body
        except TimeoutError:
            raise TooBusy("the upload took too long") from None

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """To be taken before the body is read: a body in memory is the greater part of the cost."""
        if self._free == 0:
            raise TooBusy("all places for verifications are taken")
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1

    async def judge(self, data: bytes, question: Question) -> dict[str, Any]:
        """The report. TooManyFiles before anything is read; TooCostly when the limits were reached."""
        if said_files(data) > FILES:
            raise TooManyFiles(f"{said_files(data)} files, at most {FILES}")
        asked = await asyncio.to_thread(question.about, data)
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "evidence.verify.confined",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_environment(),
        )
        try:
            async with asyncio.timeout(WAIT_S):
                answer, _ = await child.communicate(asked)
        except TimeoutError:
            raise TooCostly("out of time") from None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        if child.returncode != 0:
            raise TooCostly(f"the verifier gave up ({child.returncode})")
        report: dict[str, Any] = json.loads(answer)
        return report


def question_of(keys: dict[str, bytes], policy: str | None, trust_bundle_keys: bool) -> Question:
    """`policy`: base64 of a tlog-policy file, as a header carries it. PolicyUnreadable."""
    if policy is None:
        return Question(keys, None, trust_bundle_keys)
    if len(policy) > POLICY_LETTERS:
        raise PolicyUnreadable(f"{len(policy)} letters, at most {POLICY_LETTERS}")
    try:
        found = Question(keys, base64.b64decode(policy, validate=True), trust_bundle_keys)
        found.trusted()
    except (binascii.Error, ValueError, NotVerified) as error:
        raise PolicyUnreadable(error.detail if isinstance(error, NotVerified) else "not base64") from None
    return found


def _environment() -> dict[str, str]:
    """Where the interpreter finds itself and us; no setting, no secret."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "LANG") if name in os.environ}
    return kept | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def said_files(data: bytes) -> int:
    """How many files a zip says it holds, by its end record alone; 0 when it is none, which is for step 1 to say."""
    if len(data) < _END.size:
        return 0
    signature, _, _, _, count, _, _, _ = _END.unpack_from(data, len(data) - _END.size)
    return int(count) if signature == b"PK\x05\x06" else 0
