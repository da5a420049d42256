"""The table that `make bench` prints and the file it leaves."""

import json

import pytest

from bench import __main__ as program
from bench.table import Metric, encoded, rendered


def test_the_table_sets_each_figure_beside_its_floor_in_columns() -> None:
    metrics = {
        "append": Metric(value=4321.4, unit="events/s", floor=512.0),
        "journey": Metric(value=1.2345, unit="s"),
        "small": Metric(value=0.001234, unit="s"),
    }
    assert rendered(metrics).splitlines() == [
        "measured    value  unit      floor",
        "append      4,321  events/s    512",
        "journey      1.23  s",
        "small     0.00123  s",
    ]


def test_the_file_keeps_value_unit_and_floor_by_name() -> None:
    kept = json.loads(encoded({"append": Metric(value=2.5, unit="ms", floor=1.0), "rss": Metric(value=190, unit="MB")}))
    assert kept == {
        "append": {"value": 2.5, "unit": "ms", "floor": 1.0},
        "rss": {"value": 190.0, "unit": "MB", "floor": None},
    }


def test_an_unknown_benchmark_is_refused_before_anything_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["append", "nothing"]) == 2
    assert "nothing" in capsys.readouterr().err
