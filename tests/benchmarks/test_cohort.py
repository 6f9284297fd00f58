from pathlib import Path

import pytest


@pytest.fixture
def cohort(load_benchmark):
    return load_benchmark("cohort_costs")


def test_recordings_of_a_day_are_embedded(cohort, tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(2):
        count = cohort.write_day(tmp_path / "in" / f"{number}.npz", 0.0003)
    assert count == 10  # of 2.56 s in 25.92 s
    seconds = cohort.embed_all(tmp_path / "in", tmp_path / "out", "1")
    assert 0 < seconds < 600
    assert len(list((tmp_path / "out").glob("*.embeddings.npz"))) == 2


def test_the_rate_is_what_longer_recordings_add(cohort, monkeypatch, capsys):
    times = {"short": 5.0, "long": 25.0}
    asked = []

    def run_child(folder, name, workers, threads, backend):
        asked.append((backend, workers, threads))
        assert len(list(Path(folder, name).glob("*.npz"))) == 3
        return times[name] / (workers if name == "long" else 1)

    monkeypatch.setattr(cohort, "run_child", run_child)
    cohort.main(
        ["--days", "0.01", "--recordings", "3", "--workers", "2"]
        + ["--backends", "jax"]
    )
    page = capsys.readouterr().out
    windows = 3 * (338 - 101)
    assert (
        f"| jax | one process of one thread | 5 | {windows / 20:.3g} |" in page
    )
    assert f"| jax | 2 workers | 5 | {windows / 7.5:.3g} |" in page
    assert set(asked) == {("jax", 1, 1), ("jax", 1, None), ("jax", 2, None)}
