"""A Beam pipeline on several workers gives what the plain functions give."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_support import write_recordings

from keras_relcon.cohort import EmbedFiles, PredictFiles, find_jobs, run
from keras_relcon.estimators import MotionClassifier

pytest.importorskip("apache_beam", reason="the transforms need apache-beam")
ROOT = Path(__file__).resolve().parents[2]
PIPELINE = Path(__file__).parent / "pipeline_script.py"


def start(folder, output, kind, model, num_workers=2):
    """A pipeline in a process group of its own."""
    command = [sys.executable, PIPELINE, folder, output, kind, model]
    return subprocess.Popen(
        [*map(str, command), str(num_workers)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def lines_of(process):
    output, error = process.communicate(timeout=600)
    assert process.returncode == 0, error[-4000:]
    return sorted(output.splitlines())


@pytest.mark.slow
def test_killed_and_run_again_it_embeds_as_the_plain_function(
    study, jobs, tiny_preset, tmp_path, same_files
):
    killed = start(study, tmp_path / "beam", "embed", tiny_preset)
    deadline = time.monotonic() + 300
    # Not one that is being written, whose name begins with a point.
    while not list((tmp_path / "beam").rglob("[!.]*.npz")):
        assert killed.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    lines = lines_of(start(study, tmp_path / "beam", "embed", tiny_preset))
    done = [line for line in lines if line.startswith("done")]
    (failed,) = [line for line in lines if line.startswith("failed")]
    assert len(done) == 12 and "bad.csv" in failed
    assert any("'finished_before': True" in line for line in done)
    list(run(EmbedFiles(tiny_preset, tmp_path / "plain"), jobs))
    same_files(tmp_path / "beam", tmp_path / "plain")


@pytest.mark.slow
def test_it_predicts_as_the_plain_function(tiny_preset, tmp_path):
    folder, model = tmp_path / "in", tmp_path / "model"
    folder.mkdir()
    write_recordings(folder, num_subjects=2)
    classifier = MotionClassifier(tiny_preset, num_folds=0)
    classifier.fit(folder, read_options={"sample_rate_hz": 50})
    classifier.save(model)
    lines = lines_of(start(folder, tmp_path / "beam", "predict", model, 1))
    assert sum(line.startswith("done") for line in lines) == 6
    work = PredictFiles(model, tmp_path / "plain")
    list(run(work, find_jobs(folder, sample_rate_hz=50)))
    tables = sorted((tmp_path / "plain").rglob("*.csv"))
    assert len(tables) == 6
    for table in tables:
        same = tmp_path / "beam" / table.relative_to(tmp_path / "plain")
        assert same.read_text() == table.read_text()


def test_beam_is_asked_for_only_when_used():
    code = (
        "import sys\n"
        "sys.modules['apache_beam'] = None\n"
        "import keras_relcon as kr\n"
        "kr.cohort\n"
        "try:\n"
        "    kr.beam\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert 'pip install "keras-relcon[beam]"' in done.stdout, done.stderr
