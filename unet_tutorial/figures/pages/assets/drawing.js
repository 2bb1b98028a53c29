// The U-Net as boxes: heights are proportional to sizes, widths grow with the logarithm of the channels. data-node holds
// the id of a map.

const COLUMN = 46, ROOM = 60, TALL = 92;

function svg(name, attributes = {}, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
}

const boxWidth = (channels) => 4 + 2.2 * Math.log2(channels);

// One arrowhead for each kind of operation.
function heads() {
  const defs = svg("defs");
  for (const kind of ["conv", "point", "down", "up", "copy"]) {
    const marker = svg("marker", { id: `ex-${kind}`, viewBox: "0 0 6 6", refX: 5, refY: 3, markerWidth: 4.2, markerHeight: 4.2, orient: "auto" });
    marker.append(svg("path", { class: `head ${kind}`, d: "M 0 0 L 6 3 L 0 6 z" }));
    defs.append(marker);
  }
  return defs;
}

// The column of each map: a convolution starts a new one, so each level begins below the last map of the level above.
function columns(choice, nodes) {
  const at = new Map();
  let column = 0;
  for (const node of nodes) {
    const moves = node.op === "conv";
    if (moves) column += 1;
    at.set(node, column);
  }
  return at;
}

class Picture {
  constructor(plan) {
    this.plan = plan;
    this.column = columns(plan.choice, plan.nodes);
    this.unit = plan.choice.rank === 3 ? "³" : "²";
    this.largest = Math.max(...plan.nodes.map((node) => node.size));
    this.rows = this.levels();
    this.width = Math.max(4 * plan.choice.depth + 4, 8) * COLUMN; // of a complete U-Net, even if an invalid size stops earlier
    this.lines = svg("g", { class: "lines", "aria-hidden": "true" });
    this.maps = svg("g", { class: "maps" });
  }

  // y of the centre of each level's row; also sets this.bottom, the y at which a further row would begin.
  levels() {
    const rows = [];
    let top = 22;
    for (const node of this.plan.nodes) {
      if (rows[node.level] !== undefined) continue;
      rows[node.level] = top + this.boxHeight(node.size) / 2;
      top += this.boxHeight(node.size) + ROOM;
    }
    this.bottom = top;
    return rows;
  }

  boxHeight(size) {
    return Math.max(6, (TALL * size) / this.largest);
  }

  box(node) {
    const [width, height] = [boxWidth(node.channels), this.boxHeight(node.size)];
    const x = this.column.get(node) * COLUMN + COLUMN / 2;
    return { x, y: this.rows[node.level], width, height, left: x - width / 2, top: this.rows[node.level] - height / 2 };
  }

  draw() {
    const { nodes, stop } = this.plan;
    for (const node of nodes) if (node.op !== "crop" && node.op !== "up") this.map(node);
    const arrows = new Arrows(this);
    for (const node of nodes) arrows.add(node);
    if (stop) this.bottom = arrows.stopped(stop);
    const [width, height] = [this.width, this.bottom - ROOM + 30];
    const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": this.description() });
    root.style.minWidth = `${Math.round(width * 0.78)}px`;
    root.style.maxWidth = `${Math.round(width * 1.35)}px`;
    root.append(heads(), this.lines, this.maps);
    return root;
  }

  description() {
    const { choice, stop } = this.plan;
    return `U-Net of ${choice.depth + 1} levels${stop ? ", for which this input size is not valid" : ""}: one box for each map`;
  }

  map(node) {
    const { x, y, width, height, left, top } = this.box(node);
    const group = svg("g", { "data-node": node.id });
    const half = node.op === "concat";
    group.append(svg("rect", { class: half ? "box blank" : "box", x: left, y: top, width, height }));
    if (half) this.halves(node, group);
    group.append(svg("text", { x, y: top - 5 }, grouped(node.channels)));
    group.append(svg("text", { x, y: y + height / 2 + 13, class: "size" }, `${node.size}${this.unit}`));
    this.maps.append(group);
  }

  // A concatenation: the skip's channels in white on the left, the upsampled ones on the right.
  halves(node, group) {
    const { y, width, height, left, top } = this.box(node);
    const [skip, up] = node.inputs;
    const share = (width * skip.channels) / node.channels;
    const parts = [[up, left + share, width - share, "box"]];
    if (skip.op === "crop") parts.push([skip, left, share, "box blank"]);
    for (const [part, start, across, kind] of parts) {
      const inner = svg("g", { "data-node": part.id });
      inner.append(svg("rect", { class: kind, x: start, y: y - height / 2, width: across, height }));
      group.append(inner);
    }
  }
}
