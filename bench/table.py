"""One measured number, how it is printed, and how it is kept."""

from collections.abc import Awaitable, Callable, Mapping

import msgspec


class Metric(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`floor` is what the machine alone would take or give for the same work, in the same unit: a bare fsync, an empty
    request. None where nothing of the kind exists. It is measured beside the value, never remembered.
    """

    value: float
    unit: str
    floor: float | None = None


Measure = Callable[[], Awaitable[dict[str, Metric]]]
"""What every module named in `bench/__main__.py` offers as `measure`."""


def rendered(metrics: Mapping[str, Metric]) -> str:
    """Lines of `name value unit floor`, in columns."""
    rows = [("measured", "value", "unit", "floor")]
    rows += [
        (name, _figure(metric.value), metric.unit, "" if metric.floor is None else _figure(metric.floor))
        for name, metric in metrics.items()
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        f"{name:<{widths[0]}}  {value:>{widths[1]}}  {unit:<{widths[2]}}  {floor:>{widths[3]}}".rstrip()
        for name, value, unit, floor in rows
    )


def encoded(metrics: Mapping[str, Metric]) -> bytes:
    """`{"name": {"value": …, "unit": …, "floor": …}}`, indented, ending in a newline."""
    return msgspec.json.format(msgspec.json.encode(dict(metrics)), indent=2) + b"\n"


def _figure(number: float) -> str:
    """Three significant digits, never in scientific notation."""
    if number == 0 or abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.2f}" if abs(number) >= 1 else f"{number:.3g}"
