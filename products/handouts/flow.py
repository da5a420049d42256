"""A handout of the version on sale, typeset beside the event loop. Too long, and there is none."""

import asyncio
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Protocol

import msgspec

from evidence.events import Locale
from products.compiled import Compiled
from products.errors import HandoutTooLong, ProductUnknown
from products.handouts.content import MOST_PAGES, Form, sheet
from products.ports import Ports
from products.release.flow import for_sale


class Typesetter(Protocol):
    """A typst source and its data to the bytes of a PDF and its number of pages; the same every time. CPU work."""

    def __call__(self, source: bytes, data: dict[str, Any], at: datetime) -> tuple[bytes, int]: ...


async def handout(product: str, form: Form, locale: Locale, ports: Ports, typeset: Typesetter) -> bytes:
    """The PDF. ProductUnknown, HandoutUnavailable, HandoutTooLong."""
    compiled = await for_sale(product, ports.now(), ports)
    if compiled is None:
        raise ProductUnknown("not on sale")
    return await asyncio.to_thread(made, compiled, form, locale, typeset)


def made(compiled: Compiled, form: Form, locale: Locale, typeset: Typesetter) -> bytes:
    """The same product version gives the same bytes: its time is the first day of its sale."""
    data: dict[str, Any] = msgspec.to_builtins(sheet(compiled, form, locale))
    source = files("products.handouts").joinpath("handout.typ").read_bytes()
    at = datetime.fromisoformat(compiled.product.sale.from_).replace(tzinfo=UTC)
    pdf, pages = typeset(source, data, at)
    if pages > MOST_PAGES[form]:
        most = MOST_PAGES[form]
        raise HandoutTooLong(f"{pages} pages, at most {most}", pages=pages, most=most)
    return pdf
