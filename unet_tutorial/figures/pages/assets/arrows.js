// The arrows between the boxes of a picture, and the text on them.

class Arrows {
  constructor(picture) {
    this.picture = picture;
    this.lines = picture.lines;
  }

  box(node) {
    return this.picture.box(node);
  }

  note(kind, x, y, text) {
    this.lines.append(svg("text", { class: kind, x, y }, text));
  }

  arrow(kind, ...points) {
    const path = `M ${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join(" L ")}`;
    this.lines.append(svg("path", { class: `arrow ${kind}`, d: path, "marker-end": `url(#ex-${kind})` }));
  }

  add(node) {
    if (node.op === "conv") this.along(node, node.window.kernel === 1 ? "point" : "conv");
    if (node.op === "pool") this.down(node);
    if (node.op === "concat") this.across(node);
  }

  along(node, kind) {
    const [from, to] = [this.box(node.inputs[0]), this.box(node)];
    this.arrow(kind, [from.left + from.width + 2, from.y], [to.left - 3, to.y]);
  }

  down(node) {
    const [from, to] = [this.box(node.inputs[0]), this.box(node)];
    this.arrow("down", [from.x, from.top + from.height + 18], [to.x, to.top - 18]);
  }

  across(node) {
    const [skip, up] = node.inputs;
    const source = skip.op === "crop" ? skip.inputs[0] : skip;
    const [from, to, below] = [this.box(source), this.box(node), this.box(up.inputs[0])];
    this.arrow("copy", [from.left + from.width + 3, from.y], [to.left - 3, to.y]);
    const text = skip.op === "crop" ? `crop ${skip.crop} px a side` : "copy";
    const middle = (from.left + from.width + to.left) / 2;
    const wrapped = to.left - from.left < 130 && skip.op === "crop" ? ["crop", `${skip.crop} px`] : [text];
    wrapped.forEach((line, i) => this.note("note", middle, from.y - 6 - 12 * (wrapped.length - 1 - i), line));
    this.arrow("up", [below.x, below.top - 18], [to.x, to.top + to.height + 18]);
    if (skip.op === "crop") this.cropped(from, skip.size);
  }

  // The part of the source that the skip copies.
  cropped({ left, width, y }, size) {
    const height = this.picture.boxHeight(size);
    this.lines.append(svg("rect", { class: "kept", x: left, y: y - height / 2, width, height }));
  }

  // The reason why an invalid size stops here; returns the lower edge of the picture, this text included.
  stopped(stop) {
    const { nodes } = this.picture.plan;
    const { x, y, height } = this.box(nodes[nodes.length - 1]);
    const why = stop.why === "odd" ? `${stop.size} ÷ 2 leaves a pixel over` : `${stop.size} is too small for two convolutions`;
    const side = x > this.picture.width / 2 ? "end" : "start";
    this.note(`stop ${side}`, x, y + height / 2 + 36, `✗ ${why}`);
    return Math.max(this.picture.bottom, y + height / 2 + 14 + ROOM);
  }
}
