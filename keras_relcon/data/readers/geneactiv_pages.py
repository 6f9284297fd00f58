"""Looks at the pages of a GENEActiv file, which is text, before it is decoded.

The decoder takes the tenth line of a page for its samples, however many they
are, and 1 Hz for a rate that it cannot read.
"""

import re
from itertools import islice

from keras_relcon.checks import message

HEADER_LINES = 59
PAGE_LINES = (  # how they begin; the last one holds the samples
    b"Recorded Data",
    b"Device Unique Serial Code:",
    b"Sequence Number:",
    b"Page Time:",
    b"Unassigned:",
    b"Temperature:",
    b"Battery voltage:",
    b"Device Status:",
    b"Measurement Frequency:",
    b"",
)
LINES_UP_TO_SAMPLES = HEADER_LINES + len(PAGE_LINES) - 1
TIME = re.compile(rb"Page Time: *\d{4}(-\d+){2} \d+(:\d+){3}")
RATE = re.compile(rb"Measurement Frequency: *\d+(\.\d+)?")
DECIMAL_COMMA = re.compile(rb"(?<=\d),(?=\d)")
SAMPLES = re.compile(rb"[0-9A-Fa-f]+")
SAMPLE_DIGITS = 12
PAGE_DIGITS = 300 * SAMPLE_DIGITS
GAINS = tuple(f"{axis} gain" for axis in "xyz")
OFFSETS = tuple(f"{axis} offset" for axis in "xyz")


def check_calibration(path):
    """Raises if the header does not state how counts become g.

    A file of another kind, or one that ends inside its header, is passed over.

    Raises:
        ValueError: if the gain or the offset of an axis is no whole number, or
            a gain is 0.
    """
    with open(path, "rb") as file:
        lines = [*islice(file, HEADER_LINES)]
    if len(lines) < HEADER_LINES or not is_geneactiv(lines[0]):
        return
    pairs = [line.decode("latin-1").partition(":") for line in lines]
    stated = {name: value.strip() for name, _, value in pairs}
    for name in GAINS + OFFSETS:
        value = stated.get(name, "")
        is_whole = re.fullmatch(r"[+-]?\d+", value)
        if not is_whole or (name in GAINS and int(value) == 0):
            raise ValueError(
                message(
                    "The header of a GENEActiv file must state the gain and "
                    "the offset of each axis in whole numbers.",
                    f"path={str(path)!r}, with {name}:{value[:40]}",
                    "Extract the file from the device again, or write what its "
                    "calibration says there.",
                )
            )


def is_geneactiv(head):
    """Whether the first bytes are those of a GENEActiv file."""
    return head.startswith(b"Device Identity")


def check_pages(path):
    """Raises if there is a page that the decoder would misread.

    Raises:
        ValueError: that names the first of these pages.
    """
    with open(path, "rb") as file:
        for _ in islice(file, HEADER_LINES):
            pass
        for index, (page, is_last) in enumerate(_pages(file)):
            fault = _fault(page, is_last)
            if fault:
                raise ValueError(f"page {index} (from 0) has {fault}")


def ends_inside_a_page(path):
    """Whether the file ends before the samples of its last page do.

    A last page of fewer samples than the others is whole if its line ends.
    """
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - 4 * PAGE_DIGITS, 0))
        tail = file.read()
    pages = [page for page, _ in _pages(tail.splitlines(keepends=True))]
    return bool(pages) and _begins(pages[-1][0]) and _is_cut(pages[-1])


def copy_intact_pages(path, copy):
    """Writes the header and the intact pages, with points as decimal marks.

    Returns:
        `(number of damaged pages, number of all pages)`, without a last page
        that ends before its samples.
    """
    num_bad = num_pages = 0
    with open(path, "rb") as file, open(copy, "wb") as written:
        written.writelines(map(_in_utf8, islice(file, HEADER_LINES)))
        for page, is_last in _pages(file):
            if is_last and len(page) < len(PAGE_LINES):
                break
            num_pages += 1
            page[8:9] = [DECIMAL_COMMA.sub(b".", line) for line in page[8:9]]
            if _is_intact(page, is_last):
                written.writelines(page)
            else:
                num_bad += 1
    return num_bad, num_pages


def _pages(lines):
    """Yields the lines of each page, and whether it is the last one."""
    page = []
    for line in lines:
        if _begins(line) and page:
            yield page, False
            page = []
        page.append(line)
    if page:
        yield page, True


def _begins(line):
    """Whether a page begins; the last line of a file may be cut."""
    return line.startswith(PAGE_LINES[0]) or PAGE_LINES[0].startswith(line)


def _fault(page, is_last):
    """What the decoder would misread, or `None`."""
    if len(page) < len(PAGE_LINES):
        return None if is_last else f"{len(page)} lines"
    samples = page[9].strip()
    for line, form in ((page[3].strip(), TIME), (page[8].strip(), RATE)):
        if not form.fullmatch(line):
            return f"the line {line[:40].decode('latin-1')!r}"
    is_short = is_last and len(samples) % SAMPLE_DIGITS == 0
    if len(samples) == PAGE_DIGITS or is_short or (is_last and _is_cut(page)):
        return None
    return f"{len(samples)} digits of samples, not {PAGE_DIGITS}"


def _is_cut(page):
    if len(page) < len(PAGE_LINES):
        return True
    samples = page[9]
    is_open = not samples.endswith((b"\n", b"\r"))
    return is_open and len(samples) < PAGE_DIGITS


def _is_intact(page, is_last):
    is_named = len(page) == len(PAGE_LINES) and all(
        line.startswith(name) and line.isascii()
        for line, name in zip(page, PAGE_LINES)
    )
    if not is_named or _fault(page, is_last):
        return False
    return bool(SAMPLES.fullmatch(page[9].strip()))


def _in_utf8(line):
    """A line of the header, which holds what people wrote."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1").encode()
    return line
