"""The style of every page: light and dark, on a phone, on paper.

Dark colours are for screens: what is printed is dark on white.
"""

LIGHT = {
    "page": "#ffffff",
    "text": "#1b1f24",
    "soft": "#57606a",
    "line": "#c9d1d9",
    "stripe": "#f4f6f8",
    "link": "#0550ae",
    "leak": "#fff1f0",
    "leak-line": "#b42318",
}
DARK = {
    "page": "#14181d",
    "text": "#e8ebee",
    "soft": "#a9b4bf",
    "line": "#3a444e",
    "stripe": "#1c2228",
    "link": "#79b8ff",
    "leak": "#3a1614",
    "leak-line": "#ff8a80",
}


def variables(light, dark):
    """The CSS of colours that a page names `var(--name)`.

    Args:
        light: dict of name to colour, and what is printed.
        dark: dict of the same names, for a dark screen.

    Returns:
        str.
    """
    return (
        f":root {{ {_declared(light)} }}\n"
        "@media screen and (prefers-color-scheme: dark) {\n"
        f"  :root {{ {_declared(dark)} }}\n}}\n"
    )


def _declared(colours):
    return " ".join(f"--{name}: {value};" for name, value in colours.items())


CSS = (
    "\n:root { color-scheme: light dark; }\n"
    + variables(LIGHT, DARK)
    + """
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
h1, figcaption { overflow-wrap: anywhere; }
p, ul { margin: 0.5rem 0; max-width: 75ch; }
ul { padding-left: 1.2rem; }
a { color: var(--link); }
:is(a, summary, .scroll):focus-visible {
  outline: 2px solid var(--link); outline-offset: 2px;
}
nav ul {
  display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; list-style: none;
  padding: 0; max-width: none;
}
.answer { font-size: 1.2rem; line-height: 1.4; font-weight: 600; }
.summary { font-size: 1.05rem; }
.leak {
  background: var(--leak); border: 2px solid var(--leak-line);
  border-radius: 6px; padding: 0.5rem 1rem; margin: 1rem 0;
}
.note, caption, .soft { color: var(--soft); font-size: 0.875rem; }
.note { border-left: 3px solid var(--line); padding-left: 0.75rem; }
figure { margin: 0; min-width: 0; }
figcaption { font-size: 0.875rem; }
.scroll { overflow-x: auto; margin: 0.75rem 0; max-width: 100%; }
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
th[scope="col"] { white-space: normal; vertical-align: bottom; }
th:first-child {
  text-align: left; position: sticky; left: 0; background: inherit;
}
th[scope="row"] {
  white-space: normal; min-width: 9rem; max-width: 18rem;
}
thead tr, tbody tr { background: var(--page); }
tbody tr:nth-child(even) { background: var(--stripe); }
tr.group th { text-align: left; font-weight: 600; }
.upright thead span {
  display: inline-block; max-height: 14rem; text-align: left;
  writing-mode: vertical-rl; transform: rotate(180deg);
}
.upright th[scope="row"] { min-width: 4rem; }
.words th, .words td { text-align: left; }
.words td { white-space: normal; min-width: 7rem; }
.words td.long { min-width: 26rem; }
details { margin: 0.75rem 0; }
summary { cursor: pointer; color: var(--link); }
@media (max-width: 600px) {
  main { padding: 0.75rem; }
  th, td { padding: 0.3rem 0.4rem; }
  th:first-child { box-shadow: inset -1px 0 var(--line); }
  th[scope="row"] { min-width: 5.5rem; max-width: 9rem; }
  .upright th[scope="row"] { min-width: 3rem; }
  .words td.long { min-width: 14rem; }
}
@media print {
  @page { size: A4; margin: 14mm; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  nav, details:not([open]) { display: none; }
  h2 { margin-top: 1.25rem; }
  h2, h2 + p, caption, summary, thead { break-after: avoid; }
  p, li, tr, figure { break-inside: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; }
  th, td { padding: 0.15rem 0.35rem; }
  th { white-space: normal; }
  th[scope="row"] { min-width: 4.5rem; }
  .upright table { font-size: 6.5pt; }
  .upright :is(th, td) { padding: 0.1rem 0.15rem; }
  th:first-child { position: static; }
  svg, tr, td { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
)
