import csv
import io

import numpy as np
import pytest
from matplotlib.figure import Figure

from rankbound.bounds.errors import DomainError
from rankbound.figures.output import csv_text, data_of, keep


def axes():
    return Figure().add_subplot()


def test_rows_of_several_curves_follow_each_other():
    ax = keep(axes(), {"x": [1, 2], "y": np.array([0.5, 0.1 + 0.2])})
    keep(ax, {"x": [3], "y": [1.0]})
    assert data_of(ax)["x"] == [1, 2, 3]
    rows = list(csv.DictReader(io.StringIO(csv_text(ax))))
    assert float(rows[1]["y"]) == 0.3


def test_hostile_text_is_one_cell():
    name = 'a,"b"\n=1+1'
    ax = keep(axes(), {"name": [name]})
    assert list(csv.reader(io.StringIO(csv_text(ax))))[1] == [name]


@pytest.mark.parametrize("columns", [{"x": [1], "y": []}, {"z": [1]}])
def test_what_makes_no_table_is_refused(columns):
    ax = keep(axes(), {"x": [1], "y": [2]})
    with pytest.raises(DomainError):
        keep(ax, columns)


def test_axes_without_data_have_none():
    assert data_of(axes()) == {}
