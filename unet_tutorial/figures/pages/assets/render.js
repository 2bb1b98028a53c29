// drawing/render.py for a plain U-Net: a scene as SVG. Lengths are attributes and colours are in page.css.

const ARROW_STYLES = { // thickness of the shaft and length of the head, in font sizes; the point's head is two strokes
  conv: { shaft: 0.13, head: 0.55 },
  point: { shaft: 0.13, head: 0.55, barb: true },
  copy: { shaft: 0.3, head: 0.75 },
  pool: { shaft: 0.2, head: 0.65 },
  up: { shaft: 0.2, head: 0.65 },
};
const HEAD_WIDTH = 0.8; // width of an arrowhead, as a fraction of its length
const OUTLINE = 0.09; // thickness of the outlines of boxes, in font sizes

function svg(name, attributes = {}, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
}

const rounded = (length) => Number(length.toFixed(2));

const joined = (points) => points.map((point) => point.map(rounded).join(" ")).join(" L ");

function render(scene, description) {
  const [width, height] = [scene.width, scene.height].map(rounded);
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, style: `--points: ${width}`, role: "group", "aria-label": description });
  const arrows = svg("g", { class: "arrows", "aria-hidden": "true", fill: "none" });
  const boxes = svg("g", { class: "boxes", "stroke-width": rounded(OUTLINE * scene.font), "stroke-linejoin": "round" });
  const labels = svg("g", { class: "labels", "font-family": FONTS, "font-size": scene.font });
  arrows.append(...scene.arrows.map((arrow) => drawnArrow(arrow, scene.font)));
  boxes.append(...scene.boxes.map((each) => drawnBox(each, scene.font)));
  labels.append(...scene.labels.map(drawnLabel));
  root.append(arrows, boxes, labels);
  return root;
}

function drawnArrow({ id, kind, points }, font) {
  const { shaft, head, barb } = ARROW_STYLES[kind];
  const tip = points[points.length - 1];
  const [base, left, right] = arrowhead(points, head * font);
  const group = svg("g", { class: `arrow ${kind}`, "data-id": id });
  const line = barb ? points : [...points.slice(0, -1), base];
  group.append(svg("path", { class: "shaft", d: `M ${joined(line)}`, "stroke-width": rounded(shaft * font) }));
  const width = barb ? Math.max(shaft, 0.12) : 0.08;
  const outline = `M ${joined([left, tip, right])}${barb ? "" : " Z"}`;
  group.append(svg("path", { class: barb ? "barb" : "head", d: outline, "stroke-width": rounded(width * font) }));
  return group;
}

// The end of the shaft, and the two rear corners of the head.
function arrowhead(points, length) {
  const [[a, b], [x, y]] = points.slice(-2);
  const distance = Math.hypot(x - a, y - b) || 1;
  const [right, down] = [(x - a) / distance, (y - b) / distance];
  const base = [x - right * length, y - down * length];
  const half = (HEAD_WIDTH * length) / 2;
  return [base, ...[1, -1].map((side) => [base[0] - side * half * down, base[1] + side * half * right])];
}

// The box of a map, and inside it those of the skip and of the upsampled map; data-node holds their ids.
function drawnBox({ node, x, y, width, height, blank, crop }, font) {
  const part = (id, kind, left, across) => {
    const group = svg("g", id ? { "data-node": id } : {});
    const place = { x: rounded(left), y: rounded(y), width: rounded(across), height: rounded(height) };
    group.append(svg("rect", { class: kind, ...place }));
    return group;
  };
  const group = part(node.id, "box", x, width);
  if (blank) {
    const [skip, up] = node.inputs;
    group.append(part(up.id, "box", x + blank, width - blank), part(skip.op === "crop" && skip.id, "box blank", x, blank));
  }
  if (crop) {
    const dashes = [1.6, 1.1].map((length) => rounded(length * OUTLINE * font)).join(" ");
    const place = { x: rounded(x), y: rounded(crop[0]), width: rounded(width), height: rounded(crop[1] - crop[0]) };
    group.append(svg("rect", { class: "crop", "stroke-dasharray": dashes, ...place }));
  }
  return group;
}

function drawnLabel({ id, text, x, y, anchor, upright }) {
  const [left, base] = [x, y].map(rounded);
  const turned = upright ? { transform: `rotate(-90 ${left} ${base})` } : {};
  return svg("text", { "data-id": id, x: left, y: base, "text-anchor": anchor, ...turned }, text);
}
