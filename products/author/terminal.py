"""What an author sees in a terminal."""

from collections.abc import Iterator

from products.author.segment import Segmented


def tree_lines(found: Segmented) -> Iterator[str]:
    """The proposed tree: number, title, category; `!` marks what lessens the provider's duty."""
    yield f"{found.file} ({found.format}, {found.length} characters, {found.style})"
    for piece in found.skipped:
        yield f"  - {piece.start}-{piece.end} {piece.reason}"
    for clause in found.clauses:
        words = clause.title or found.text[clause.body : clause.end].strip()[:24].replace("\n", " ")
        numbers = ", ".join(f"{q.value} {q.unit}" for q in clause.numbers[:4])
        mark = "!" if clause.limits_provider else " "
        indent = "  " * clause.level
        yield f"{mark}{indent}{clause.number or '-'} {words}  [{clause.category}]" + (f"  {numbers}" if numbers else "")
    for damage in found.findings:
        yield f"  ? {damage.clause or '-'} {damage.kind}: {damage.zh} {damage.en}"
