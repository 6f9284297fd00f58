"""The style of the page of a recording, beyond that of all pages."""

from keras_relcon.timeline.page_parts import palette

STYLE = (
    palette.STYLE
    + """
:root { --enmo: #8c96a0; --mad: #0550ae; --signal: #57606a; }
@media screen and (prefers-color-scheme: dark) {
  :root { --enmo: #6b7681; --mad: #79b8ff; --signal: #a9b4bf; }
}
h1, .legend, figcaption { overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 1.25rem 0 0.25rem; }
.answer { font-size: 1.2rem; line-height: 1.4; font-weight: 600; }
a:focus-visible, summary:focus-visible {
  outline: 2px solid var(--link); outline-offset: 2px;
}
.legend {
  display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none;
  padding: 0; max-width: none;
}
.legend li {
  display: flex; gap: 0.5rem; align-items: center; min-width: 0;
  overflow-wrap: anywhere;
}
.swatch { flex: none; border-bottom: 1px solid var(--line); }
.patterns { position: absolute; }
figure { margin: 0; min-width: 0; }
.day { margin: 0.75rem 0; break-inside: avoid; }
figcaption { font-size: 0.875rem; }
.beside { margin-left: 0.75rem; }
.drawing { display: block; overflow: visible; }
.drawing text {
  fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums;
}
.crisp { shape-rendering: crispEdges; }
.track { fill: var(--stripe); }
.tick { stroke: var(--line); stroke-width: 1px; }
.signal { fill: var(--signal); }
.rest {
  fill: none; stroke: var(--line); stroke-width: 1px;
  vector-effect: non-scaling-stroke;
}
.enmo { fill: var(--enmo); }
.mad {
  fill: none; stroke: var(--mad); stroke-width: 2px;
  vector-effect: non-scaling-stroke;
}
.swatch .mad { stroke-width: 3px; }
.bars { display: grid; gap: 0 2rem; }
.bars .day { margin: 0.25rem 0; }
@media (min-width: 900px) {
  .bars .day { display: grid; grid-template-columns: 9rem 1fr; }
}
th:first-child {
  position: sticky; left: 0; background: inherit; overflow-wrap: anywhere;
}
thead tr, tbody tr { background: var(--page); }
th[scope="col"] { white-space: normal; vertical-align: bottom; }
tfoot th, tr.total th, tr.total td { font-weight: 600; }
@media (max-width: 600px) {
  main { padding: 0.75rem; }
  .drawing .minor { display: none; }
  th, td { padding: 0.3rem 0.4rem; }
  th[scope="row"] { min-width: 5.5rem; }
  .words td.long { min-width: 14rem; }
}
@media print {
  @page { size: A4; margin: 14mm; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  nav, details:not([open]) { display: none; }
  h2 { margin-top: 1.25rem; break-after: avoid; }
  h3, caption { break-after: avoid; }
  tr { break-inside: avoid; }
  thead { break-after: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; }
  th, td { padding: 0.15rem 0.35rem; white-space: normal; }
  th[scope="row"] { min-width: 4.5rem; }
  .scroll:has(th:nth-child(13)) table { font-size: 5.5pt; }
  .scroll:has(th:nth-child(13)) :is(th, td) { padding: 0.1rem 0.12rem; }
  th:first-child { position: static; }
  svg, tr { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
)
