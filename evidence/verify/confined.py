"""`python -m evidence.verify.confined`: the verifier for what strangers send, with little memory and little time.

A server runs it apart from itself, because a hostile file may cost more than it looks: whatever happens here happens to
nobody else. Standard input: one line of JSON, the keys by file name in base64, then the file. Standard output: the
report as JSON. Anything else than exit 0 means that it could not be judged within the limits.
"""

import base64
import json
import os
import resource
import sys

from evidence.verify import TrustedKeys, verify_bundle, verify_pdf

MEMORY = 2 * 1024**3  # address space: three times the largest bundle, and the libraries
CPU_S = 30
PDF = b"%PDF-"


def judge(data: bytes, files: dict[str, bytes]) -> bytes:
    keys = TrustedKeys.of(files)
    report = verify_pdf(data, keys) if data.startswith(PDF) else verify_bundle(data, keys)
    return json.dumps(report.plain(), ensure_ascii=False).encode()


def question(data: bytes, files: dict[str, bytes]) -> bytes:
    """What to write to standard input."""
    return json.dumps({name: base64.b64encode(key).decode() for name, key in files.items()}).encode() + b"\n" + data


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)  # whoever is being served comes first
    files = {name: base64.b64decode(key) for name, key in json.loads(sys.stdin.buffer.readline()).items()}
    try:
        answer = judge(sys.stdin.buffer.read(), files)
    except (MemoryError, RecursionError):
        return 3
    sys.stdout.buffer.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
