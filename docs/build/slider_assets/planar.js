// plan/levels.py: which levels are planar for voxels of this spacing, and the voxel of each level.

// The message of plan.levels.check_spacing; empty for a spacing of which only the first axis may be coarse.
function spacingError(spacing) {
  const inside = spacing.slice(1);
  if (Math.max(...inside) < 2 * Math.min(...spacing)) return "";
  return `spacing (${spacing.join(", ")}): only the first axis may be the coarse one; transpose the volume, or resample it`;
}

// The indices of the planar levels among `levels` levels, as plan.levels.plan_for.
function planarLevels(spacing, levels) {
  const ratio = spacing[0] / Math.max(...spacing.slice(1));
  return Array.from({ length: levels }, (_, level) => level).filter((level) => ratio / 2 ** level >= 2);
}

// Kernel, stride to the next level and voxel of each level, as plan.levels.pyramid.
function plan(spacing, poolings) {
  const planar = planarLevels(spacing, poolings + 1);
  const found = [];
  let voxel = spacing;
  for (let level = 0; level <= poolings; level++) {
    const flat = planar.includes(level);
    const stride = flat ? [1, 2, 2] : [2, 2, 2];
    found.push({ level, planar: flat, kernel: flat ? [1, 3, 3] : [3, 3, 3], stride: level < poolings ? stride : null, voxel });
    voxel = voxel.map((side, axis) => side * stride[axis]);
  }
  return found;
}

const times = (numbers) => numbers.join(" × ");
const ratioOf = ([z, ...inside]) => z / Math.max(...inside);

const SIDE = 66, GAP = 12;

// The voxel of each level from the side, z upwards and x to the right, each drawn with its larger side of one length.
function voxels(levels, description) {
  const drawn = levels.flatMap(({ level, planar, voxel }, i) => {
    const largest = Math.max(voxel[0], voxel[2]);
    const [height, width] = [voxel[0], voxel[2]].map((side) => (side / largest) * SIDE);
    const left = 4 + i * (SIDE + GAP);
    const look = planar ? { fill: "url(#hatched)", stroke: "var(--warm)" } : { fill: "var(--kept)", stroke: "var(--text)" };
    return [
      shape("rect", { x: left + (SIDE - width) / 2, y: 8 + SIDE - height, width, height, "stroke-width": 2, ...look }),
      text(left + SIDE / 2, SIDE + 24, `level ${level}`, "middle"),
      text(left + SIDE / 2, SIDE + 38, planar ? "planar" : "3D", "middle"),
    ];
  });
  return drawing(4 + 5 * (SIDE + GAP), SIDE + 46, description, ...drawn);
}

function sentence(spacing, planar) {
  const ratio = Number(ratioOf(spacing).toFixed(2));
  if (!planar.length) return `Slices : pixels is ${ratio} : 1, below 2 : 1; no level is planar`;
  const which = planar.length === 1 ? "level 0 is planar" : `levels 0 to ${planar.length - 1} are planar`;
  return `Slices : pixels is ${ratio} : 1; ${which}`;
}

function show({ z, y, x, poolings }) {
  const spacing = [z, y, x];
  const heads = ["Level", "Kind", "Kernel", "Stride to the next", "Voxel z × y × x (nm)", "Slices : pixels"];
  const wrong = spacingError(spacing);
  if (wrong) {
    say(wrong, "bad");
    numbers("The plan", heads, []);
    return picture(voxels([], "No plan for this spacing"));
  }
  const levels = plan(spacing, poolings);
  say(sentence(spacing, levels.filter((each) => each.planar).map((each) => each.level)), "good");
  picture(voxels(levels, "The voxel of each level, seen from the side"),
    element("p", { class: "note" }, "A voxel of each level from the side (z up, x to the right), each enlarged to the same length. Hatched: planar."));
  numbers("The plan, from the finest level to the coarsest", heads, levels.map(({ level, planar, kernel, stride, voxel }) => [
    level, planar ? "planar" : "3D", times(kernel), stride ? times(stride) : "—", times(voxel), `${Number(ratioOf(voxel).toFixed(2))} : 1`,
  ]));
}

start(show);
