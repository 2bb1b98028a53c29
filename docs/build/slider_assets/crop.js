// nets/crop.py: the centre crop of a skip to the size of the map that comes up from below.

// The pixels removed along one axis, before and after the kept ones. For an odd number one more is removed after them.
function removed(large, small) {
  const before = Math.floor((large - small) / 2);
  return { before, after: large - small - before };
}

// The message of nets.crop.center_crop if the skip is smaller than the map; empty if it can be cropped.
function cropError(skip, map) {
  if (skip.every((large, axis) => large >= map[axis])) return "";
  return `cannot crop (${skip.join(", ")}) to (${map.join(", ")}); pass one length per axis, none longer than the feature map`;
}

const CELL = 17, EDGE = 24, MOST = 20; // a pixel of the skip and the margin in the drawing; the largest skip

const ruled = (x1, y1, x2, y2) => shape("line", { x1, y1, x2, y2, stroke: "var(--soft)", "stroke-width": 0.5 });

const area = ([[top, bottom], [left, right]], look) =>
  shape("rect", { x: left, y: top, width: right - left, height: bottom - top, ...look });

// The skip as a grid with its coordinates: the kept pixels are filled and framed, the removed ones are hatched. Without
// axes nothing is kept.
function grid([rows, columns], axes, description) {
  const [width, height] = [columns * CELL, rows * CELL];
  const [right, bottom] = [EDGE + width, EDGE + height];
  const drawn = [shape("rect", { x: EDGE, y: EDGE, width, height, fill: "url(#hatched)", stroke: "var(--text)" })];
  const [across, down] = [columns, rows].map((count) => Array.from({ length: count }, (_, i) => EDGE + i * CELL));
  const kept = axes.map(({ before, after }, i) => [EDGE + before * CELL, [bottom, right][i] - after * CELL]);
  if (axes.length) drawn.push(area(kept, { fill: "var(--kept)" }));
  drawn.push(...across.map((at) => ruled(at, EDGE, at, bottom)), ...down.map((at) => ruled(EDGE, at, right, at)));
  if (axes.length) drawn.push(area(kept, { fill: "none", stroke: "var(--warm)", "stroke-width": 3 }));
  drawn.push(...across.map((at, i) => text(at + CELL / 2, EDGE - 6, i, "middle")));
  drawn.push(...down.map((at, i) => text(EDGE - 5, at + 13, i, "end")));
  return drawing(EDGE + MOST * CELL + 2, EDGE + MOST * CELL + 2, description, ...drawn);
}

// One row of the table: size of skip and map, pixels removed before and after, first and last kept coordinate.
const alongAxis = (name, large, small, { before, after }) =>
  [name, large, small, large - small, before, after, `${before} to ${large - after - 1}`];

const slice = ({ before, after }, large) => `${before}:${large - after}`;

function show({ rows, columns, mapRows, mapColumns }) {
  const [skip, map] = [[rows, columns], [mapRows, mapColumns]];
  const heads = ["Axis", "Skip", "Map", "Removed", "Before", "After", "Kept"];
  const wrong = cropError(skip, map);
  if (wrong) {
    say(wrong, "bad");
    numbers("Pixels along each axis", heads, ["rows", "columns"].map((name, i) => [name, skip[i], map[i], "—", "—", "—", "—"]));
    return picture(grid(skip, [], "The skip as a grid; it is too small to be cropped"));
  }
  const axes = skip.map((large, i) => removed(large, map[i]));
  const odd = axes.some(({ before, after }) => before !== after);
  const kept = `skip[:, :, ${axes.map((axis, i) => slice(axis, skip[i])).join(", ")}]`;
  say(`${kept} has ${mapRows} × ${mapColumns} pixels${odd ? ". Where an odd number is removed, one more pixel is removed at the end" : ""}`, "good");
  numbers("Pixels along each axis", heads, ["rows", "columns"].map((name, i) => alongAxis(name, skip[i], map[i], axes[i])));
  picture(grid(skip, axes, `The skip as a grid of ${rows} rows and ${columns} columns; kept: ${kept}`));
}

start(show);
