"""`python -m evidence.verify.confined`: the verifier for what strangers send, with little memory and little time.

A server runs it apart from itself, because a hostile file may cost more than it looks: whatever happens here happens to
nobody else. Standard input: one line of JSON, what is asked (`Question`), then the file. Standard output: the report as
JSON. Anything else than exit 0 means that it could not be judged within the limits.
"""

import base64
import json
import os
import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from evidence.verify import TrustedKeys, read_policy, verify_bundle, verify_pdf

MEMORY = 2 * 1024**3  # address space: three times the largest bundle, and the libraries
CPU_S = 30
PDF = b"%PDF-"


@dataclass(frozen=True)
class Question:
    """Whose keys by file name, the asker's own policy if there is one, and whether keys inside a bundle will do."""

    keys: Mapping[str, bytes] = field(default_factory=dict)
    policy: bytes | None = None
    trust_bundle_keys: bool = False

    def trusted(self) -> TrustedKeys:
        """NotVerified names the first bad line of the policy."""
        return TrustedKeys.of(self.keys) if self.policy is None else read_policy(self.policy, self.keys)

    def about(self, data: bytes) -> bytes:
        """What to write to standard input."""
        plain = {
            "keys": {name: base64.b64encode(key).decode() for name, key in self.keys.items()},
            "policy": None if self.policy is None else base64.b64encode(self.policy).decode(),
            "trust_bundle_keys": self.trust_bundle_keys,
        }
        return json.dumps(plain).encode() + b"\n" + data

    @classmethod
    def read(cls, line: bytes) -> "Question":
        plain = json.loads(line)
        keys = {name: base64.b64decode(key) for name, key in plain["keys"].items()}
        policy = None if plain["policy"] is None else base64.b64decode(plain["policy"])
        return cls(keys, policy, plain["trust_bundle_keys"])


def judge(data: bytes, asked: Question) -> bytes:
    keys = asked.trusted()
    if data.startswith(PDF):
        report = verify_pdf(data, keys)
    else:
        report = verify_bundle(data, keys, trust_bundle_keys=asked.trust_bundle_keys)
    return json.dumps(report.plain(), ensure_ascii=False).encode()


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)  # whoever is being served comes first
    asked = Question.read(sys.stdin.buffer.readline())
    try:
        answer = judge(sys.stdin.buffer.read(), asked)
    except (MemoryError, RecursionError):
        return 3
    sys.stdout.buffer.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
