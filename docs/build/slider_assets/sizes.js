// The sizes of all maps along one axis, by the functions of the explorer: plan/sizes.py in JavaScript.

// The sizes of each level on both sides of the U: {down: [...], up: [...], crop, stop}, for as far as the size passes.
function byLevel(choice) {
  const levels = Array.from({ length: choice.depth + 1 }, () => ({ down: [], up: [], crop: null, stop: null }));
  let rising = false;
  for (const { op, level, size, crop, why } of sizeSteps(choice)) {
    rising ||= op === "up";
    if (op === "stop") levels[level].stop = { size, why, rising };
    else if (op === "crop") levels[level].crop = crop;
    else if (op !== "head") levels[level][rising ? "up" : "down"].push(size);
  }
  return levels;
}

// Where a size fails; empty if it is valid.
function stopSentence(choice) {
  const stop = sizeSteps(choice).find((step) => step.op === "stop");
  if (!stop) return "";
  if (stop.why === "odd") return `The pooling to level ${stop.level} gets ${stop.size} pixels, an odd number.`;
  return `The two convolutions of level ${stop.level} get ${counted(stop.size, "pixel")}; they need 5 or more.`;
}

function sentence(choice) {
  const { size, depth } = choice;
  if (!isValid(choice)) return `${sizeError(choice).replace("axis 0 = ", "")}. ${stopSentence(choice)}`;
  const output = outputSize(choice, size);
  return `${size} passes ${counted(depth, "pooling")} and gives ${output}: it loses 12 · 2${raised(depth)} − 8 = ${size - output} pixels`;
}

const WIDE = 370, ROW = 44, BAR = 15, MIDDLE = 190;

// A bar of `size` pixels with its left or right end at x; what the block removes, or the crop of the skip, is hatched.
function bar(x, y, sizes, around, scale, fill, end) {
  const [outer, inner] = [Math.max(...around), sizes[sizes.length - 1]].map((size) => Math.max(size * scale, 1));
  const left = end ? x - outer : x;
  return [
    shape("rect", { x: left, y, width: outer, height: BAR, fill: "url(#hatched)", stroke: "var(--soft)" }),
    shape("rect", { x: left + (outer - inner) / 2, y, width: inner, height: BAR, fill, stroke: "var(--text)" }),
  ];
}

// Encoder on the left, decoder on the right, one row per level.
function ladder(choice, levels, description) {
  const scale = (MIDDLE - 20) / choice.size;
  const drawn = levels.flatMap(({ down, up, stop }, level) => {
    const y = 4 + level * ROW;
    const row = [];
    const bottom = level === choice.depth && down.length && !stop;
    if (down.length) {
      row.push(...bar(MIDDLE - 10, y + 16, down, down, scale, "var(--kept)", true));
      row.push(text(MIDDLE - 10, y + 11, down.join(" → "), "end"));
    }
    if (up.length) {
      row.push(...bar(MIDDLE + 10, y + 16, up, [down[down.length - 1]], scale, "var(--warm)", false));
      row.push(text(MIDDLE + 10, y + 11, up.join(" → ")));
    }
    if (stop) {
      const why = stop.why === "odd" ? `✗ ${stop.size} is odd` : `✗ ${stop.size}: too small`;
      const below = stop.rising ? up.length : down.length; // the sizes that stand above the reason
      const label = text(stop.rising ? MIDDLE + 10 : MIDDLE - 10, y + (below ? 42 : 11), why, stop.rising ? "start" : "end");
      label.setAttribute("class", "stop");
      row.push(label);
    }
    if (bottom) row.push(text(MIDDLE + 10, y + 28, "the bottom of the U"));
    return row;
  });
  return drawing(WIDE, levels.length * ROW + 8, description, ...drawn);
}

function rows(levels) {
  const chain = (sizes) => sizes.join(" → ") || "—";
  return levels.map(({ down, up, crop }, level) => [level, chain(down), crop === null ? "—" : `${crop} px per side`, chain(up)]);
}

function show(given) {
  const choice = { ...given, padding: "valid" };
  const levels = byLevel(choice);
  say(sentence(choice), isValid(choice) ? "good" : "bad");
  picture(ladder(choice, levels, `The sizes of ${counted(choice.depth + 1, "level")}, down on the left and up on the right`));
  numbers("Pixels along each axis, in the order of the forward pass", ["Level", "Down", "Crop of the skip", "Up"], rows(levels));
  const most = Number(named("size").max);
  buttons(neighbours(choice).map((size, i) => {
    const possible = size !== null && size <= most;
    const label = possible ? `${"↓↑"[i]} ${size}` : ["no smaller size", `above ${most}`][i];
    return ["size", possible ? size : null, label];
  }));
}

start(show);
