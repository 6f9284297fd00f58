"""Preparation by Beam's DirectRunner gives what the generator gives."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from tfds_builders.beam import beam_examples
from tfds_builders.capture24.capture24_beam_builder import (
    BeamBuilder as Capture24,
)
from tfds_builders.recording_folder.recording_folder_beam_builder import (
    BeamBuilder as RecordingFolder,
)
from tfds_builders.recording_folder.recording_folder_dataset_builder import (
    Builder,
    RecordingFolderConfig,
)

BUILDERS = Path(__file__).resolve().parents[2] / "tfds_builders"


@pytest.fixture
def beam():
    return pytest.importorskip(
        "apache_beam", reason="Beam builders need apache-beam"
    )


def prepare_by_beam(beam, builder, manual_dir):
    options = beam.options.pipeline_options.PipelineOptions(
        runner="DirectRunner"
    )
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(
            manual_dir=manual_dir, beam_options=options
        )
    )


def assert_same(one, other):
    assert len(one) == len(other) > 0
    for example, expected in zip(one, other):
        assert example.keys() == expected.keys()
        for name in example:
            np.testing.assert_array_equal(example[name], expected[name])


@pytest.mark.parametrize("scheme", ["willetts2018", "walmsley2020"])
def test_capture24_is_the_same_through_beam(beam, prepare, tmp_path, scheme):
    builder = Capture24(
        config=scheme, data_dir=tmp_path, file_format="array_record"
    )
    prepare_by_beam(beam, builder, BUILDERS / "capture24/dummy_data")
    # It is read under the dataset's own name.
    read = tfds.builder(
        f"capture24/{scheme}", data_dir=tmp_path, file_format="array_record"
    )
    expected = prepare(f"capture24/{scheme}").as_data_source("train")
    assert_same(read.as_data_source("train"), expected)


def test_your_own_corpus_goes_through_beam(beam, tmp_path):
    rng = np.random.default_rng(0)
    for subject in ("s1", "s2", "s3"):
        folder = tmp_path / "manual/recordings" / subject
        folder.mkdir(parents=True)
        for name in ("a", "b"):
            rows = rng.normal(size=(30, 3)).round(4).tolist()
            lines = [",".join(map(str, [*row, "walk"])) for row in rows]
            text = "\n".join(["x,y,z,label", *lines])
            (folder / f"{name}.csv").write_text(text)
    config = RecordingFolderConfig(
        name="mine", sample_rate_hz=25, class_names=("walk",)
    )
    sources = []
    for builder_class in (RecordingFolder, Builder):
        builder = builder_class(
            config=config,
            data_dir=tmp_path / builder_class.__name__,
            file_format="array_record",
        )
        prepare_by_beam(beam, builder, tmp_path / "manual")
        sources.append(builder.as_data_source("train"))
    assert_same(*sources)
    assert len(sources[0]) == 6
    assert {float(e["sample_rate_hz"]) for e in sources[0]} == {25}


def test_beam_is_asked_for_only_when_used():
    code = (
        "import sys\n"
        "sys.modules['apache_beam'] = None\n"
        "from tfds_builders.beam import beam_examples\n"
        "try:\n"
        "    beam_examples([], None)\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=BUILDERS.parent,
        capture_output=True,
        text=True,
    )
    assert 'pip install "keras-relcon[beam]"' in done.stdout


def test_beam_builders_bear_the_name_of_their_dataset():
    assert Capture24.name == "capture24"
    assert RecordingFolder.name == "recording_folder"
    assert tfds.builder_cls("capture24") is not Capture24


@pytest.mark.skipif(
    importlib.util.find_spec("apache_beam") is not None,
    reason="apache_beam is installed",
)
def test_without_beam_the_transform_is_refused():
    with pytest.raises(ImportError, match="apache-beam"):
        beam_examples([1], print)
