"""The browser's verifier under Node: the very modules of the page, built by Vite, without a browser around them."""

import base64
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[3]
STATIC, BINARIES = ROOT / "static", ROOT / ".venv" / "bin"

# From within static/, where Vite is installed.
_BUILD = """
import { build } from "vite";
const [entry, outDir] = process.argv.slice(-2);
await build({ configFile: false, logLevel: "error", publicDir: false, ssr: { noExternal: true },
  build: { ssr: entry, outDir, emptyOutDir: false, rollupOptions: { output: { entryFileNames: "judge.mjs" } } } });
"""


def built(folder: Path) -> Path:
    """The program, made from the sources as they are now."""
    node = ["node", "--input-type=module", "-e", _BUILD, str(Path(__file__).with_name("judge.ts")), str(folder)]
    subprocess.run(node, cwd=STATIC, env=_environment(), check=True, capture_output=True)
    return folder / "judge.mjs"


def _environment() -> dict[str, str]:
    return os.environ | {"PATH": os.pathsep.join((str(BINARIES), os.environ.get("PATH", "")))}


class Judge:
    """One process that judges bundles, one after the other."""

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen(
            ["node", str(program)], env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __enter__(self) -> "Judge":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()
        assert self._process.returncode == 0 or kind is not None

    def report(
        self, bundle: bytes, keys: Mapping[str, bytes], *, trust: bool = False, policy: bytes | None = None
    ) -> dict[str, Any]:
        """As the page saves it."""
        asked = {"keys": {name: _text(data) for name, data in keys.items()}, "trust": trust, "bytes": len(bundle)}
        header = json.dumps(asked | ({} if policy is None else {"policy": _text(policy)})).encode()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(len(header).to_bytes(4, "big") + header + bundle)
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
