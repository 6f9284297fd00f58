from keras_relcon.evaluation.report.page.markup import Html, element, table
from keras_relcon.evaluation.report.plain_values import to_plain, to_words

_TITLES = {
    "num_windows": "windows used",
    "num_dropped_windows": "windows left out",
    "standardize": "axes scaled by training subjects",
    "sample_rate_hz": "sample rate, Hz",
    "window_length": "window length, samples",
    "windows_per_class": "windows per class",
    "date": "started",
    "seconds": "time, s",
}
# Have a table of their own.
_ELSEWHERE = ("folds",)


def settings_table(report):
    """What was run: data, task, seeds, versions, machine and time."""
    settings = to_plain(report.settings)
    rows = [
        [_TITLES.get(name, name.replace("_", " ")), to_words(value)]
        for name, value in settings.items()
        if name not in _ELSEWHERE
    ]
    if not rows:
        return element("p", "The settings were not given.", class_="note")
    content = table("Settings", ["setting", "value"], rows)
    return Html(element("div", content, class_="words"))
