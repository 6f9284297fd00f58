import run_parts


def run(monkeypatch, tmp_path, capsys, **parts):
    monkeypatch.setattr(run_parts, "LOGS", tmp_path)
    monkeypatch.setattr(
        run_parts,
        "parts_of",
        lambda backend, is_whole: [
            (backend, name, arguments) for name, arguments in parts.items()
        ],
    )
    return run_parts.main(["torch"]), capsys.readouterr().out


def test_a_part_that_fails_is_shown_and_ends_by_an_error(
    monkeypatch, tmp_path, capsys
):
    (tmp_path / "test_bad.py").write_text("def test_bad():\n    assert 2 < 1\n")
    (tmp_path / "test_good.py").write_text("def test_good():\n    pass\n")
    good, bad = ([str(tmp_path / f"test_{x}.py")] for x in ("good", "bad"))
    code, text = run(monkeypatch, tmp_path, capsys, good=good, bad=bad)
    assert code == 1 and "1 of 2 parts passed" in text
    assert "ok: torch, good: 1 passed in" in text
    assert "FAILED: torch, bad: 1 failed in" in text
    assert "assert 2 < 1" in text  # its output

    code, text = run(monkeypatch, tmp_path, capsys, good=good)
    assert code == 0 and "1 of 1 parts passed" in text


def test_a_part_without_a_test_is_no_success(monkeypatch, tmp_path, capsys):
    nothing = [str(tmp_path / "nothing.py")]
    code, text = run(monkeypatch, tmp_path, capsys, nothing=nothing)
    assert code == 1 and "FAILED: torch, nothing" in text


def test_one_backend_runs_all_and_the_others_their_own():
    whole = run_parts.parts_of("torch", True)
    other = run_parts.parts_of("jax", False)
    assert not any("every_backend" in part[2][1] for part in whole)
    assert all("every_backend and" in part[2][1] for part in other)
    # Each test is in one part of the others.
    everything, *places = other
    ignored = [x for x in everything[2] if x.startswith("--ignore=")]
    named = [path for part in places for path in part[2][2:]]
    assert sorted(ignored) == sorted(f"--ignore={path}" for path in named)
