"""The pieces of a page for a browser: elements, tables and their style.

Whatever is not `Html` is text from data and is escaped.
"""

import html

_LONG_CELL = 60  # characters


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

    Args:
        caption: str.
        head: list of titles; the first is that of the row names.
        rows: list of lists of cells; the first cell names the row.
        groups: sequence of (int, str). Before the row of this number there is
            a line with this text, which says what the rows below it are.

    Returns:
        `Html`.
    """
    titles = [element("th", title, scope="col") for title in head]
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
        class_="scroll",
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
        '<meta name="viewport" content="width=device-width, '
        'initial-scale=1">\n'
        f"<title>{markup(title)}</title>\n<style>{CSS}{css}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


# Dark colours are for screens: what is printed is dark on white.
CSS = """
:root {
  color-scheme: light dark;
  --page: #ffffff; --text: #1b1f24; --soft: #57606a; --line: #c9d1d9;
  --stripe: #f4f6f8; --link: #0550ae; --leak: #fff1f0; --leak-line: #b42318;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14181d; --text: #e8ebee; --soft: #a9b4bf; --line: #3a444e;
    --stripe: #1c2228; --link: #79b8ff; --leak: #3a1614; --leak-line: #ff8a80;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main { max-width: 1200px; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0.5rem 0; }
h2 {
  font-size: 1.25rem; margin: 2.5rem 0 0.5rem; padding-top: 0.5rem;
  border-top: 1px solid var(--line);
}
p, li, h1, th, td { overflow-wrap: break-word; }
p, ul { margin: 0.5rem 0; max-width: 75ch; }
ul { padding-left: 1.2rem; }
a { color: var(--link); }
nav ul {
  display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; list-style: none;
  padding: 0; max-width: none;
}
.summary { font-size: 1.05rem; }
.leak {
  background: var(--leak); border: 2px solid var(--leak-line);
  border-radius: 6px; padding: 0.5rem 1rem; margin: 1rem 0;
}
.note, caption, .soft { color: var(--soft); font-size: 0.875rem; }
.note { border-left: 3px solid var(--line); padding-left: 0.75rem; }
.scroll { overflow-x: auto; margin: 0.75rem 0; max-width: 100%; }
.scroll:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
table {
  border-collapse: collapse; font-size: 0.875rem;
  font-variant-numeric: tabular-nums;
}
caption { text-align: left; padding: 0 0 0.4rem; }
th, td {
  padding: 0.3rem 0.6rem; border-bottom: 1px solid var(--line);
  text-align: right; white-space: nowrap; vertical-align: top;
}
th { font-weight: 600; }
th[scope="row"] { font-weight: 400; }
th:first-child { text-align: left; }
th[scope="row"] {
  white-space: normal; overflow-wrap: anywhere; min-width: 9rem;
  max-width: 18rem;
}
tbody tr:nth-child(even) { background: var(--stripe); }
tr.group th { text-align: left; font-weight: 600; }
.words th, .words td { text-align: left; }
.words td { white-space: normal; }
.words th[scope="col"] { white-space: normal; vertical-align: bottom; }
.words td { min-width: 7rem; }
.words td.long { min-width: 26rem; }
details { margin: 0.75rem 0; }
summary { cursor: pointer; color: var(--link); }
@media print { details:not([open]) > *:not(summary) { display: block; } }
"""
