"""The looks of each class and state: the same in every drawing of a model.

Colours are those of
[Okabe and Ito (2008)](https://jfly.uni-koeln.de/color/), which people tell
apart whatever kind of colour vision they have.
"""

from keras_relcon.markup import Html, element
from keras_relcon.markup.style import variables
from keras_relcon.timeline.states import OTHERS

COLOURS = (
    "#0072b2",  # blue
    "#e69f00",  # orange
    "#009e73",  # bluish green
    "#d55e00",  # vermilion
    "#56b4e9",  # sky blue
    "#cc79a7",  # reddish purple
    "#f0e442",  # yellow
)
# Light lines over a colour: where they begin, and how thick they are. Only
# across, so that they stay the same however wide a drawing is.
LINES = ((), ((1, 2),), ((0, 1), (3, 1)))
_LINES_EVERY = 6
NUM_LOOKS = len(COLOURS) * len(LINES)
# What is no class differs from all of them by its height too.
HEIGHTS = {"unknown": 0.6, "not worn": 0.25, "not measured": 0.0}

LIGHT = {"unknown": "#6e7781", "not-worn": "#afb8c1"}
DARK = {"unknown": "#8b949e", "not-worn": "#4a545f"}
STYLE = (
    variables(LIGHT, DARK)
    + """
.unknown { fill: var(--unknown); }
.not-worn { fill: var(--not-worn); }
.not-measured { fill: none; }
"""
    + "".join(f".c{i} {{ fill: {c}; }}\n" for i, c in enumerate(COLOURS))
)


def look(index, num_classes):
    """Class of CSS, `fill` or nothing, and height of a state.

    Args:
        index: int. Of `state_names`.
        num_classes: int.

    Returns:
        `(attributes, height)`: dict for `element`, and a part of 1.
    """
    if index >= num_classes:
        name = OTHERS[index - num_classes]
        return {"class_": name.replace(" ", "-")}, HEIGHTS[name]
    index %= NUM_LOOKS
    if index < len(COLOURS):
        return {"class_": f"c{index}"}, 1.0
    return {"fill": f"url(#p{index})"}, 1.0


def patterns(num_classes):
    """The patterns of the classes beyond the colours; empty without any."""
    found = []
    for index in range(len(COLOURS), min(num_classes, NUM_LOOKS)):
        colour = COLOURS[index % len(COLOURS)]
        lines = [
            element("rect", y=y, width=8, height=height, fill="#ffffff")
            for y, height in LINES[index // len(COLOURS)]
        ]
        found.append(
            element(
                "pattern",
                element("rect", width=8, height=_LINES_EVERY, fill=colour),
                *lines,
                id=f"p{index}",
                width=8,
                height=_LINES_EVERY,
                patternUnits="userSpaceOnUse",
            )
        )
    if not found:
        return Html("")
    # Not `display: none`: some browsers draw no pattern of what is not shown.
    return element(
        "svg",
        element("defs", *found),
        width=0,
        height=0,
        aria_hidden="true",
        class_="patterns",
    )


def explained(num_classes):
    """A paragraph on the looks beyond the colours, or nothing."""
    if num_classes <= len(COLOURS):
        return Html("")
    text = (
        f"The first {len(COLOURS)} classes have colours of their own; those "
        "behind them have the same colours with lines."
    )
    if num_classes > NUM_LOOKS:
        text += (
            f" From class {NUM_LOOKS + 1} on looks are used again: the tables "
            "tell these classes apart."
        )
    return element("p", text, class_="soft")


def legend(names, num_classes, amounts):
    """What each look means.

    Args:
        names: sequence of str, the states to name.
        num_classes: int.
        amounts: sequence of str, one a state.
    """
    items = []
    for index, (name, amount) in enumerate(zip(names, amounts)):
        attributes, height = look(index, num_classes)
        size = 18
        box = element(
            "rect",
            y=round(size * (1 - height), 1),
            width=size,
            height=round(size * height, 1),
            **attributes,
        )
        swatch = element(
            "svg",
            element("rect", width=size, height=size, class_="track"),
            box,
            width=size,
            height=size,
            aria_hidden="true",
            class_="swatch",
        )
        text = element(
            "span", name, " ", element("span", amount, class_="soft")
        )
        items.append(element("li", swatch, text))
    return element("ul", *items, class_="legend", aria_label="Colours")
