"""Opens pages in headless Chromium, and says what is seen."""

import dataclasses
import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

PHONE, SCREEN = 390, 1400
_HEIGHT = 1200
_NAMES = ("chromium", "chromium-browser", "google-chrome")
# In a frame of its own a page is as wide as the frame, and one start of the
# browser is enough for all widths.
_FRAME = (
    '<iframe id="w{width}" width="{width}" height="{height}" style="border:0;'
    'display:block" srcdoc="{page}"></iframe>'
)
_SCRIPT = """<pre id="found"></pre><script>
addEventListener("load", () => {
  const found = {};
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentWindow, body = frame.contentDocument;
    const boxes = (selector) => [...body.querySelectorAll(selector)].map(
      (each) => {
        const box = each.getBoundingClientRect();
        return [box.left, box.top, box.right, box.bottom];
      });
    found[frame.id.slice(1)] = {
      width: page.innerWidth,
      scroll_width: body.scrollingElement.scrollWidth,
      num_requests: page.performance.getEntriesByType("resource").length,
      drawings: boxes("svg[role=img]"),
      matrices: boxes(".matrix"),
      first_cells: [...body.querySelectorAll(".scroll")].filter(
        (each) => each.scrollWidth > each.clientWidth).map((each) => {
          each.scrollLeft = 60;
          const box = each.getBoundingClientRect();
          const cell = each.querySelector("tbody th[scope=row]");
          const rest = cell.getBoundingClientRect().left - box.left;
          each.scrollLeft = 0;
          return rest;
        }),
    };
  }
  document.getElementById("found").textContent = JSON.stringify(found);
});
</script>"""


@dataclasses.dataclass(frozen=True)
class Seen:
    """What the browser made of a page.

    Attributes:
        frames: dict of a width to a dict of what `_SCRIPT` found.
        console: list of str, its messages.
        pixels: dict of a width to `(height, width, 3)`, from 0 to 1.
    """

    frames: dict
    console: list
    pixels: dict


def look(page, folder, is_dark, widths=(PHONE, SCREEN)):
    """Opens a page at each width; skips the test without a browser."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(_NAMES)} was found")
    frames = [
        _FRAME.format(width=width, height=_HEIGHT, page=html.escape(page))
        for width in widths
    ]
    harness = folder / "harness.html"
    harness.write_text(
        '<!doctype html><meta charset="utf-8"><body style="margin:0">'
        + "".join(frames)
        + _SCRIPT,
        encoding="utf-8",
    )
    done = subprocess.run(
        [
            found,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--enable-logging=stderr",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={folder / 'profile'}",
            f"--blink-settings=preferredColorScheme={0 if is_dark else 1}",
            f"--window-size={max(widths)},{_HEIGHT * len(widths)}",
            f"--screenshot={folder / 'seen.png'}",
            "--dump-dom",
            harness.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    text = re.search('<pre id="found">(.+?)</pre>', done.stdout)
    assert text, done.stderr
    frames = json.loads(html.unescape(text[1]))
    return Seen(
        {int(width): each for width, each in frames.items()},
        [line for line in done.stderr.splitlines() if "CONSOLE" in line],
        _pixels(folder / "seen.png", widths),
    )


def check(seen, is_dark):
    """What holds for each page, on a phone and on a screen."""
    assert seen.console == []
    for width, frame in seen.frames.items():
        assert frame["width"] == width
        assert frame["scroll_width"] <= width
        assert frame["num_requests"] == 0
        assert frame["drawings"]
        for left, _, right, _ in frame["drawings"]:
            assert left >= 0 and right <= width
        # The names of the rows stay where they are.
        assert frame["first_cells"] == [0] * len(frame["first_cells"])
        brightness = seen.pixels[width].mean(axis=-1)
        is_page = brightness < 0.2 if is_dark else brightness > 0.9
        assert is_page.mean() > 0.6
        # No box of the other kind of page.
        others = brightness > 0.97 if is_dark else brightness < 0.1
        assert others.mean() < 0.02


def _pixels(path, widths):
    from matplotlib.image import imread

    image = np.asarray(imread(path))[..., :3]
    return {
        width: image[index * _HEIGHT : (index + 1) * _HEIGHT, :width]
        for index, width in enumerate(widths)
    }
