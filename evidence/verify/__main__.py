"""`python -m evidence.verify BUNDLE [--keys DIR] [--policy FILE] [--trust-bundle-keys] [--json]`

Exit 0 passed, 1 failed, 2 open.
"""

import argparse
import json
import sys
from pathlib import Path

from evidence.errors import NotVerified
from evidence.verify import TrustedKeys, read_policy, verify_bundle, verify_pdf
from evidence.verify.container import MAX_BYTES
from evidence.verify.report import REASONS, Report

MARKS = {"passed": "ok", "failed": "FAILED", "indeterminate": "undecided", "not_run": "not run"}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m evidence.verify", description="Verify a bundle or a signed PDF.")
    parser.add_argument("bundle", type=Path, help="a bundle (.zip) or a signed PDF")
    parser.add_argument("--keys", type=Path, help="folder with your own copies of the public keys")
    parser.add_argument("--policy", type=Path, help="your own policy: log, witnesses, quorum and further keys")
    parser.add_argument("--trust-bundle-keys", action="store_true", help="use the keys inside; proves consistency only")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    try:
        keys = TrustedKeys.load(options.keys) if options.keys else TrustedKeys()
        if options.policy:
            keys = read_policy(options.policy.read_bytes(), keys.files)
        if options.bundle.stat().st_size > MAX_BYTES:
            raise NotVerified("larger than 200 MB")
        data = options.bundle.read_bytes()
    except (OSError, NotVerified) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if data.startswith(b"%PDF-"):
        report = verify_pdf(data, keys)
    else:
        report = verify_bundle(data, keys, trust_bundle_keys=options.trust_bundle_keys)
    sys.stdout.write(json.dumps(report.plain(), ensure_ascii=False) + "\n" if options.json else _page(report))
    return report.exit_code


def _page(report: Report) -> str:
    lines = [f"{step.n:>2}  {step.name:<12} {MARKS[step.state]:<10} {step.detail}" for step in report.steps]
    if report.first_bad:
        lines.append(f"first bad record: step {report.first_bad[0]}, {report.first_bad[1]}")
    lines += [f"{item.place.seq:>4}  {item.state:<15} {item.place.path}" for item in report.fields]
    lines.append(report.verdict)
    for reason in report.reasons:
        zh, en = REASONS[reason.code]
        lines.append(f"  {reason.code}: {zh} {en}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
