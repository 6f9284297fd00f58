"""Every figure that is quoted, against the paper's tables as printed.

Typed from Tables 1, 3 and 7 of
[RelCon](https://arxiv.org/abs/2411.18822). Table 4, whose names of rows are in
the docstring of the released script of these sets alone, is in
`test_published.py`; Tables 5 and 6 are with the ablations. Table 2 is not
quoted: it is of workouts that are not public.
"""

import pytest

from keras_relcon.evaluation import published_rows

# MSE, SDSE, MAE, SDAE, Corr; velocity, then double support time
TABLE_1 = """
SimCLR | .0121 ± .0002 | .0234 ± .0019 | .0827 ± .0020 | .0726 ± .0007 \
| .8454 ± .0133 | .0016 ± .0001 | .0025 ± .0001 | .0317 ± .0009 \
| .0254 ± .0006 | .7074 ± .0136
Aug Pred | .0144 ± .0002 | .0241 ± .0003 | .0940 ± .0007 | .0749 ± .0005 \
| .7950 ± .0035 | .0015 ± .0000 | .0025 ± .0001 | .0296 ± .0002 \
| .0251 ± .0003 | .7214 ± .0029
REBAR | .0147 ± .0010 | .0285 ± .0035 | .0818 ± .0042 | .0818 ± .0042 \
| .7853 ± .0178 | .0016 ± .0001 | .0026 ± .0001 | .0316 ± .0011 \
| .0254 ± .0008 | .6817 ± .0286
RelCon | .0115 ± .0005 | .0190 ± .0013 | .0833 ± .0019 | .0678 ± .0016 \
| .8431 ± .0039 | .0014 ± .0000 | .0024 ± .0001 | .0275 ± .0004 \
| .0249 ± .0004 | .7559 ± .0120
"""
COLUMNS_1 = ("mse", "sdse", "mae", "sdae", "correlation")
# Opportunity F1 and kappa, PAMAP2 F1 and kappa, in percent
TABLE_3 = """
RelCon FM, MLP probe | 69.1 ± 8.3 | 62.1 ± 6.2 | 85.38 ± 3.6 | 84.73 ± 3.6
Yuan et al., MLP probe | 57.0 ± 7.8 | 43.5 ± 9.2 | 72.5 ± 5.4 | 71.7 ± 5.7
RelCon FM, fine-tuned | 98.4 ± 0.9 | 97.9 ± 0.8 | 98.81 ± 1.3 | 98.6 ± 1.6
Yuan et al., fine-tuned | 59.5 ± 8.5 | 47.1 ± 10.4 | 78.9 ± 5.4 | 76.9 ± 5.9
RelCon FM, from scratch | 94.0 ± 1.3 | 92.8 ± 1.8 | 97.5 ± 1.1 | 97.0 ± 1.3
Yuan et al., from scratch | 38.3 ± 12.4 | 23.8 ± 15.4 | 60.5 ± 8.6 \
| 59.6 ± 8.6
"""
TABLE_7 = """
RelCon FM, fine-tuned | 98.1 ± 0.1 | 97.6 ± 1.2 | 97.9 ± 0.5 | 97.5 ± 0.8
Yuan et al., fine-tuned | 59.5 ± 8.5 | 47.1 ± 10. | 78.9 ± 5.4 | 76.9 ± 5.9
RelCon FM, MLP probe | 65.4 ± 12. | 55.7 ± 12. | 62.5 ± 13. | 53.4 ± 6.6
Yuan et al., MLP probe | 57.0 ± 7.8 | 43.5 ± 9.2 | 72.5 ± 5.4 | 71.7 ± 5.7
"""


def cells(table):
    """Yields a row's name and its printed pairs, mean and spread."""
    for line in table.strip().splitlines():
        name, *printed = [cell.strip() for cell in line.split("|")]
        yield name, [tuple(map(float, cell.split("±"))) for cell in printed]


@pytest.mark.parametrize(
    "target, first", [("stride_velocity", 0), ("double_support_time", 5)]
)
def test_table_1_is_quoted_digit_for_digit(target, first):
    rows = published_rows(f"table1_{target}")
    typed = list(cells(TABLE_1))
    assert [row.name for row in rows] == [name for name, _ in typed]
    for row, (name, printed) in zip(rows, typed):
        expected = dict(zip(COLUMNS_1, printed[first : first + 5]))
        assert row.metrics == expected, name
        assert row.source.endswith("Table 1")


@pytest.mark.parametrize("number, table", [(3, TABLE_3), (7, TABLE_7)])
@pytest.mark.parametrize(
    "dataset, first", [("opportunity", 0), ("pamap2_wrist", 2)]
)
def test_tables_3_and_7_are_quoted_digit_for_digit(
    dataset, first, number, table
):
    rows = published_rows(f"table{number}_{dataset}")
    typed = list(cells(table))
    assert [row.name for row in rows] == [name for name, _ in typed]
    for row, (name, printed) in zip(rows, typed):
        assert list(row.metrics) == ["macro_f1", "kappa"]
        for found, percent in zip(
            row.metrics.values(), printed[first : first + 2]
        ):
            expected = [number / 100 for number in percent]
            assert found == pytest.approx(expected, abs=1e-9), name
        assert row.source.endswith(f"Table {number}")


def test_rows_name_who_measured_them():
    """Results of others are quoted from the original work (Tables 3 and 4)."""
    for row in published_rows("table4_hhar"):
        is_relcon = row.name == "RelCon FM"
        assert row.source.startswith("RelCon") is is_relcon
        assert row.source.startswith("Haresamudram") is not is_relcon
        supervised = ("DeepConvLSTM", "Conv classifier", "LSTM classifier")
        assert ("linear probe" in row.protocol) is (row.name not in supervised)
        assert ("Capture-24" in row.note) is (
            row.name not in (*supervised, "RelCon FM")
        )
    for row in published_rows("table3_opportunity"):
        assert row.source.startswith("Yuan") is row.name.startswith("Yuan")
        assert "windows of 10 s" in row.protocol  # A.8
    assert "windows of 2 s" in published_rows("table4_hhar")[0].protocol  # A.8
