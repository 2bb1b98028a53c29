// Shows the numbers of the map under the pointer or the keyboard focus, and marks the input pixels that it sees. Enter
// or a click keeps the map selected, Escape deselects it, and the arrow keys move to the next map.

const FRAME = 0.6; // from a box to the frames around it: with their lines less than the distance from the box to its texts

const make = (name, attributes = {}, ...inside) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inside);
  return element;
};

const framed = ({ x, y, width, height }, by) => ({ x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by });

const within = (root, selector) => root.querySelector(selector);

class Viewer {
  constructor(root) {
    this.root = root;
    this.panel = within(root, ".panel");
    this.rows = [...root.querySelectorAll("tr[data-node]")];
    this.heads = [...root.querySelectorAll("table.maps thead th")].map((head) => head.textContent);
    this.picture = within(root, ".figure svg");
    this.held = null;
    if (!this.picture || !this.rows.length) return;
    this.moveTitle();
    this.input = this.rows.find((row) => row.dataset.op === "input");
    this.marks = svg("g", { class: "marks" });
    this.picture.append(this.marks);
    this.spots = this.rows.map((row) => this.spot(row)).filter(Boolean);
    this.picture.append(...this.spots);
    this.picture.addEventListener("pointermove", (event) => this.pointed(event)?.hover());
    this.picture.addEventListener("click", (event) => this.pointed(event)?.hold());
    this.show(this.rows[this.rows.length - 1]);
  }

  // Moves title and description into aria-label: screen readers still get them, but no tooltip hides the figure.
  moveTitle() {
    const texts = [...this.picture.querySelectorAll(":scope > title, :scope > desc")];
    if (texts.length) this.picture.setAttribute("aria-label", texts.map((each) => each.textContent).join(". "));
    texts.forEach((each) => each.remove());
    this.picture.setAttribute("role", "group");
  }

  // The box of a map in the coordinates of the figure; null if the figure does not show it.
  box(row) {
    const names = [row.dataset.node, row.dataset.part].filter(Boolean).map((name) => CSS.escape(name));
    const part = this.picture.querySelector(names.map((name) => `[data-node="${name}"], [id="${name}"]`).join(", "));
    const shape = part?.querySelector("rect, path, polygon") ?? part;
    const [own, all] = [shape?.getCTM(), this.picture.getCTM()];
    if (!own || !all) return null;
    const { x, y, width, height } = shape.getBBox();
    const matrix = all.inverse().multiply(own);
    const [a, b] = [new DOMPoint(x, y), new DOMPoint(x + width, y + height)].map((p) => p.matrixTransform(matrix));
    return { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width: Math.abs(b.x - a.x), height: Math.abs(b.y - a.y) };
  }

  // A transparent frame around a map, which can get the focus; frames are in the order of execution.
  spot(row) {
    const box = this.box(row);
    if (!box) return null;
    const numbers = [...row.cells].map((cell, i) => `${this.heads[i]}: ${cell.textContent}`).join("; ");
    const group = svg("g", { class: "spot", role: "button", tabindex: "0", "aria-label": numbers, "aria-pressed": "false" });
    group.append(svg("rect", framed(box, FRAME)));
    group.area = box.width * box.height;
    group.hover = () => this.held ?? this.show(row);
    group.hold = () => this.hold(group, row);
    group.addEventListener("focus", () => this.show(row));
    group.addEventListener("keydown", (event) => this.key(event, group));
    return group;
  }

  // The smallest frame under the pointer, because the halves of a concatenation lie inside its own frame.
  pointed({ clientX, clientY }) {
    const found = document.elementsFromPoint(clientX, clientY).map((each) => each.closest(".spot")).filter(Boolean);
    return found.sort((one, other) => one.area - other.area)[0];
  }

  key(event, group) {
    const along = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (along) this.spots[this.spots.indexOf(group) + along]?.focus();
    else if (event.key === "Enter" || event.key === " ") group.hold();
    else if (event.key === "Escape") this.deselect();
    else return;
    event.preventDefault();
  }

  hold(group, row) {
    const again = this.held === group;
    this.deselect();
    if (again) return;
    this.held = group;
    group.setAttribute("aria-pressed", "true");
    this.show(row);
  }

  deselect() {
    this.held?.setAttribute("aria-pressed", "false");
    this.held = null;
  }

  show(row) {
    const list = make("dl");
    [...row.cells].slice(1).forEach((cell, i) => {
      list.append(make("div", {}, make("dt", {}, this.heads[i + 1]), make("dd", {}, cell.textContent)));
    });
    const texts = make("div", {}, make("p", { class: "name" }, row.cells[0].textContent), list);
    this.panel.replaceChildren(texts, ...this.sees(row));
    this.mark(row);
  }

  // The input pixels that the middle pixel sees, as a square and in words.
  sees(row) {
    const { seen, size } = seenPixels(row);
    return seen.length ? [seenSquare(seen, size), seenWords(seen, size)] : [];
  }

  mark(row) {
    const { seen, size } = seenPixels(row);
    const [box, here] = [this.input && this.box(this.input), this.box(row)];
    this.marks.replaceChildren(...(seen.length && box ? [seenBar(seen, size, box)] : []));
    if (here) this.marks.append(svg("rect", { class: "here", ...framed(here, FRAME) }));
  }
}
