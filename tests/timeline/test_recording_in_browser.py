import browser
import numpy as np
import pytest
from test_number_timeline import numbers

from keras_relcon.timeline import number_page
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


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_numbers_are_whole_on_a_phone_and_on_a_screen(is_dark, tmp_path):
    values = 1 + np.sin(np.arange(2 * DAY) / 200)
    worn = np.arange(2 * DAY) % DAY > 400
    quantity = "mean_walking_speed_of_the_last_minute_m_s"
    timeline = numbers(values, 60.0, worn, quantity=quantity, half_width=0.2)
    page = number_page.to_html(timeline)
    page = page.replace("<details>", "<details open>")
    seen = browser.look(page, tmp_path, is_dark)
    browser.check(seen, is_dark)
    drawings = seen.frames[browser.PHONE]["drawings"]
    assert len(drawings) == 4  # the curve and the movement of two days
