import contextlib
import json
import os
import warnings

from keras_relcon.data.store.atomic_file import replacing
from keras_relcon.evaluation.report import tables
from keras_relcon.evaluation.report.page.page import to_html
from keras_relcon.evaluation.report.page.pictures import Picture, Section

_PAGE_DPI = 192  # two pixels for one of the page


def save_report(report, directory, histories=None, figures=True):
    """Writes tables, figures and a page; see `Report.save`."""
    directory = os.fspath(directory)
    os.makedirs(directory, exist_ok=True)
    scores = json.dumps(report.to_dict(), indent=2, allow_nan=False)
    paths = [
        _write(directory, "table.csv", tables.to_csv(report)),
        _write(directory, "table.json", scores + "\n"),
        _write(directory, "table.md", tables.to_markdown(report)),
    ]
    sections = []
    try:
        if figures:
            for section, path in _drawn(report, histories, directory):
                sections.append(section)
                paths += [path] if path else []
    finally:
        # Also without matplotlib: a page of tables.
        page = to_html(report, sections)
        paths.append(_write(directory, "report.html", page))
    return paths


def _drawn(report, histories, directory):
    """Yields a `Section` and the path of its file, or `None`, per figure."""
    from keras_relcon.evaluation.report.plots.drawing import import_figure
    from keras_relcon.evaluation.report.plots.figures import drawings

    import_figure()
    for drawing in drawings(report, histories):
        path = os.path.join(directory, drawing.file)
        content, problem = _attempt(drawing, None, 150)
        if content:
            _write(directory, drawing.file, content)
        else:
            # That of another report would look like one of this.
            with contextlib.suppress(FileNotFoundError):
                os.remove(path)
            path = None
        pictures = []
        if drawing.describe is None:
            pictures.append(Picture("", drawing.title, content, problem))
        else:
            pictures += [
                _picture(drawing, name) for name in report.representations
            ]
        yield Section(drawing.title, drawing.caption, pictures), path


def _picture(drawing, name):
    content, problem = _attempt(drawing, (name,), _PAGE_DPI)
    text = drawing.describe(name) if content else ""
    return Picture(name, text, content, problem)


def _attempt(drawing, names, dpi):
    """Returns the PNG and no problem, or nothing and what the problem is."""
    from keras_relcon.evaluation.report.plots.drawing import to_png

    try:
        return to_png(drawing.draw(names), dpi), None
    # Whatever a drawing library raises must not cost the report.
    except Exception as error:
        if names is None:  # told once, and in the page wherever it is so
            warnings.warn(f"{drawing.file} is left out: {error}", stacklevel=5)
        return None, str(error)


def _write(directory, name, content):
    path = os.path.join(directory, name)
    if isinstance(content, str):
        content = content.encode("utf-8")
    with replacing(path, wait=True) as temporary:
        temporary.write_bytes(content)
    return path
