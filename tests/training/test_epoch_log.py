import csv

from keras_relcon.training import EpochLog


def run(path, epochs):
    """Writes rows as a `fit` of these epochs would."""
    log = EpochLog(path)
    log.on_train_begin()
    for epoch in epochs:
        log.on_epoch_begin(epoch)
        log.on_epoch_end(epoch, {"loss": epoch / 4})
    log.on_train_end()


def rows_of(path):
    with open(path, newline="") as file:
        return [
            (int(r["epoch"]), float(r["loss"])) for r in csv.DictReader(file)
        ]


def test_an_epoch_that_is_run_again_has_one_row(tmp_path):
    path = tmp_path / "logs" / "log.csv"
    run(path, range(3))
    assert rows_of(path) == [(0, 0.0), (1, 0.25), (2, 0.5)]
    run(path, range(2, 5))
    assert rows_of(path) == [(k, k / 4) for k in range(5)]
    assert path.read_text().count("epoch") == 1
    run(path, range(1))  # from the start
    assert rows_of(path) == [(0, 0.0)]


def test_a_row_that_was_cut_is_left_out(tmp_path):
    path = tmp_path / "log.csv"
    run(path, range(2))
    path.write_text(path.read_text() + "2")
    run(path, [2])
    assert rows_of(path) == [(0, 0.0), (1, 0.25), (2, 0.5)]
    path.write_text("")
    run(path, [0])
    assert rows_of(path) == [(0, 0.0)]
