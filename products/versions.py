"""Every product version there is, by id and version. A version once published never changes (PRD-06)."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from evidence.case import Case
from products.compiled import Compiled
from products.errors import DefinitionInvalid, ProductMismatch, ProductUnknown
from products.lint import lint
from products.load import DEFINITION, load

_DRAFT = re.compile(r"^status: draft\s*$", re.MULTILINE)


class Catalogue:
    """In memory; loaded once at start."""

    def __init__(self, products: Iterable[Compiled]) -> None:
        self._products: dict[tuple[str, int], Compiled] = {}
        for compiled in products:
            key = (compiled.product.id, compiled.product.version)
            if key in self._products:
                raise ValueError(f"{key[0]} version {key[1]} is there twice")
            self._products[key] = compiled

    @classmethod
    def load(cls, folder: Path) -> "Catalogue":
        """Every `product.yaml` under `folder`. DefinitionInvalid when one on sale has an error of lint (PRD-02).

        A draft may be broken: then it is not in the catalogue, and `python -m products.lint` says why.
        """
        found: list[Compiled] = []
        for path in sorted(folder.rglob(DEFINITION)):
            try:
                compiled = load(path.parent)
            except DefinitionInvalid:
                if _DRAFT.search(path.read_text("utf-8", "replace")):
                    continue
                raise
            errors = tuple(finding for finding in lint(compiled) if finding.severity == "E")
            if errors and compiled.product.status == "on_sale":
                raise DefinitionInvalid(errors)
            found.append(compiled)
        return cls(found)

    def get(self, product: str, version: int | None = None) -> Compiled:
        """That version, or the newest one on sale (the newest of all when none is). ProductUnknown otherwise."""
        if version is not None:
            found = self._products.get((product, version))
            if found is None:
                raise ProductUnknown("no such version")
            return found
        versions = [compiled for (name, _), compiled in self._products.items() if name == product]
        if not versions:
            raise ProductUnknown("no such product")
        return max(versions, key=lambda item: (item.product.status == "on_sale", item.product.version))

    def names(self) -> tuple[str, ...]:
        return tuple(sorted({name for name, _ in self._products}))

    def versions(self, product: str) -> tuple[Compiled, ...]:
        """All versions of a product, the newest first; empty when there is no such product."""
        found = [compiled for (name, _), compiled in self._products.items() if name == product]
        return tuple(sorted(found, key=lambda item: -item.product.version))

    def of(self, case: Case) -> Compiled:
        """The exact version a case pinned. ProductMismatch when what is stored hashes to something else."""
        pinned = case.policy.product
        compiled = self.get(pinned.id, pinned.version)
        if compiled.hashes.full != pinned.full:
            raise ProductMismatch(f"{pinned.id} version {pinned.version}")
        return compiled

    def on_sale(self, at: datetime) -> tuple[Compiled, ...]:
        """The newest version of each product whose definition says so and whose period runs, in order of id.

        Whether it was published, and not withdrawn, stands in the product's stream: `products.release`.
        """
        newest = map(self.get, self.names())
        return tuple(item for item in newest if item.product.status == "on_sale" and is_on_sale(item, at))


def is_on_sale(compiled: Compiled, at: datetime) -> bool:
    """Whether its definition lets it be sold at this moment, in local time of its region: `[from, to)`."""
    sale = compiled.product.sale
    start = datetime.fromisoformat(f"{sale.from_}T00:00:00{sale.zone}")
    end = datetime.fromisoformat(f"{sale.to}T00:00:00{sale.zone}") if sale.to else None
    now = at.astimezone(UTC)
    return compiled.product.status in ("approved", "on_sale") and start <= now and (end is None or now < end)
