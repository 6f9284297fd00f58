"""Rows that are quoted from publications, and those of RelCon's paper."""

import dataclasses

from keras_relcon.evaluation.metrics.regression import METRICS as REGRESSION

_PAPER = "RelCon, arXiv 2411.18822"
_HARESAMUDRAM = "Haresamudram et al. 2022, quoted in " + _PAPER
_YUAN = "Yuan et al. 2024, quoted in " + _PAPER
_TABLE_4_PROTOCOL = (
    "Five folds over subjects, windows of 2 s at 100 Hz, macro-F1 over folds; "
    "{}"
)
_FROZEN = "frozen embedding and linear probe."
_SUPERVISED = "trained on the labels alone."
_TABLE_4_NOTES = {
    "RelCon FM": (
        "Pretrained on AHMS, which is not public. The released command "
        "fits a probe on fold 0 only and tests the other folds with it."
    ),
    "ssl": "Pretrained on Capture-24, wrist, 151 subjects.",
    "supervised": "",
}
# HHAR, MotionSense, PAMAP2 ankle: macro-F1 in percent
_TABLE_4 = (
    ("RelCon FM", "57.63 3.24", "80.35 0.71", "53.98 0.76"),
    ("Aug Pred", "50.95 2.70", "74.96 1.37", "46.90 1.14"),
    ("SimCLR", "55.93 1.75", "83.93 1.78", "50.75 2.97"),
    ("SimSiam", "45.36 4.98", "71.91 12.3", "47.85 2.48"),
    ("BYOL", "40.66 4.08", "66.44 2.76", "43.89 3.35"),
    ("MAE", "43.48 2.84", "61.14 3.45", "42.32 1.63"),
    ("CPC", "56.24 0.98", "72.89 2.06", "45.84 1.39"),
    ("Autoencoder", "53.57 1.14", "55.12 3.46", "50.79 1.09"),
    ("DeepConvLSTM", "54.39 2.28", "84.56 0.85", "51.22 1.91"),
    ("Conv classifier", "55.43 1.21", "89.25 0.50", "59.76 1.53"),
    ("LSTM classifier", "37.42 5.04", "86.74 0.29", "48.61 1.82"),
)
_SUPERVISED_ROWS = ("DeepConvLSTM", "Conv classifier", "LSTM classifier")
# Opportunity F1 and kappa, PAMAP2 wrist F1 and kappa, in percent
_TABLE_3 = (
    ("RelCon FM", "MLP probe", "69.1 8.3 62.1 6.2 85.38 3.6 84.73 3.6"),
    ("Yuan et al.", "MLP probe", "57.0 7.8 43.5 9.2 72.5 5.4 71.7 5.7"),
    ("RelCon FM", "fine-tuned", "98.4 0.9 97.9 0.8 98.81 1.3 98.6 1.6"),
    ("Yuan et al.", "fine-tuned", "59.5 8.5 47.1 10.4 78.9 5.4 76.9 5.9"),
    ("RelCon FM", "from scratch", "94.0 1.3 92.8 1.8 97.5 1.1 97.0 1.3"),
    ("Yuan et al.", "from scratch", "38.3 12.4 23.8 15.4 60.5 8.6 59.6 8.6"),
)
# The same columns, with a ResNet-18 of 1,024 dimensions for both.
_TABLE_7 = (
    ("RelCon FM", "fine-tuned", "98.1 0.1 97.6 1.2 97.9 0.5 97.5 0.8"),
    ("Yuan et al.", "fine-tuned", "59.5 8.5 47.1 10. 78.9 5.4 76.9 5.9"),
    ("RelCon FM", "MLP probe", "65.4 12. 55.7 12. 62.5 13. 53.4 6.6"),
    ("Yuan et al.", "MLP probe", "57.0 7.8 43.5 9.2 72.5 5.4 71.7 5.7"),
)
_TABLE_3_PROTOCOL = (
    "Leave one subject out, windows of 10 s, {}; macro-F1 and kappa over "
    "subjects."
)
_TABLE_3_NOTES = {
    "RelCon FM": (
        "The released folds leak: most of them hold windows of the test "
        "subject in the training part. Not a figure to reproduce."
    ),
    "Yuan et al.": (
        "Clean folds, but resampled to 30 Hz, with another validation "
        "subject and other training settings than RelCon's rows."
    ),
}
# MSE, SDSE, MAE, SDAE, correlation
_TABLE_1 = {
    "stride_velocity": (
        (
            "SimCLR",
            ".0121 .0002 .0234 .0019 .0827 .0020 .0726 .0007 .8454 .0133",
        ),
        (
            "Aug Pred",
            ".0144 .0002 .0241 .0003 .0940 .0007 .0749 .0005 .7950 .0035",
        ),
        (
            "REBAR",
            ".0147 .0010 .0285 .0035 .0818 .0042 .0818 .0042 .7853 .0178",
        ),
        (
            "RelCon",
            ".0115 .0005 .0190 .0013 .0833 .0019 .0678 .0016 .8431 .0039",
        ),
    ),
    "double_support_time": (
        (
            "SimCLR",
            ".0016 .0001 .0025 .0001 .0317 .0009 .0254 .0006 .7074 .0136",
        ),
        (
            "Aug Pred",
            ".0015 .0000 .0025 .0001 .0296 .0002 .0251 .0003 .7214 .0029",
        ),
        (
            "REBAR",
            ".0016 .0001 .0026 .0001 .0316 .0011 .0254 .0008 .6817 .0286",
        ),
        (
            "RelCon",
            ".0014 .0000 .0024 .0001 .0275 .0004 .0249 .0004 .7559 .0120",
        ),
    ),
}
_TABLE_1_PROTOCOL = (
    "Linear regression on frozen embeddings, half of 359 subjects tested; "
    "by subject; the spread is that of five seeds of the probe."
)
_OTHER_DATA = (
    "Other data, which are not public: walks over a pressure mat, sensors at "
    "the waist."
)


@dataclasses.dataclass(frozen=True)
class PublishedRow:
    """Scores that are quoted from a publication and not measured here.

    Args:
        name: str. The method, as the publication calls it.
        metrics: dict of a metric of `Report` to `(mean, std)`, where `std` is
            `None` if none is published. Fractions for classification; the
            unit of the target for a regression.
        source: str. Publication and table.
        protocol: str. A sentence on which subjects were tested and how.
        note: str. What limits a comparison. Defaults to none.

    Raises:
        ValueError: if a metric is not a pair: a number, and a number or
            `None`.
    """

    name: str
    metrics: dict[str, tuple[float, float | None]]
    source: str
    protocol: str
    note: str = ""

    def __post_init__(self):
        for metric, value in self.metrics.items():
            if not _is_pair(value):
                raise ValueError(
                    "A published metric must be a pair (mean, std), with std "
                    f"None if it is not known. Received: {metric}={value!r} "
                    f"in {self.name!r}. Write ({value!r}, None)."
                )


def check_published(rows):
    """Returns the rows as a tuple, or raises a TypeError.

    Args:
        rows: sequence of `PublishedRow`.
    """
    rows = tuple(rows)
    for row in rows:
        if not isinstance(row, PublishedRow):
            raise TypeError(
                "`published` must be a sequence of `PublishedRow`. Received: "
                f"{row!r} in it. Make it with `published_rows(name)`."
            )
    return rows


def _is_pair(value):
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        return False
    mean, std = value
    numbers = (int, float)
    return isinstance(mean, numbers) and (
        std is None or isinstance(std, numbers)
    )


def published_rows(name: str) -> list[PublishedRow]:
    """Rows of a table of [RelCon](https://arxiv.org/abs/2411.18822).

    - `"table4_hhar"`, `"table4_motionsense"`, `"table4_pamap2_ankle"`: the
      comparison of Haresamudram et al. 2022 with RelCon's row;
    - `"table3_opportunity"`, `"table3_pamap2_wrist"`: RelCon and Yuan et al.
      2024, probed, fine-tuned and from scratch;
    - `"table7_opportunity"`, `"table7_pamap2_wrist"`: the same with one
      architecture for both, a ResNet-18;
    - `"table1_stride_velocity"`, `"table1_double_support_time"`: gait, on
      data that are not public.

    Args:
        name: str. One of these.

    Returns:
        list of `PublishedRow`; pass it to `cross_validate` or `Report`.

    Raises:
        ValueError: if there is no such table; the message lists all.

    Example:
    >>> published_rows("table4_motionsense")[0].metrics
    {'macro_f1': (0.8035, 0.0071)}
    """
    tables = {
        "table4_hhar": lambda: _table_4(0),
        "table4_motionsense": lambda: _table_4(1),
        "table4_pamap2_ankle": lambda: _table_4(2),
        "table3_opportunity": lambda: _table_3(0),
        "table3_pamap2_wrist": lambda: _table_3(1),
        "table7_opportunity": lambda: _table_3(0, _TABLE_7, 7),
        "table7_pamap2_wrist": lambda: _table_3(1, _TABLE_7, 7),
        "table1_stride_velocity": lambda: _table_1("stride_velocity"),
        "table1_double_support_time": lambda: _table_1("double_support_time"),
    }
    if name not in tables:
        raise ValueError(
            f"`name` must be one of {sorted(tables)}. Received: "
            f"name={name!r}. Use one of these, or make `PublishedRow`s."
        )
    return tables[name]()


def _table_4(column):
    rows = []
    for name, *scores in _TABLE_4:
        kind = "supervised" if name in _SUPERVISED_ROWS else "ssl"
        way = _SUPERVISED if kind == "supervised" else _FROZEN
        source = _PAPER if name == "RelCon FM" else _HARESAMUDRAM
        rows.append(
            PublishedRow(
                name=name,
                metrics={"macro_f1": _pairs(scores[column], 100)[0]},
                source=f"{source}, Table 4",
                protocol=_TABLE_4_PROTOCOL.format(way),
                note=_TABLE_4_NOTES.get(name, _TABLE_4_NOTES[kind]),
            )
        )
    return rows


def _table_3(dataset, table=_TABLE_3, number=3):
    return [
        PublishedRow(
            name=f"{name}, {way}",
            metrics=dict(
                zip(("macro_f1", "kappa"), _pairs(printed, 100)[2 * dataset :])
            ),
            source=(_PAPER if name == "RelCon FM" else _YUAN)
            + f", Table {number}",
            protocol=_TABLE_3_PROTOCOL.format(way),
            note=_TABLE_3_NOTES[name],
        )
        for name, way, printed in table
    ]


def _table_1(target):
    rows = []
    for name, printed in _TABLE_1[target]:
        note = _OTHER_DATA
        if (name, target) == ("REBAR", "stride_velocity"):
            note += " SDAE is printed with the value of MAE."
        rows.append(
            PublishedRow(
                name=name,
                metrics=dict(zip(REGRESSION, _pairs(printed))),
                source=f"{_PAPER}, Table 1",
                protocol=_TABLE_1_PROTOCOL,
                note=note,
            )
        )
    return rows


def _pairs(printed, scale=1):
    """Pairs of mean and deviation, from the printed row of a table."""
    numbers = [round(float(part) / scale, 6) for part in printed.split()]
    return list(zip(numbers[::2], numbers[1::2]))
