import csv
import io

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_assets.exports.text_cells import one_line, tab_separated, without_formulas


@settings(deadline=None)
@given(st.text())
def test_any_text_stays_in_its_cell(text):
    line = tab_separated([[one_line(text), "end"]]).decode()
    assert line.count("\n") == 1
    assert len(line.splitlines()) == 1
    assert line.count("\t") == 1


@pytest.mark.parametrize("text", ["=1+1", "+1+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "  =1"])
def test_formulas_get_an_apostrophe(text):
    assert without_formulas(pd.DataFrame({"a": [text]}))["a"][0] == f"'{text}"
    assert list(without_formulas(pd.DataFrame({text: [1]}))) == [f"'{text}"]


@pytest.mark.parametrize("value", ["-5", "+1.5e-3", ".5", "a=b", "", "it's", -5.0, None])
def test_numbers_and_plain_text_are_left_alone(value):
    frame = pd.DataFrame({"a": pd.Series([value], dtype=object)})
    assert without_formulas(frame)["a"][0] == value
    assert frame["a"][0] == value


def test_the_frame_itself_is_not_changed_and_line_ends_survive_quoting():
    frame = pd.DataFrame({"a": ["=x", "two\nlines"]})
    text = io.StringIO(without_formulas(frame).to_csv(index=False))
    assert frame["a"][0] == "=x"
    assert [row["a"] for row in csv.DictReader(text)] == ["'=x", "two\nlines"]


def test_missing_values_are_empty():
    assert [one_line(v) for v in (None, float("nan"), pd.NaT, 3)] == ["", "", "", "3"]
