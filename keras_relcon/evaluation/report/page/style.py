CSS = """
:root {
  color-scheme: light dark;
  --page: #ffffff; --text: #1b1f24; --soft: #57606a; --line: #c9d1d9;
  --stripe: #f4f6f8; --link: #0550ae; --leak: #fff1f0; --leak-line: #b42318;
}
@media (prefers-color-scheme: dark) {
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
.pictures {
  display: grid; gap: 1rem; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr));
}
figure { margin: 0; min-width: 0; }
figure .scroll { margin: 0; }
figure:has(.wide) { grid-column: 1 / -1; }
.picture, .roomy, .wide { background: #ffffff; border-radius: 4px; }
.picture { padding: 4px; text-align: center; }
.picture img { max-width: 100%; height: auto; }
.roomy img { width: 100%; min-width: 540px; height: auto; }
.wide img { display: block; max-width: none; }
img { vertical-align: middle; }
details { margin: 0.75rem 0; }
summary { cursor: pointer; color: var(--link); }
@media print { details:not([open]) > *:not(summary) { display: block; } }
"""
