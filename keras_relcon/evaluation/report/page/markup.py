"""Small pieces of HTML. Whatever is not `Html` is escaped."""

import html

_LONG_CELL = 60  # characters


class Html(str):
    """Text that is markup already."""


def markup(value):
    """Returns `Html`; anything else is text from data and is escaped."""
    if isinstance(value, Html):
        return value
    return Html(html.escape(str(value), quote=True))


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
    """A list of sentences; nothing where there is none."""
    if not items:
        return Html("")
    return element("ul", *(element("li", item) for item in items))


def table(caption, head, rows, groups=()):
    """A table that scrolls inside its own box.

    Args:
        caption: str.
        head: list of titles; the first is that of the row names.
        rows: list of lists of cells; the first cell names the row.
        groups: sequence of (int, str): before that row stands a line of its
            own, which says what the rows below it are.

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
    """A section with a heading, and an anchor made of the heading."""
    anchor = anchor_of(title)
    return element("section", element("h2", title), *children, id=anchor)


def anchor_of(title):
    return "".join(c if c.isalnum() else "-" for c in title.lower())
