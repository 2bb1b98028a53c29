// drawing/layout.py and drawing/routes.py for a plain U-Net: a scene of boxes, arrows and labels in points, with their
// ids in the SVG that Python writes. y grows downwards. A label has its baseline at y.

const WIDTH = 510; // of the sheet; all maps are drawn, so the sheet is wider where they do not fit
const FONT_SIZES = [8, 7];
const TALLEST = 0.19; // largest height of a box, as a fraction of the sheet's width

// The scene of a plan. For an invalid size it is the first part of the drawing for the nearest valid one.
function arrange(plan) {
  const { choice, stop } = plan;
  const valid = neighbours(choice).find((size) => size !== null);
  const whole = fitted(choice, sketched(stop ? planned({ ...choice, size: valid }) : plan));
  const frame = new Frame(sketched(plan), whole.font, mostChannels(choice), choice.rank);
  const columns = new Columns(frame, whole.space, whole.start);
  const heights = new Heights(frame, columns, TALLEST * whole.width);
  return addLegend(placed(columns, heights, whole, stop), legendEntries(frame, choice.rank));
}

// Channels of the widest box.
const mostChannels = ({ ins, outs, width, depth }) => Math.max(ins, outs, width * 2 ** depth);

// Width of the sheet, font size, space between the boxes and start of the first one, such that all maps of a sketch fit.
function fitted(choice, sketch) {
  for (let width = WIDTH; ; width *= 1.25) {
    for (const font of FONT_SIZES) {
      const frame = new Frame(sketch, font, mostChannels(choice), choice.rank);
      const columns = fitColumns(frame, width - 2 * MARGIN * font);
      if (!columns) continue;
      const [first, last] = columns.bounds();
      return { width, font, space: columns.space, start: (width - first - last) / 2 };
    }
  }
}

function placed(columns, heights, { width, font }, stop) {
  const { frame } = columns;
  const boxes = frame.maps.map((_, i) => box(columns, heights, i));
  const routes = new Routes(columns, heights, boxes);
  const arrows = [...frame.steps.map((link) => routes.step(link)), ...frame.copies.map((link) => routes.copy(link))];
  const labels = [...boxes.flatMap((_, i) => boxLabels(columns, heights, boxes, i)), ...routes.cropLabels()];
  if (stop) labels.push(routes.stopLabel(stop));
  const right = Math.max(...labels.map((label) => textArea(label, font)[2])) + MARGIN * font;
  return { width: Math.max(width, right), height: heights.total, font, boxes, arrows, labels };
}

// `blank` is the width of the part with skip channels, `crop` the top and bottom of the part that a skip copies.
function box(columns, heights, i) {
  const { frame } = columns;
  const { node } = frame.maps[i];
  const [x, y, width, height] = [columns.left[i], heights.top[i], columns.width[i], heights.height[i]];
  const link = frame.copies.find(({ source, crop }) => source === i && crop);
  const lost = link ? height * (1 - Math.sqrt(link.kept / node.size)) : 0;
  const crop = link ? [y + lost / 2, y + height - lost / 2] : null;
  return { node, x, y, width, height, right: x + width, bottom: y + height, middle: x + width / 2, blank: columns.skipWidth(i), crop };
}

function boxLabels(columns, heights, boxes, i) {
  const { frame } = columns;
  const { font } = frame;
  const { x, y, middle, bottom, node } = boxes[i];
  const anchor = frame.anchor(i);
  const beside = { start: TEXT_GAP, middle: 0, end: -TEXT_GAP }[anchor] * font;
  const labels = [{ id: `${node.id}.channels`, text: String(node.channels), x: middle + beside, y: y - 0.3 * font, anchor }];
  if (frame.sizes[i]) {
    labels.push({ id: `${node.id}.size`, text: frame.sizes[i], x: x - 0.3 * font, y: bottom, anchor: "start", upright: true });
  }
  const { caption } = frame.maps[i];
  if (caption) labels.push({ id: `${node.id}.word`, text: caption, x: middle, y: heights.captionY(i), anchor: "middle" });
  return labels;
}

class Routes {
  constructor(columns, heights, boxes) {
    Object.assign(this, { frame: columns.frame, columns, heights, boxes });
  }

  arrow(link, ...points) {
    return { id: `${link.kind}-${this.boxes[link.target].node.id}`, kind: link.kind, points };
  }

  arrowY(i) {
    return this.heights.arrowY[this.frame.rows[i]];
  }

  // The arrow from one map to the next, along a row or to another one.
  step(link) {
    const [source, target] = [this.boxes[link.source], this.boxes[link.target]];
    const x = target.x + this.columns.arrival(link.target);
    if (link.kind === "pool") return this.arrow(link, [x, source.bottom], [x, target.y]);
    if (link.kind === "up") return this.arrow(link, [x, source.y], [x, target.bottom]);
    const y = this.arrowY(link.source);
    return this.arrow(link, [source.right, y], [target.x, y]);
  }

  copy(link) {
    const y = this.arrowY(link.source);
    return this.arrow(link, [this.boxes[link.source].right, y], [this.boxes[link.target].x, y]);
  }

  // The crops at their arrows. If the word "crop" does not fit at one skip, all skips show only the number.
  cropLabels() {
    const { font } = this.frame;
    const cropped = this.frame.copies.filter(({ crop }) => crop);
    const fits = cropped.every((link) => {
      const [first, last] = this.freeRange(link);
      return last - first > textWidth(`crop ${link.crop}`, font) + 0.6 * font;
    });
    return cropped.map((link) => {
      const [first, last] = this.freeRange(link);
      const text = fits ? `crop ${link.crop}` : String(link.crop);
      const id = `crop-${this.boxes[link.target].node.id}`;
      return { id, text, x: (first + last) / 2, y: this.arrowY(link.source) - 0.35 * font, anchor: "middle" };
    });
  }

  // First and last x of the free space above a skip's arrow, between boxes and channel numbers.
  freeRange(link) {
    const [source, target, { font }] = [this.boxes[link.source], this.boxes[link.target], this.frame];
    let [first, last] = [source.right, target.x];
    if (this.arrowY(link.source) - 1.1 * font < Math.max(source.y, target.y) - 0.1 * font) {
      first = Math.max(first, source.middle + this.frame.channelsExtent(link.source)[1]);
      last = Math.min(last, target.middle + this.frame.channelsExtent(link.target)[0]);
    }
    return [first, last - this.frame.leftSpace(link.target)];
  }

  // The reason why an invalid size stops at the last box.
  stopLabel({ why, size }) {
    const { font } = this.frame;
    const last = this.boxes.length - 1;
    const text = why === "odd" ? `✗ ${size} ÷ 2 leaves a pixel over` : `✗ ${size} is too small for two convolutions`;
    return { id: "stop", text, x: this.boxes[last].right + 1.2 * font, y: this.arrowY(last) + 0.36 * font, anchor: "start" };
  }
}

// Left, top, right and lower edge of a label.
function textArea({ text, x, y, anchor, upright }, font) {
  const wide = textWidth(text, font);
  if (upright) return [x - font, y - wide, x, y];
  const left = x - { start: 0, middle: wide / 2, end: wide }[anchor];
  return [left, y - 0.8 * font, left + wide, y];
}
