import browser
import pytest
from browser import PHONE, SCREEN

HISTORIES = {
    "motif distance": {"loss": [14000.0, 9000.0, 6000.0]},
    "RelCon": {"loss": [95.0, 93.0, 92.0], "val_loss": [96.0, 95.0, 95.0]},
}


@pytest.fixture(scope="module")
def saved(make_report, tmp_path_factory):
    """A page with names that are too long for a phone."""
    folder = tmp_path_factory.mktemp("report")
    long = "an_encoder_with_a_name_that_has_no_space_to_break_it_at_all"
    scores = {long: (0.8, 0.9, 0.7), "untrained encoder": (0.6, 0.8, 0.7)}
    report = make_report(scores, settings={"note": long})
    report.save(folder, HISTORIES)
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module", params=[False, True], ids=["light", "dark"])
def seen(request, saved, tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    return browser.look(saved, folder, request.param), request.param


def test_report_is_whole_on_a_phone_and_on_a_screen(seen):
    browser.check(*seen)


def test_matrices_stand_side_by_side_where_they_fit(seen):
    frames = seen[0].frames
    (a, b), (c, d) = (frames[w]["matrices"] for w in (SCREEN, PHONE))
    assert a[1] == b[1] and a[2] <= b[0]
    assert c[0] == d[0] and c[3] <= d[1]


def test_drawings_fill_the_screen_and_the_phone(seen):
    drawings = seen[0].frames[SCREEN]["drawings"]
    assert len(drawings) == 2 * 3 + 2  # ROC, calibration, map; two losses
    assert len({left for left, *_ in drawings}) == 2
    for left, _, right, _ in seen[0].frames[PHONE]["drawings"]:
        assert left == pytest.approx(12) and right == pytest.approx(390 - 12)
