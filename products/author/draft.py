"""A skeleton of a product from a wording. A machine proposes; every node waits for a person to confirm it.

`confirmed.yaml` beside the skeleton lists the nodes. It holds the hash of each node's words: when these change, the
confirmation no longer counts.
"""

import hashlib
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import yaml

from products.author.errors import AlreadyThere, FileMissing
from products.author.quantities import Quantity
from products.author.reading import read
from products.author.segment import Segmented, SegmentedClause, segment
from products.load import DEFINITION

SIDECAR = "confirmed.yaml"
SOURCE = "source.txt"
_UNITS = {
    "day": "days", "workday": "workdays", "year": "years", "month": "months", "hour": "hours", "minute": "minutes",
    "age": "age", "money": "money", "percent": "percent", "count": "count", "times": "number", "ratio": "number",
}  # fmt: skip


def write_draft(file: Path, folder: Path) -> int:
    """Writes source.txt, product.yaml and confirmed.yaml into an empty folder; the number of nodes to confirm."""
    if not file.is_file():
        raise FileMissing(str(file))
    if folder.exists() and any(folder.iterdir()):
        raise AlreadyThere(str(folder))
    text = unicodedata.normalize("NFC", read(file).text).lstrip("\ufeff")
    found = segment(text, SOURCE)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SOURCE).write_text(text, "utf-8", newline="\n")
    (folder / DEFINITION).write_text(_skeleton(found, text), "utf-8")
    nodes = [_node(found, clause) for clause in found.clauses]
    (folder / SIDECAR).write_text(
        "# 逐条核对后填写 confirmed_by；原文变动后须重新确认。\n"
        "# Check each node, then name who confirmed it; when the words change, confirm again.\n"
        + yaml.safe_dump(
            {"source_sha256": hashlib.sha256(text.encode()).hexdigest(), "nodes": nodes},
            allow_unicode=True,
            sort_keys=False,
        ),
        "utf-8",
    )
    return len(nodes)


def unconfirmed(folder: Path) -> Iterator[str]:
    """Ids of nodes nobody confirmed, or whose words are not those that were confirmed. Nothing without a sidecar."""
    sidecar = folder / SIDECAR
    if not sidecar.is_file():
        return
    held = yaml.safe_load(sidecar.read_text("utf-8"))
    nodes = held.get("nodes") if isinstance(held, dict) else None
    if not isinstance(nodes, list):
        yield SIDECAR
        return
    found = segment((folder / SOURCE).read_text("utf-8"), SOURCE)
    words = {clause.id: _sha256(found, clause) for clause in found.clauses}
    confirmed = {
        str(node.get("id")): str(node.get("sha256"))
        for node in nodes
        if isinstance(node, dict) and str(node.get("confirmed_by") or "").strip()
    }
    yield from (name for name, sha256 in words.items() if confirmed.get(name) != sha256)


def _node(found: Segmented, clause: SegmentedClause) -> dict[str, object]:
    return {
        "id": clause.id,
        "number": clause.number,
        "title": clause.title,
        "category": clause.category,
        "limits_provider": clause.limits_provider,
        "numbers": [f"{q.value} {q.unit} {q.text}" for q in clause.numbers],
        "sha256": _sha256(found, clause),
        "confirmed_by": None,
    }


def _sha256(found: Segmented, clause: SegmentedClause) -> str:
    return hashlib.sha256(found.text[clause.start : clause.end].encode()).hexdigest()


def _skeleton(found: Segmented, text: str) -> str:
    """A definition whose texts are still to be written: it does not load before a person wrote them."""
    params = {
        f"{clause.id.replace('.', '_')}_{at}": _param(clause, quantity)
        for clause in found.clauses
        for at, quantity in enumerate(clause.numbers, 1)
        if quantity.unit in _UNITS
    }
    top: dict[str, object] = {
        "format": "product/1",
        "id": "draft",
        "version": 1,
        "status": "draft",
        "source": {"file": SOURCE, "sha256": hashlib.sha256(text.encode()).hexdigest(), "normalise": "nfc+lf"},
        "params": params,
        "clauses": [_clause(found, clause) for clause in found.clauses if clause.parent is None],
    }
    return yaml.safe_dump(top, allow_unicode=True, sort_keys=False, width=120)


def _param(clause: SegmentedClause, quantity: Quantity) -> dict[str, object]:
    return {"value": quantity.value, "unit": _UNITS[quantity.unit], "clause": clause.id, "quote": quantity.text}


def _clause(found: Segmented, clause: SegmentedClause) -> dict[str, object]:
    children = [_clause(found, child) for child in found.clauses if child.parent == clause.id]
    node: dict[str, object] = {
        "id": clause.id,
        "cat": clause.category,
        "src": clause.src,
        "title": {"zh-CN": clause.title} if clause.title else None,
        "one": None,
        "must_read": clause.limits_provider,
        "limits_provider": clause.limits_provider,
    }
    if children:
        node["children"] = children
    return {name: value for name, value in node.items() if value is not None or name == "one"}
