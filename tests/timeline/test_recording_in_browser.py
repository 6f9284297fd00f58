import browser
import numpy as np
import pytest

from keras_relcon.timeline.page import to_html

CLASSES = tuple(f"an activity, number {index}" for index in range(18))
DAY = 1440  # windows of a minute


@pytest.fixture(scope="module", params=[False, True], ids=["light", "dark"])
def seen(request, written, tmp_path_factory):
    """A day with more classes than fit on a phone, its tables unfolded."""
    number = np.arange(DAY) // 80
    timeline = written(
        "w" * DAY,
        60,
        classes=CLASSES,
        labels=[CLASSES[index] for index in number],
        probabilities=np.eye(len(CLASSES))[number],
        start_time=1_714_428_000,
        time_zone="Europe/Berlin",
    )
    page = to_html(timeline).replace("<details>", "<details open>")
    folder = tmp_path_factory.mktemp("browser")
    return browser.look(page, folder, request.param), request.param


def test_recording_is_whole_on_a_phone_and_on_a_screen(seen):
    browser.check(*seen)


def test_a_table_of_many_classes_fits_on_a_screen(seen):
    assert seen[0].frames[browser.SCREEN]["first_cells"] == []
    # The minutes and the hours of each class, on a phone.
    assert len(seen[0].frames[browser.PHONE]["first_cells"]) >= 2
