import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

import tfds_builders

ROOT = Path(__file__).resolve().parents[2]
NAMES = [
    "capture24",
    "hhar",
    "motionsense",
    "opportunity",
    "pamap2",
    "recording_folder",
    "wisdm_watch",
]


def run(code, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_importing_registers_the_builder(name, tmp_path):
    assert name in tfds.list_builders()
    builder = tfds.builder(name, data_dir=tmp_path)
    assert builder.name == name and str(builder.version) == "1.0.0"


def test_every_builder_has_the_files_of_the_tfds_form():
    for name in NAMES:
        folder = ROOT / "tfds_builders" / name
        needed = [
            "__init__.py",
            f"{name}_dataset_builder.py",
            f"{name}_dataset_builder_test.py",
            "README.md",
            "CITATIONS.bib",
            "TAGS.txt",
            "checksums.tsv",
            "dummy_data",
        ]
        if name != "recording_folder":  # its labels are the user's
            needed.append("labels.txt")
        missing = [file for file in needed if not (folder / file).exists()]
        assert not missing, f"{name}: {missing}"


def test_configs_are_the_sensor_positions_of_the_paper():
    def configs(name):
        return set(tfds.builder_cls(name).builder_configs)

    assert {"hand", "ankle"} <= configs("pamap2")
    assert "right_wrist" in configs("opportunity")
    assert {"watch", "phone"} == configs("hhar")


LIGHT = """
import sys
import tfds_builders
heavy = {"tensorflow", "jax", "torch", "keras", "apache_beam", "keras_relcon"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


def test_importing_is_light():
    run(LIGHT)


WITHOUT_TENSORFLOW = """
import sys
import tensorflow_datasets as tfds
import tfds_builders
manual_dir, data_dir = sys.argv[1:]
builder = tfds.builder(
    "motionsense", data_dir=data_dir, file_format="array_record"
)
config = tfds.download.DownloadConfig(manual_dir=manual_dir)
builder.download_and_prepare(download_config=config)
source = tfds.data_source("motionsense", data_dir=data_dir, split="train")
assert len(source) == 18
assert source[0]["acceleration"].shape == (30, 3)
assert "tensorflow" not in sys.modules
"""


def test_preparing_and_reading_do_without_tensorflow(tmp_path):
    dummy = ROOT / "tfds_builders" / "motionsense" / "dummy_data"
    run(WITHOUT_TENSORFLOW, dummy, tmp_path)


def test_load_gives_the_same_rows_as_the_data_source(prepare, tmp_path):
    pytest.importorskip("tensorflow", reason="tfds.load needs TensorFlow")
    source = prepare("pamap2/hand").as_data_source("train")
    dummy = ROOT / "tfds_builders" / "pamap2" / "dummy_data"
    config = tfds.download.DownloadConfig(manual_dir=dummy)
    dataset = tfds.load(
        "pamap2/hand",
        data_dir=tmp_path,
        split="train",
        download_and_prepare_kwargs={"download_config": config},
    )
    rows = list(tfds.as_numpy(dataset))
    assert len(rows) == len(source) == 3
    for row, example in zip(rows, source):
        assert row["recording_id"] == example["recording_id"]
        np.testing.assert_array_equal(
            row["acceleration"], example["acceleration"]
        )
        assert row["label"].tolist() == list(example["label"])
        assert float(row["start_seconds"]) == float(example["start_seconds"])


MISSING = """
import sys
for name in ("etils", "importlib_resources", "tensorflow_datasets"):
    sys.modules[name] = None
import importlib
import tfds_builders
for name in tfds_builders.NAMES:
    importlib.import_module(f"tfds_builders.{name}.parse")
loaded = [name for name, module in sys.modules.items() if module]
tops = {name.split(".")[0] for name in loaded}
tops -= set(sys.stdlib_module_names) | {"tfds_builders", "__main__"}
print(sorted(tops - set(sys.argv[1:])))
try:
    tfds_builders.motionsense_dataset_builder
except ImportError as error:
    print(error)
from keras_relcon.data import read_motionsense, tfds_recordings
assert len(read_motionsense(MOTIONSENSE)) == 18
try:
    tfds_recordings("motionsense")
except ImportError as error:
    print(error)
"""


def test_without_tfds_the_parsers_are_there_and_the_packages_are_named():
    found = run("import numpy, sys; print(*sys.modules)").split()
    tops = {name.split(".")[0] for name in found}
    archive = ROOT / "tfds_builders/motionsense/dummy_data"
    archive = str(archive / "A_DeviceMotion_data.zip")
    code = MISSING.replace("MOTIONSENSE", repr(archive))
    lines = run(code, *tops).splitlines()
    assert lines[0] == "[]"
    assert len(lines) == 3
    for line in lines[1:]:
        assert 'pip install "keras-relcon[tfds]"' in line


def test_builders_are_attributes_of_the_package():
    assert len(tfds_builders.__all__) == len(NAMES)
    for name in NAMES:
        module = getattr(tfds_builders, f"{name}_dataset_builder")
        assert module.Builder.name == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        tfds_builders.nothing


def test_nothing_of_the_package_is_imported():
    for path in (ROOT / "tfds_builders").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, path
                names = [node.module]
            tops = {name.split(".")[0] for name in names}
            assert "keras_relcon" not in tops, path
            assert not tops & {"tensorflow", "jax", "torch"}, path
