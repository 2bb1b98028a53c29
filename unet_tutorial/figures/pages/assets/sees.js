// The input pixels that the middle pixel of a map sees: table rows hold the first and last of them in data-sees
// ("184 387" per axis), and tables hold the input size. A padded network sees beyond the border; that part is dashed.

const whole = (text) => text.split(" ").map(Number);

function seenPixels(row) {
  const size = (row.closest("table").dataset.size || "").split(",").filter(Boolean).map(Number);
  return { seen: row.dataset.sees ? row.dataset.sees.split(",").map(whole) : [], size };
}

// A square for the last two axes; a single axis is drawn as a strip.
function seenSquare(seen, size) {
  const two = (values) => (values.length > 1 ? values.slice(-2) : [[0, 0], ...values]);
  const pairs = two(seen), ends = two(size.map((n) => [0, n - 1]));
  const low = Math.min(...pairs.map(([first]) => Math.min(0, first)));
  const spans = pairs.map(([first, last], i) => Math.max(last, ends[i][1]) - Math.min(0, first) + 1);
  const scale = 132 / Math.max(...spans);
  const rect = (kind, [[top, bottom], [left, right]]) => svg("rect", {
    class: kind, x: 4 + (left - low) * scale, y: 4 + (top - low) * scale,
    width: Math.max(2, (right - left + 1) * scale), height: Math.max(2, (bottom - top + 1) * scale),
  });
  const inside = pairs.map(([first, last], i) => [Math.max(0, first), Math.min(last, ends[i][1])]);
  const root = svg("svg", { class: "square", viewBox: "0 0 140 140", "aria-hidden": "true" });
  root.append(rect("whole", ends), rect("beyond", pairs), rect("sees", inside));
  return root;
}

function seenWords(seen, size) {
  const axis = ([first, last], i) => {
    const out = [first < 0 ? `${-first} before` : "", last >= size[i] ? `${last - size[i] + 1} after` : ""].filter(Boolean);
    const beyond = out.length ? ` (padding: ${out.join(", ")})` : "";
    return `${Math.max(0, first)} to ${Math.min(last, size[i] - 1)} of 0 to ${size[i] - 1}${beyond}`;
  };
  const texts = seen.map(axis);
  const same = texts.every((text) => text === texts[0]);
  const words = same ? [`along ${texts.length > 1 ? "each axis" : "the axis"} ${texts[0]}`] : texts.map((text, i) => `axis ${i}: ${text}`);
  return make("p", { class: "words" }, "Its middle pixel sees these pixels of the input: ", words.join("; "));
}

// A bar on the input's box, whose height is the second-last axis.
function seenBar(seen, size, box) {
  const axis = Math.max(0, seen.length - 2);
  const [first, last] = [Math.max(0, seen[axis][0]), Math.min(seen[axis][1], size[axis] - 1)];
  const unit = box.height / size[axis];
  const height = Math.max(2, (last - first + 1) * unit);
  return svg("rect", { class: "sees", x: box.x - FRAME, y: box.y + first * unit, width: box.width + 2 * FRAME, height });
}
