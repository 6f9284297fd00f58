"""What objects print: one line that says what a person wants to know."""

from keras_relcon.checks import some_of


def described(item, *facts):
    """Returns `"<Name: fact, fact>"`; empty facts are left out."""
    facts = ", ".join(fact for fact in facts if fact)
    return f"<{type(item).__name__}: {facts}>"


def counted(number, noun):
    """Returns a number of things, such as `"1 window"` or `"3,000 windows"`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(nouns, names):
    """Returns `"labels sit, walk"`, or nothing where there are none."""
    return f"{nouns} {some_of(list(names))}" if len(names) else ""


def duration(seconds):
    """Returns a time in its two largest units, such as `"5 h 3 min"`."""
    seconds = round(seconds, 3)  # sums of windows miss a whole second
    if seconds < 60:
        return f"{seconds:.3g} s"
    units = (("day", 86_400), ("h", 3600), ("min", 60), ("s", 1))
    for (large, size), (small, part) in zip(units, units[1:]):
        if seconds >= size:
            whole, rest = divmod(int(seconds), size)
            plural = "s" if large == "day" and whole > 1 else ""
            return f"{whole} {large}{plural} {rest // part} {small}"


def text_table(rows):
    """Returns rows of texts as lines, the columns aligned.

    The first column stands left, the others right.
    """
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()
        for row in rows
    )
