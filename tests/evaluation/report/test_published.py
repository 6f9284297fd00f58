import numpy as np
import pytest

from keras_relcon.evaluation import (
    PublishedRow,
    cross_validate,
    held_out,
    published_rows,
)

TABLE_4 = {
    # HHAR, MotionSense, PAMAP2 ankle: macro-F1 in percent
    "RelCon FM": "57.63±3.24 80.35±0.71 53.98±0.76",
    "Aug Pred": "50.95±2.70 74.96±1.37 46.90±1.14",
    "SimCLR": "55.93±1.75 83.93±1.78 50.75±2.97",
    "SimSiam": "45.36±4.98 71.91±12.3 47.85±2.48",
    "BYOL": "40.66±4.08 66.44±2.76 43.89±3.35",
    "MAE": "43.48±2.84 61.14±3.45 42.32±1.63",
    "CPC": "56.24±0.98 72.89±2.06 45.84±1.39",
    "Autoencoder": "53.57±1.14 55.12±3.46 50.79±1.09",
    "DeepConvLSTM": "54.39±2.28 84.56±0.85 51.22±1.91",
    "Conv classifier": "55.43±1.21 89.25±0.50 59.76±1.53",
    "LSTM classifier": "37.42±5.04 86.74±0.29 48.61±1.82",
}


def test_table_4_is_quoted_digit_for_digit():
    for column, name in enumerate(("hhar", "motionsense", "pamap2_ankle")):
        rows = published_rows(f"table4_{name}")
        assert [row.name for row in rows] == list(TABLE_4)
        for row in rows:
            printed = TABLE_4[row.name].split()[column].split("±")
            found = 100 * np.array(row.metrics["macro_f1"])
            assert found == pytest.approx([float(part) for part in printed])


def test_table_3_says_that_the_released_folds_leak():
    rows = published_rows("table3_opportunity")
    rows += published_rows("table3_pamap2_wrist")
    assert len(rows) == 12
    for row in rows:
        is_relcon = row.name.startswith("RelCon")
        assert ("leak" in row.note) == is_relcon
        assert set(row.metrics) == {"macro_f1", "kappa"}
    by_name = {row.name: row.metrics for row in rows[6:]}
    assert by_name["RelCon FM, MLP probe"]["macro_f1"] == (0.8538, 0.036)
    assert by_name["Yuan et al., from scratch"]["kappa"] == (0.596, 0.086)


def test_table_1_is_other_data_and_in_the_units_of_the_target():
    for target in ("stride_velocity", "double_support_time"):
        rows = published_rows(f"table1_{target}")
        assert len(rows) == 4
        for row in rows:
            assert "Other data" in row.note
            mse, mae, sdae = (
                row.metrics[name][0] for name in ("mse", "mae", "sdae")
            )
            is_misprint = "printed" in row.note
            # sdae**2 = mse - mae**2 as far as four decimals tell
            fits = abs(mse - mae**2 - sdae**2) < 2.2e-4
            assert fits is not is_misprint, (target, row.name)


def test_bad_rows_raise_before_any_fold_is_run(make_labelled_windows):
    class Task:
        kind = "classification"

        def fit(self, *args):
            pytest.fail("a fold was run")

    windows = make_labelled_windows(num_subjects=3, num_each=2)
    with pytest.raises(TypeError, match="sequence of `PublishedRow`.*'SimCLR'"):
        cross_validate(
            Task(),
            None,
            windows,
            held_out(windows.subjects),
            published=["SimCLR"],
        )


def test_unknown_tables_and_bad_rows_raise():
    with pytest.raises(ValueError, match="table4_motionsense.*'table4'"):
        published_rows("table4")
    with pytest.raises(ValueError, match=r"pair \(mean, std\).*macro_f1=0.5"):
        PublishedRow("a", {"macro_f1": 0.5}, "source", "protocol")
