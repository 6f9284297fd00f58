from support import small_encoder


def test_damaged_scores_are_as_none(tmp_path):
    from keras_relcon.tuning.finished_trials import FinishedTrials

    finished = FinishedTrials(tmp_path)
    finished.save("a" * 64, {}, {"seconds": 1.0}, small_encoder())
    assert finished.load("a" * 64) == {"seconds": 1.0}
    (path,) = tmp_path.glob("scores-*")
    path.write_text(path.read_text()[:20])
    assert finished.load("a" * 64) is None
