"""`python -m bench.demo`: one whole journey over HTTP against the real service, then everybody judges the bundle.

Sandbox mode, synthetic input (public-domain photograph, drawn specimen card), reading floors at 1 %, all sealed so.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.outside import judge
from bench.server import running
from bench.walk import Walk

FOLDER = Path("build/demo")
EXPECTED = {"NO_INDEPENDENT_TIME", "NO_WITNESS"}  # an embedded demo can have neither, and must say so


def main() -> int:
    began = time.perf_counter()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    print("见证 Jianzheng · 演示 demo: sandbox, synthetic input\n")
    with ExitStack() as stack:
        with _step("start"):
            server = stack.enter_context(running(FOLDER / "data", dwell_percent="1", entries_per_minute="600"))
        walk = Walk(server, _step)
        bundle = walk.all()
        walk.close()
    file = FOLDER / f"{walk.customer.case}.zip"
    file.write_bytes(bundle)
    print(f"\n{file}  {len(bundle):,} bytes\n")
    good = _ours(file) & _theirs(bundle)
    print(f"\n{'成功 done' if good else '失败 FAILED'} in {time.perf_counter() - began:.1f} s")
    return 0 if good else 1


def _ours(file: Path) -> bool:
    began = time.perf_counter()
    keys = FOLDER / "data" / "public-keys"
    command = [sys.executable, "-m", "evidence.verify", str(file), "--keys", str(keys), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    print(
        f"python -m evidence.verify: {report['verdict']}, exit {done.returncode}, {time.perf_counter() - began:.1f} s"
    )
    for step in report["steps"]:
        print(f"  {step['n']:>2} {step['name']:<12} {step['state']:<14} {step['detail']}")
    codes = {reason["code"] for reason in report["reasons"]}
    for reason in report["reasons"]:
        print(f"     {reason['code']}: {reason['en']}")
    return done.returncode == 2 and codes == EXPECTED


def _theirs(bundle: bytes) -> bool:
    print("\ntools that are not ours:")
    good = True
    for found in judge(bundle):
        print(f"  {found.state:<9} {found.seconds:5.2f} s  {found.what}  {found.detail}")
        good = good and found.state != "rejected"
    return good


@contextmanager
def _step(name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    print(f"  {name:<12} {time.perf_counter() - began:6.2f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
