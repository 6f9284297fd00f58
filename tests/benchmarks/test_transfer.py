"""`benchmarks/transfer.py` on synthetic people and few windows."""

import dataclasses

import keras
import numpy as np
import pytest

import keras_relcon as kr
from keras_relcon.data import synthetic_recordings
from keras_relcon.evaluation.protocols.wisdm_watch import HELD_OUT, VALIDATION

NAMES = {
    "walking": "walking",
    "running": "jogging",
    "stairs_up": "stairs",
    "sitting": "sitting",
    "typing": "typing",
    "standing": "standing",
}


@pytest.fixture
def transfer(load_benchmark):
    return load_benchmark("transfer")


def people(subjects, seed, stairs):
    """Six activities of each, by the names of the archives."""
    names = {**NAMES, "stairs_up": stairs}
    found = []
    for index, recording in enumerate(
        synthetic_recordings(len(subjects), 8, seed=seed, motions=list(NAMES))
    ):
        named = recording.with_labels(
            np.array([names[label] for label in recording.labels])
        )
        subject = subjects[index // len(NAMES)]
        found.append(dataclasses.replace(named, subject=subject))
    return found


def test_source_leaves_out_whom_presets_were_chosen_by(
    transfer, monkeypatch, tmp_path, capsys
):
    trained = ("1605", "1607", "1608")
    wisdm = people(HELD_OUT[:3] + VALIDATION[:2] + trained, 0, "stairs")
    phone = people([str(number) for number in range(1, 7)], 1, "upstairs")
    monkeypatch.setattr(kr.data, "read_wisdm_watch", lambda path: wisdm)
    monkeypatch.setattr(kr.data, "read_motionsense", lambda path: phone)
    monkeypatch.setattr(transfer, "HELD_OUT", HELD_OUT[:3])
    encoder = keras.Sequential(
        [
            keras.layers.Input((None, 3)),
            keras.layers.Conv1D(4, 5, strides=4, activation="relu"),
            keras.layers.GlobalAveragePooling1D(),
        ]
    )
    monkeypatch.setattr(kr.presets, "from_preset", lambda name: encoder)
    words = "--rows direct target_ssl --pretrain-steps 2 --pretrain-batch 8"
    words += " --shares 0.5 --windows-per-class 2 --num-draws 2"
    folder = tmp_path / "result"
    transfer.main(
        [*words.split(), "--data", str(tmp_path), "--output", str(folder)]
    )
    text = capsys.readouterr().out
    assert "wisdm-dataset to motionsense" in text
    facts = (folder / "transfer.json").read_text()
    assert not any(person in facts for person in VALIDATION)
    assert all(person in facts for person in trained + HELD_OUT[:3])
    assert '"typing"' not in facts
    assert "50 % (2)" in text  # of four; two of six test


def test_windows_are_at_most_so_many(transfer):
    args = transfer.parse_args(["--data", ".", "--max-windows", "7"])
    labels = kr.evaluation.activity_map("wisdm_watch", "motionsense")
    recordings = people(["a", "b", "c"], 0, "stairs")
    windows = transfer.windows_of(recordings, args, labels.codes_of_source)
    assert len(windows) == 7
    assert "typing" not in windows.labels
