"""The pieces of a page for a browser: elements, tables, the document.

Whatever is not `Html` is text from data and is escaped.
"""

import html

from keras_relcon.markup.style import CSS

_LONG_CELL = 60  # characters
# A page asks nobody for anything, and runs nothing.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
_MOST_COLUMNS = 12  # whose titles stand side by side


class Html(str):
    """Text that is markup already."""


def markup(value):
    """Returns `Html`, escaped unless it is that already."""
    if isinstance(value, Html):
        return value
    # Names of files may hold half a character, which no file of text can.
    text = str(value).encode("utf-8", "replace").decode("utf-8")
    return Html(html.escape(text, quote=True))


def element(tag, *children, **attributes):
    """An element; `class_` and `aria_label` become `class`, `aria-label`."""
    names = (name.rstrip("_").replace("_", "-") for name in attributes)
    given = "".join(
        f' {name}="{markup(value)}"'
        for name, value in zip(names, attributes.values())
    )
    inside = "".join(map(markup, children))
    return Html(f"<{tag}{given}>{inside}</{tag}>")


def bullets(items):
    """A list of sentences; empty if there are none."""
    if not items:
        return Html("")
    return element("ul", *(element("li", item) for item in items))


def table(caption, head, rows, groups=()):
    """A table that scrolls inside its own box.

    The titles of many columns are turned, so that these are narrow.

    Args:
        caption: str.
        head: list of titles; the first is that of the row names.
        rows: list of lists of cells; the first cell names the row.
        groups: sequence of (int, str). Before the row of this number there is
            a line with this text, which says what the rows below it are.

    Returns:
        `Html`.
    """
    is_wide = len(head) > _MOST_COLUMNS
    first, *others = head
    if is_wide:
        others = [element("span", title) for title in others]
    titles = [element("th", title, scope="col") for title in (first, *others)]
    starts = dict(groups)
    body = []
    for index, (name, *cells) in enumerate(rows):
        if index in starts:
            line = element(
                "th", starts[index], scope="rowgroup", colspan=len(head)
            )
            body.append(element("tr", line, class_="group"))
        body.append(
            element(
                "tr",
                element("th", name, scope="row"),
                *map(_cell, cells),
            )
        )
    content = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *titles)),
        element("tbody", *body),
    )
    return element(
        "div",
        content,
        class_="scroll upright" if is_wide else "scroll",
        role="region",
        tabindex="0",
        aria_label=caption,
    )


def _cell(content):
    # A narrow column of many words would make a row taller than a phone.
    is_long = len(str(content)) > _LONG_CELL
    return element("td", content, **({"class_": "long"} if is_long else {}))


def section(title, *children):
    """A section with a heading, and an anchor made from the heading."""
    anchor = anchor_of(title)
    return element("section", element("h2", title), *children, id=anchor)


def anchor_of(title):
    return "".join(c if c.isalnum() else "-" for c in title.lower())


def document(title, body, css=""):
    """The whole page: one HTML file that needs no network.

    Args:
        title: str.
        body: `Html`.
        css: str. Added to `CSS`.

    Returns:
        str.
    """
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, '
        'initial-scale=1">\n'
        f"<title>{markup(title)}</title>\n<style>{CSS}{css}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )
