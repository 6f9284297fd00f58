import dataclasses
import functools
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import keras

from keras_relcon.checks import message, nearest
from keras_relcon.data import (
    read_ipol_gait,
    read_motionsense,
    read_wisdm_watch,
    tfds_recordings,
)
from keras_relcon.evaluation.cross_validate import cross_validate
from keras_relcon.evaluation.protocols.folds import few_labels
from keras_relcon.evaluation.protocols.hhar_table4 import (
    hhar_folds,
    hhar_windows,
)
from keras_relcon.evaluation.protocols.ipol_gait import (
    ipol_gait_folds,
    ipol_gait_windows,
)
from keras_relcon.evaluation.protocols.motionsense_table4 import (
    motionsense_folds,
    motionsense_windows,
)
from keras_relcon.evaluation.protocols.opportunity_table3 import (
    opportunity_folds,
    opportunity_windows,
)
from keras_relcon.evaluation.protocols.pamap2 import (
    pamap2_ankle_folds,
    pamap2_ankle_windows,
    pamap2_wrist_folds,
    pamap2_wrist_windows,
)
from keras_relcon.evaluation.protocols.wisdm_watch import (
    wisdm_watch_folds,
    wisdm_watch_windows,
)
from keras_relcon.evaluation.report.published import published_rows
from keras_relcon.evaluation.report.report import Report
from keras_relcon.evaluation.tasks.linear_probe import LinearProbe
from keras_relcon.evaluation.tasks.mlp_probe import MLPProbe
from keras_relcon.evaluation.tasks.ridge_probe import RidgeProbe
from keras_relcon.evaluation.tasks.task import AnyTask
from keras_relcon.types import PathLike


@dataclasses.dataclass(frozen=True)
class Benchmark:
    """A data set with its windows, its protocol and its task.

    Attributes:
        name: str.
        title: str. What is predicted, from where on the body, on whom.
        read: callable. Turns the path to the data into `Recording`s, or for
            IPOL into pairs of a `Recording` and its `Interval`s.
        windows: callable. Turns those into `Windows`.
        folds: callable. Turns the windows into the protocol, a list of
            `Fold`.
        task: callable without arguments. Returns the task, not fitted.
        standardize: bool. See `cross_validate`. Defaults to `False`.
        published: str or None. Name of the rows that are quoted beside the
            results, see `published_rows`. Defaults to `None`.
        has_variants: bool. Whether `windows` and `folds` accept
            `variant="released"`, which leaks. Defaults to `False`.
    """

    name: str
    title: str
    read: object
    windows: object
    folds: object
    task: object
    standardize: bool = False
    published: str | None = None
    has_variants: bool = False


def _from_tfds(name):
    return lambda data_dir: list(tfds_recordings(name, data_dir=data_dir))


def _ipol(target, title):
    return Benchmark(
        f"ipol_gait_{target}",
        f"{title} of each foot's windows, by subject; 50/50 splits, 5 seeds",
        read_ipol_gait,
        ipol_gait_windows,
        lambda windows: ipol_gait_folds(windows.subjects),
        functools.partial(RidgeProbe.preset, "table1", target=target),
    )


BENCHMARKS = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark(
            "table4_hhar",
            "6 activities, watch, 9 subjects, 5 folds; Table 4",
            _from_tfds("hhar/watch"),
            hhar_windows,
            lambda windows: hhar_folds(),
            functools.partial(LinearProbe.preset, "table4"),
            standardize=True,
            published="table4_hhar",
        ),
        Benchmark(
            "table4_motionsense",
            "6 activities, trouser pocket, 24 subjects, 5 folds; Table 4",
            read_motionsense,
            motionsense_windows,
            lambda windows: motionsense_folds(),
            functools.partial(LinearProbe.preset, "table4"),
            standardize=True,
            published="table4_motionsense",
        ),
        Benchmark(
            "table4_pamap2_ankle",
            "12 activities, ankle, 9 subjects, 5 folds; Table 4",
            _from_tfds("pamap2/ankle"),
            pamap2_ankle_windows,
            lambda windows: pamap2_ankle_folds(),
            functools.partial(LinearProbe.preset, "table4"),
            standardize=True,
            published="table4_pamap2_ankle",
        ),
        Benchmark(
            "table3_opportunity",
            "4 modes of locomotion, wrist, leave one of 4 subjects out; "
            "Table 3",
            _from_tfds("opportunity/right_wrist"),
            opportunity_windows,
            lambda windows, variant: opportunity_folds(
                variant, windows=windows
            ),
            functools.partial(MLPProbe.preset, "table3"),
            published="table3_opportunity",
            has_variants=True,
        ),
        Benchmark(
            "table3_pamap2_wrist",
            "8 activities, wrist, leave one of 8 subjects out; Table 3",
            _from_tfds("pamap2/hand"),
            lambda recordings, variant: pamap2_wrist_windows(recordings),
            lambda windows, variant: pamap2_wrist_folds(
                variant, windows=windows
            ),
            functools.partial(MLPProbe.preset, "table3"),
            published="table3_pamap2_wrist",
            has_variants=True,
        ),
        Benchmark(
            "wisdm_watch",
            "18 activities, wrist, 10 subjects held out of pretraining, "
            "5 folds",
            read_wisdm_watch,
            wisdm_watch_windows,
            lambda windows: wisdm_watch_folds(),
            functools.partial(LinearProbe.preset, "table4"),
        ),
        _ipol("stride_time_s", "Stride time"),
        _ipol("walking_speed_m_s", "Walking speed"),
    )
}


def run_benchmark(
    name: str,
    data: PathLike | Sequence[Any],
    encoder: keras.Model | Mapping[str, keras.Model] | None,
    task: AnyTask | None = None,
    standardize: bool | None = None,
    variant: Literal["corrected", "released"] = "corrected",
    label_fraction: float = 1.0,
    seed: int = 0,
    **kwargs: Any,
) -> Report:
    """Runs a named benchmark on a data set on disk.

    Published rows are quoted beside the results, unless `standardize` or
    `label_fraction` differ from those of the benchmark.

    Args:
        name: str. A key of `BENCHMARKS`.
        data: str or path. The archive of MotionSense, WISDM or IPOL; for the
            other benchmarks, TFDS's `data_dir` with the prepared builder of
            `tfds_builders`. Or recordings as `Benchmark.read` returns them.
        encoder: see `cross_validate`.
        task: a task, or `None` for the task of the benchmark. Defaults to
            `None`.
        standardize: bool, or `None` for the choice of the benchmark. Defaults
            to `None`.
        variant: `"corrected"`, or `"released"` to do what the authors' code
            does where it leaks test subjects (Table 3). Every output then
            says so. Defaults to `"corrected"`.
        label_fraction: float in `(0, 1]`. Share of the training and
            validation subjects that is used, see `few_labels`. Defaults to
            `1.0`.
        seed: int. Seed of the untrained control and of `few_labels`.
            Defaults to `0`.
        **kwargs: `controls`, `batch_size`, `cache_dir`, `progress` and
            `source` of `cross_validate`; `source` defaults to the name of the
            archive.

    Returns:
        `Report`.

    Raises:
        FileNotFoundError: if there is no such archive.
        ImportError: for a TFDS dataset, if `tensorflow_datasets` is not
            installed.
        TypeError: as `cross_validate`.
        ValueError: if there is no such benchmark or variant, `label_fraction`
            is outside `(0, 1]`, or the data are not those of the benchmark;
            and as `cross_validate`.

    Example:
    ```python
    report = run_benchmark("table4_motionsense", "A_DeviceMotion_data.zip",
                           encoder, cache_dir="cache")
    report.save("report")
    ```
    """
    benchmark = _find(name)
    options = _variant_options(benchmark, variant)
    if isinstance(data, (str, os.PathLike)):
        recordings, source = benchmark.read(data), os.path.basename(data)
        if os.path.isfile(data):  # a folder is not named after its set
            kwargs.setdefault("source", os.path.splitext(source)[0])
    else:
        recordings, source = list(data), "recordings"
    cut = benchmark.windows(recordings, **options)
    windows = cut.select(cut.valid)
    folds = benchmark.folds(windows, **options)
    if label_fraction != 1.0:
        folds = few_labels(folds, label_fraction, seed)
    if standardize is None:
        standardize = benchmark.standardize
    is_altered = label_fraction != 1.0 or standardize != benchmark.standardize
    has_rows = benchmark.published is not None and not is_altered
    report = cross_validate(
        benchmark.task() if task is None else task,
        encoder,
        windows,
        folds,
        standardize=standardize,
        seed=seed,
        published=published_rows(benchmark.published) if has_rows else (),
        **kwargs,
    )
    report.settings["num_dropped_windows"] += len(cut) - len(windows)
    report.settings.update(
        benchmark=name,
        title=benchmark.title,
        data=source,
        label_fraction=label_fraction,
        **options,
    )
    return report


def _find(name):
    if name not in BENCHMARKS:
        raise ValueError(
            message(
                f"`name` must be one of {sorted(BENCHMARKS)}.",
                {"name": name},
                nearest(name, BENCHMARKS, "Use one of these."),
            )
        )
    return BENCHMARKS[name]


def _variant_options(benchmark, variant):
    allowed = ("corrected", "released")
    if not benchmark.has_variants:
        allowed = allowed[:1]
    if variant not in allowed:
        raise ValueError(
            f"`variant` of {benchmark.name} must be one of {allowed}. "
            f"Received: variant={variant!r}. Only the benchmarks of "
            "Table 3 were released with a leak."
        )
    return {"variant": variant} if benchmark.has_variants else {}
