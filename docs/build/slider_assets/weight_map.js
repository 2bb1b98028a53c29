// learning/losses/weight_maps.py for an image with two round cells: equation 2 of the paper.

const ROWS = 48, COLUMNS = 96, RADIUS = 14;

// The labels: 0 is background; the two cells are `gap` background pixels apart in the middle row.
function labels(gap) {
  const left = Math.floor((COLUMNS - 2 * (2 * RADIUS + 1) - gap) / 2) + RADIUS;
  const centres = [left, left + 2 * RADIUS + gap + 1];
  const inside = (row, column) => (row - ROWS / 2) ** 2 + column ** 2 < RADIUS * (RADIUS + 1);
  const cell = (row, column) => centres.findIndex((centre) => inside(row, column - centre)) + 1;
  return Array.from({ length: ROWS }, (_, row) => Array.from({ length: COLUMNS }, (_, column) => cell(row, column)));
}

// The pixels of a cell that have a neighbour outside: the pixel of the cell nearest to any outside is one of them.
function rim(map, cell) {
  const found = [];
  map.forEach((line, row) => line.forEach((label, column) => {
    const around = [map[row - 1]?.[column], map[row + 1]?.[column], line[column - 1], line[column + 1]];
    if (label === cell && around.some((other) => other !== cell)) found.push([row, column]);
  }));
  return found;
}

const distance = (row, column, pixels) => Math.sqrt(Math.min(...pixels.map(([r, c]) => (r - row) ** 2 + (c - column) ** 2)));

// Distances of each background pixel to the nearest and the second nearest cell, [d1, d2]; null inside the cells.
function distances(map) {
  const rims = [rim(map, 1), rim(map, 2)];
  return map.map((line, row) => line.map((label, column) =>
    label ? null : rims.map((pixels) => distance(row, column, pixels)).sort((one, other) => one - other)));
}

// The second term of equation 2.
const borderTerm = ([d1, d2], w0, sigma) => w0 * Math.exp(-(((d1 + d2) / sigma) ** 2) / 2);

// The weights of background and cell, N / (2 n), so that both have the same total weight.
function classWeights(map) {
  const all = ROWS * COLUMNS;
  const cells = map.flat().filter((label) => label).length;
  return [all / (2 * (all - cells)), all / (2 * cells)];
}

// The weight of every pixel: class weight plus border term.
function weights(map, near, w0, sigma) {
  const [background, cell] = classWeights(map);
  return map.map((line, row) => line.map((label, column) =>
    label ? cell : background + borderTerm(near[row][column], w0, sigma)));
}

const round = (value) => value.toFixed(2);

// The weights along the middle row, with the cells as blocks below the axis.
const PLOT = { left: 34, top: 8, width: 384, height: 120 };

function profile(map, line, column, most) {
  const { left, top, width, height } = PLOT;
  const pixel = width / COLUMNS;
  const y = (weight) => top + height * (1 - weight / most);
  const path = line.map((weight, i) => `${i ? "L" : "M"}${left + i * pixel} ${y(weight).toFixed(2)}h${pixel}`).join("");
  const cells = [1, 2].flatMap((cell) => {
    const [first, last] = [map[ROWS / 2].indexOf(cell), map[ROWS / 2].lastIndexOf(cell)];
    const [x, end] = [left + first * pixel, left + (last + 1) * pixel];
    const block = { x, y: top + height, width: end - x, height: 16, fill: "var(--kept)", stroke: "var(--text)" };
    const name = text((x + end) / 2, top + height + 12, `cell ${cell}`, "middle");
    name.setAttribute("class", "on-fill");
    return [shape("rect", block), name];
  });
  const at = left + (column + 0.5) * pixel;
  const ticks = [0, most / 2, most];
  return drawing(left + width + 6, top + height + 32, "The weight along the middle row, and the cells below it",
    ...ticks.map((tick) => shape("line", { x1: left, x2: left + width, y1: y(tick), y2: y(tick), stroke: "var(--line)" })),
    ...ticks.map((tick) => text(left - 5, y(tick) + 4, tick, "end")),
    ...cells,
    shape("path", { d: path, fill: "none", stroke: "var(--cool)", "stroke-width": 2 }),
    shape("line", { x1: at, x2: at, y1: top, y2: top + height + 18, stroke: "var(--text)", "stroke-dasharray": "3 2" }),
    text(at, top + height + 29, `column ${column}`, "middle"));
}

const SHADES = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]]; // viridis

function shade(share) {
  const place = Math.min(share, 1) * (SHADES.length - 1);
  const below = Math.min(Math.floor(place), SHADES.length - 2);
  return SHADES[below].map((part, i) => Math.round(part + (place - below) * (SHADES[below + 1][i] - part)));
}

// The map as an image: dark for small weights, bright for large ones.
function image(found, most, description) {
  const canvas = element("canvas", { width: COLUMNS, height: ROWS, role: "img", "aria-label": description, class: "map" });
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(COLUMNS, ROWS);
  found.flat().forEach((weight, i) => pixels.data.set([...shade(weight / most), 255], 4 * i));
  context.putImageData(pixels, 0, 0);
  return canvas;
}

function pixelRows(map, near, column, { w0, sigma }) {
  const row = ROWS / 2;
  const label = map[row][column];
  const class_ = classWeights(map)[label ? 1 : 0];
  const pair = near[row][column];
  const border = pair ? borderTerm(pair, w0, sigma) : 0;
  const place = label ? `cell ${label}` : "background";
  return [column, place, ...(pair ?? ["—", "—"]).map((d) => (pair ? round(d) : d)), round(class_), round(border), round(class_ + border)];
}

const known = new Map(); // labels and distances by gap: they do not depend on w0 and sigma

function scene(gap) {
  if (!known.has(gap)) {
    const map = labels(gap);
    known.set(gap, { map, near: distances(map) });
  }
  return known.get(gap);
}

function show({ sigma, w0, gap, column }) {
  const { map, near } = scene(gap);
  const found = weights(map, near, w0, sigma);
  const line = found[ROWS / 2];
  const most = Math.max(2, Math.ceil(Math.max(...found.flat()) / 2) * 2);
  const added = borderTerm([1, gap], w0, sigma);
  const times = added / classWeights(map)[0];
  say(`Between the cells d₁ + d₂ = ${gap + 1} px, so the border adds ${w0} · exp(−${gap + 1}² / (2 · ${sigma}²)) = ${round(added)}, ${round(times)} times the class weight of the background`, "good");
  const description = `The weights of all pixels; the largest is ${round(Math.max(...found.flat()))}, the smallest ${round(Math.min(...found.flat()))}`;
  picture(profile(map, line, column, most), image(found, most, description), element("p", { class: "note" }, `${description}. Dark: small, bright: large.`));
  const heads = ["Column", "Pixel", "d₁ (px)", "d₂ (px)", "Class weight", "Border term", "Weight"];
  numbers("The pixel in the middle row at the chosen column", heads, [pixelRows(map, near, column, { w0, sigma })]);
}

start(show);
