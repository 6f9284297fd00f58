"""Where on the body a device was worn, by what its file says."""

import re

BODY_PARTS = {
    "wrist": "wrist|forearm",
    "hip": "hip|waist|belt",
    "ankle": "ankle|shank",
    "thigh": "thigh",
    "chest": "chest|sternum",
    "back": "back|lumbar",
    "pocket": "pocket",
}
PATTERNS = {
    part: re.compile(rf"(?<![a-z])({words})(?![a-z])")
    for part, words in BODY_PARTS.items()
}


def body_part(text):
    """The one part of the body that a text names, or `None`.

    Args:
        text: str, such as `"Waist"` or `"right+wrist"`.

    Returns:
        str, a key of `BODY_PARTS`; `None` where the text names none or more
        than one.
    """
    text = text.lower().replace("_", " ")
    found = [part for part, words in PATTERNS.items() if words.search(text)]
    return found[0] if len(found) == 1 else None
