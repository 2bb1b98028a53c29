// inference/tiles.py along one axis, with a step that the reader chooses. Both axes of the image are equal.

// Output pixels of a tile, pixels lost before them, and the grid that the poolings lay over the tile.
function tileOf({ depth, tile }) {
  const choice = { size: tile, depth, padding: "valid" };
  const trusted = outputSize(choice, tile);
  return { trusted, before: (tile - trusted) / 2, grid: 2 ** depth };
}

// The largest step that is exact, as in Margins.starts; 0 if a tile has too few output pixels.
function exactStep(given) {
  const { trusted, grid } = tileOf(given);
  return trusted - (trusted % grid);
}

// The first output pixel of each tile. The last tile starts at the first multiple of the grid at which the end of the
// image is reached; tiles whose step is not a multiple of the grid start at multiples of the step.
function starts({ image, step, ...given }) {
  const { trusted, grid } = tileOf(given);
  if (image <= trusted) return [0];
  const unit = step % grid ? step : grid;
  const last = Math.ceil((image - trusted) / unit) * unit;
  const found = [];
  for (let start = 0; start < last; start += step) found.push(start);
  return [...found, last];
}

// How many tiles answer for each pixel along one axis.
function counts({ image, ...given }) {
  const { trusted } = tileOf(given);
  const found = Array(image).fill(0);
  for (const start of starts({ image, ...given })) {
    for (let pixel = start; pixel < Math.min(start + trusted, image); pixel++) found[pixel] += 1;
  }
  return found;
}

// Numbers for the whole image, of image × image pixels.
function totals(given) {
  const along = counts(given);
  const number = starts(given).length;
  const once = along.filter((count) => count === 1).length;
  const some = along.filter((count) => count > 0).length;
  return {
    tiles: number ** 2,
    read: number ** 2 * given.tile ** 2,
    twice: some ** 2 - once ** 2,
    missing: given.image ** 2 - some ** 2,
  };
}

// What a tile reads along one axis, and how much of it is mirrored before and after the image.
function windowOf(start, { image, tile, ...given }) {
  const first = start - tileOf({ tile, ...given }).before;
  const last = first + tile - 1;
  return { first, last, mirroredBefore: Math.max(0, -first), mirroredAfter: Math.max(0, last + 1 - image) };
}

function verdict(given) {
  const { trusted, grid } = tileOf(given);
  const power = `2${raised(given.depth)} = ${grid}`;
  const { image, step } = given;
  if (image <= trusted) return ["good", `One tile is enough: it answers for ${trusted} pixels per axis, and the image has ${image}`];
  if (step > trusted) return ["bad", `${step} is more than the ${trusted} pixels that a tile answers for: strips of ${step - trusted} pixels have no answer`];
  if (step % grid) return ["bad", `${step} is not a multiple of ${power}: the next tile is ${counted(step % grid, "pixel")} off the grid of the poolings, and its answers are wrong`];
  return ["good", `${step} is a multiple of ${power} and at most ${trusted}: the tiles give the answers of one pass over the image`];
}

const BOARD = 320;

// Image, output of every tile, and what the chosen tile reads, with its mirrored parts hatched.
function board(given, row, column, description) {
  const { trusted, before } = tileOf(given);
  const { image, tile } = given;
  const all = starts(given);
  const [low, high] = [-before, Math.max(image, all[all.length - 1] + trusted) + before];
  const scale = BOARD / (high - low);
  const at = (pixel) => (pixel - low) * scale;
  const rect = (y, x, height, width, look) => shape("rect", { x: at(x), y: at(y), width: width * scale, height: height * scale, ...look });
  const lines = all.flatMap((start) => [start, start + trusted]);
  const [from, to] = [at(0), at(all[all.length - 1] + trusted)];
  return drawing(BOARD, BOARD, description,
    rect(row - before, column - before, tile, tile, { fill: "url(#hatched)" }),
    rect(0, 0, image, image, { fill: "var(--card)" }),
    rect(row, column, trusted, trusted, { fill: "var(--answer)", "fill-opacity": 0.8 }),
    rect(0, 0, image, image, { fill: "none", stroke: "var(--text)", "stroke-width": 2 }),
    shape("path", { d: lines.map((line) => `M${at(line)} ${from}V${to}M${from} ${at(line)}H${to}`).join(""), stroke: "var(--soft)", "stroke-width": 0.7, fill: "none" }),
    rect(row - before, column - before, tile, tile, { fill: "none", stroke: "var(--cool)", "stroke-width": 3, "stroke-dasharray": "8 4" }),
    rect(row, column, trusted, trusted, { fill: "none", stroke: "var(--warm)", "stroke-width": 3 }));
}

// The range of the sliders that depend on others: valid tiles for this depth, and the tiles that there are.
function limit({ depth, ...given }) {
  const [tile, shown] = [named("tile"), named("shown")];
  const valid = validSizes({ depth, padding: "valid" });
  tile.step = valid.step;
  tile.min = valid.start;
  tile.max = valid.start + Math.floor((1020 - valid.start) / valid.step) * valid.step;
  const fitting = { depth, ...given, tile: Number(tile.value) };
  shown.max = starts(fitting).length ** 2;
  return { ...fitting, shown: Number(shown.value) };
}

const minus = (number) => String(number).replace("-", "−");

const windowText = ({ first, last, mirroredBefore, mirroredAfter }) =>
  `${minus(first)} to ${last}; mirrored: ${mirroredBefore} before the image, ${mirroredAfter} after it`;

function tableRows(given, row, column) {
  const { grid } = tileOf(given);
  const { tiles, read, twice, missing } = totals(given);
  const pixels = given.image ** 2;
  return [
    ["Tiles", grouped(tiles)],
    ["Pixels read", `${grouped(read)}, which is ${(read / pixels).toFixed(1)} per pixel of the image`],
    ["Computed more than once", `${grouped(twice)} of ${grouped(pixels)} pixels`],
    ["Without an answer", `${grouped(missing)} pixels`],
    ["The shown tile starts at", `row ${row} = ${row % grid} mod ${grid}, column ${column} = ${column % grid} mod ${grid}`],
    ["It reads rows", windowText(windowOf(row, given))],
    ["It reads columns", windowText(windowOf(column, given))],
  ];
}

function show(moved) {
  const { shown, ...given } = limit(moved);
  const [kind, sentence] = verdict(given);
  say(sentence, kind);
  const all = starts(given);
  const [row, column] = [all[Math.floor((shown - 1) / all.length)], all[(shown - 1) % all.length]];
  const description = `The image with ${all.length} × ${all.length} tiles; tile ${shown} answers from row ${row} and column ${column}`;
  const legend = "Solid yellow: the answer of the shown tile. Dashed: the pixels that it reads. Hatched: the mirrored ones.";
  picture(board(given, row, column, description), element("p", { class: "note" }, legend));
  numbers("Rows and columns are counted from the first pixel of the image", ["", "Value"], tableRows(given, row, column));
  const exact = exactStep(given);
  buttons([["step", exact || null, exact ? `largest exact step: ${exact}` : "no exact step"]]);
}

start(show);
