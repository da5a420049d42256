"""What stands outside the case: its present quote, opened from the vault, and the version that is sold now."""

from datetime import datetime

from evidence.case import Case
from evidence.errors import ObjectErased
from products.compiled import Compiled
from products.formula import Value
from products.ports import Ports
from products.quoting import Quote, values_of
from products.release.flow import for_sale


async def quoted(case: Case, ports: Ports) -> Quote | None:
    """The case's present quote, opened. ObjectErased when it was deleted; None before the first."""
    reading = case.reading
    if reading.quoted_at is None:
        return None
    wanted = (*reading.inputs.values(), *reading.outputs.values(), *((reading.trace,) if reading.trace else ()))
    found = await ports.vault.reveal(case.id, wanted)
    if len(found) != len(set(wanted)):
        raise ObjectErased("the quote was deleted")
    return Quote(
        inputs={name: str(found[item].value) for name, item in reading.inputs.items()},
        outputs={name: str(found[item].value) for name, item in reading.outputs.items()},
        trace=tuple((str(expr), str(value)) for expr, value in found[reading.trace].value) if reading.trace else (),
    )


async def values(case: Case, compiled: Compiled, ports: Ports) -> dict[str, Value]:
    """Every value a text or expression of this case may use."""
    quote = await quoted(case, ports)
    return values_of(compiled, quote.inputs, quote.outputs) if quote else dict(compiled.params)


async def newer_version(case: Case, at: datetime, ports: Ports) -> str | None:
    """`full` of the version sold now, where it is not the one this case pinned. A withdrawn one has none after it."""
    pinned = case.policy.product
    sold = await for_sale(pinned.id, at, ports)
    return sold.hashes.full if sold is not None and sold.hashes.full != pinned.full else None
