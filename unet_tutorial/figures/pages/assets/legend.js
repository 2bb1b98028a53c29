// drawing/legend.py for a plain U-Net: text for the kinds of arrows, placed where nothing overlaps.

const ORDER = ["conv", "point", "copy", "pool", "up"];
const LINE_SPACING = 1.35, SAMPLE_WIDTH = 2.2; // in font sizes

// Kind and text of each entry.
function legendEntries(frame, rank) {
  const text = (kind) => {
    if (kind === "copy") return frame.copies.some(({ crop }) => crop) ? "copy and crop (px per side)" : "copy";
    const { node } = frame.maps[frame.steps.find((link) => link.kind === kind).target];
    return operationName(kind === "up" ? node.inputs[1] : node, rank).replace("relu", "ReLU");
  };
  const drawn = new Set([...frame.steps, ...frame.copies].map(({ kind }) => kind));
  return ORDER.filter((kind) => drawn.has(kind)).map((kind) => [kind, text(kind)]);
}

// The scene with a legend in a free lower corner, preferably the right one, else in lines below the drawing.
function addLegend(scene, entries) {
  if (!entries.length) return scene;
  const { font } = scene;
  const margin = MARGIN * font;
  const widths = entries.map(([, text]) => textWidth(text, font) + (SAMPLE_WIDTH + 1.7) * font);
  const [width, height] = [Math.max(...widths), LINE_SPACING * font * entries.length];
  const top = scene.height - height - margin;
  for (const left of [scene.width - width, margin]) {
    if (top > 0 && isFree(scene, [left - font, top - font, left + width, scene.height])) {
      entries.forEach((entry, i) => addEntry(scene, entry, left, top + LINE_SPACING * font * i));
      return scene;
    }
  }
  let [x, y] = [margin, scene.height + margin];
  entries.forEach((entry, i) => {
    if (x > margin && x + widths[i] > scene.width) [x, y] = [margin, y + LINE_SPACING * font];
    addEntry(scene, entry, x, y);
    x += widths[i];
  });
  scene.height = y + (LINE_SPACING + 0.6) * font;
  return scene;
}

function addEntry(scene, [kind, text], left, top) {
  const { font } = scene;
  const middle = top + (LINE_SPACING * font) / 2;
  const sample = [[left, middle], [left + SAMPLE_WIDTH * font, middle]];
  scene.arrows.push({ id: `legend-${kind}`, kind, points: sample });
  const x = left + (SAMPLE_WIDTH + 0.7) * font;
  scene.labels.push({ id: `legend-${kind}-0`, text, x, y: middle + 0.36 * font, anchor: "start" });
}

function isFree(scene, [left, top, right, bottom]) {
  const arrows = scene.arrows.flatMap(({ points }) => points.slice(1).map((end, i) => areaOf(points[i], end)));
  const boxes = scene.boxes.map((each) => [each.x, each.y, each.right, each.bottom]);
  const taken = [...arrows, ...boxes, ...scene.labels.map((label) => textArea(label, scene.font))];
  return !taken.some(([x, y, far, low]) => left < far && x < right && top < low && y < bottom);
}

const areaOf = ([a, b], [c, d]) => [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
