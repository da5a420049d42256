"""`python -m products.lint DIR…`: every finding with line and fix; `--readability` prints the table of measures."""

import sys
from pathlib import Path

from products.errors import DefinitionInvalid
from products.findings import Finding
from products.lint import lint
from products.lint.readable import report
from products.load import DEFINITION, load


def main(arguments: list[str]) -> int:
    """Print every finding; 1 when there is an error, 2 without a folder."""
    folders = [item for item in arguments if not item.startswith("--")]
    if not folders or set(arguments) - set(folders) - {"--readability"}:
        sys.stderr.write("usage: python -m products.lint [--readability] DIR…\n")
        return 2
    paths = [found for folder in folders for found in sorted(Path(folder).rglob(DEFINITION))]
    if "--readability" in arguments:
        sys.stdout.write(report([load(path.parent) for path in paths]))
        return 0
    broken = [_told(path) for path in paths]
    return int(any(broken))


def _told(path: Path) -> bool:
    """Print what is wrong with one definition; true when it has an error."""
    findings: tuple[Finding, ...]
    try:
        findings = lint(load(path.parent))
    except DefinitionInvalid as error:
        findings = error.findings
    for finding in findings:
        sys.stdout.write(f"{path}: {finding}\n    {finding.fix_zh}\n    {finding.fix_en}\n")
    sys.stdout.write(f"{path}: {len(findings)} findings\n")
    return any(finding.severity == "E" for finding in findings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
