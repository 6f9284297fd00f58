import zipfile

import numpy as np

from keras_relcon.data import read_wisdm_watch

GRAVITY = 9.80665
STEP_NS = 50_000_000


def test_the_first_row_of_a_repeated_time_is_kept(tmp_path):
    """A repeated time brings no new sample, whatever stands beside it."""
    rows = [(k * STEP_NS, k / 100) for k in range(200)]
    # Beside every tenth time a second row, of 5 m/s2 more.
    rows += [(time, value + 5) for time, value in rows[10:190:10]]
    rows.sort()
    text = "".join(
        f"1600,A,{10**15 + time},{value},0.0,{GRAVITY};\n"
        for time, value in rows
    )
    with zipfile.ZipFile(tmp_path / "wisdm.zip", "w") as archive:
        archive.writestr("wisdm-dataset/activity_key.txt", "walking = A\n")
        archive.writestr(
            "wisdm-dataset/raw/watch/accel/data_1600_accel_watch.txt", text
        )
    (recording,) = read_wisdm_watch(tmp_path / "wisdm.zip")
    assert recording.num_samples == 200
    assert recording.sample_rate_hz == 20
    found = recording.acceleration * GRAVITY  # m/s2
    np.testing.assert_allclose(found[:, 0], np.arange(200) / 100, atol=1e-5)
    np.testing.assert_allclose(found[:, 2], GRAVITY, rtol=1e-6)
