import pytest
from support import small_encoder


def test_damaged_scores_are_as_none(tmp_path):
    from keras_relcon.tuning.finished_trials import FinishedTrials

    finished = FinishedTrials(tmp_path)
    finished.save("a" * 64, {}, {"seconds": 1.0}, small_encoder())
    assert finished.load("a" * 64) == {"seconds": 1.0}
    (path,) = tmp_path.glob("scores-*")
    path.write_text(path.read_text()[:20])
    assert finished.load("a" * 64) is None
    finished.save("a" * 64, {}, {"seconds": 1.0}, small_encoder())
    finished.encoder_path("a" * 64).unlink()
    assert finished.load("a" * 64) is None


def test_a_reason_is_the_error_without_what_keras_adds(tmp_path):
    from keras_relcon.tuning.finished_trials import FinishedTrials

    finished, key = FinishedTrials(tmp_path), "a" * 64
    assert finished.reason(key) is None
    for message, reason in (
        ("", "LengthError"),
        (
            "In Dense.\n\n\x1b[1mToo long.\x1b[0m\n\nArguments received by it",
            "LengthError: In Dense. Too long.",
        ),
    ):
        error = type("LengthError", (ValueError,), {})(message)
        error.add_note("A note of JAX.")
        with pytest.raises(ValueError) as raised:
            with finished.keeping_reason(key, {"seed": 0}):
                raise error
        assert raised.value is error
        assert finished.reason(key) == reason
    for _ in range(2):
        finished.forget_reason(key)
        assert finished.reason(key) is None
    assert list(tmp_path.iterdir()) == []
