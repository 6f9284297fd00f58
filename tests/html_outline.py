"""Reads pages in tests."""

import html.parser
import re

CELL = "<t[hd][^>]*>(.*?)</t[hd]>"
VOID = {"meta", "img", "link", "br", "hr", "input"}


class Outline(html.parser.HTMLParser):
    """Reads a page, and fails where tags do not pair."""

    def __init__(self, page):
        super().__init__()
        self.page = page
        self.tags, self.open, self.words = [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def of(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


def cells(outline, caption):
    """Rows of a table as lists of text; the head is the first."""
    body = outline.page.split(f"<caption>{caption}</caption>")[1]
    body = body.split("</table>")[0]
    return [
        [re.sub("<[^>]*>", "", cell) for cell in re.findall(CELL, row)]
        for row in re.findall("<tr[^>]*>(.*?)</tr>", body)
    ]
