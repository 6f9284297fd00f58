"""The style of the page of a recording, beyond that of all pages."""

from keras_relcon.markup.style import variables
from keras_relcon.timeline.page_parts import palette

LIGHT = {"enmo": "#8c96a0", "mad": "#0550ae", "signal": "#57606a"}
DARK = {"enmo": "#6b7681", "mad": "#79b8ff", "signal": "#a9b4bf"}

STYLE = (
    palette.STYLE
    + variables(LIGHT, DARK)
    + """
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
.day { margin: 0.75rem 0; }
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
.enmo, .range { fill: var(--enmo); }
.mad, .mean {
  fill: none; stroke: var(--mad); stroke-width: 2px;
  vector-effect: non-scaling-stroke;
}
.swatch .mad { stroke-width: 3px; }
.bars { display: grid; gap: 0 2rem; }
.bars .day { margin: 0.25rem 0; }
@media (min-width: 900px) {
  .bars .day { display: grid; grid-template-columns: 9rem 1fr; }
}
@media (max-width: 600px) {
  .drawing .minor { display: none; }
}
"""
)
