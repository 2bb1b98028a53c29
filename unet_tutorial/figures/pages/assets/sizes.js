// plan/sizes.py for one axis, with kernel 3, two convolutions per level and stride 2. A choice is
// {size, depth, width, padding, rank, ins, outs}. All axes are equal, so one is computed.

const lost = (choice) => (choice.padding === "valid" ? 4 : 0);

// The smallest valid size and the step to each further one.
function validSizes(choice) {
  let bottom = 1;
  for (let i = 0; i < choice.depth; i++) bottom = Math.ceil((bottom + lost(choice)) / 2);
  let size = bottom + lost(choice);
  for (let i = 0; i < choice.depth; i++) size = size * 2 + lost(choice);
  return { start: size, step: 2 ** choice.depth };
}

function isValid({ size, ...choice }) {
  const { start, step } = validSizes(choice);
  return size >= start && (size - start) % step === 0;
}

// The next smaller and larger valid size, null for none; never the size itself.
function neighbours(choice) {
  const { start, step } = validSizes(choice);
  if (choice.size < start) return [null, start];
  const over = (choice.size - start) % step;
  const below = over ? choice.size - over : choice.size - step;
  return [below >= start ? below : null, over ? below + step : choice.size + step];
}

function outputSize(choice, size) {
  for (let i = 0; i < choice.depth; i++) size = (size - lost(choice)) / 2;
  size -= lost(choice);
  for (let i = 0; i < choice.depth; i++) size = size * 2 - lost(choice);
  return size;
}

// The message of plan.sizes.size_error; empty if the size is valid.
function sizeError(choice) {
  if (isValid(choice)) return "";
  const near = neighbours(choice).filter((n) => n !== null);
  const last = near[near.length - 1];
  const which = near.length > 1 ? `nearest sizes that do are ${near[0]} and ${last}` : `smallest size that does is ${last}`;
  return `axis 0 = ${choice.size} does not pass ${counted(choice.depth, "pooling")}; the ${which} (${last} gives ${outputSize(choice, last)})`;
}

// Every size in the order of execution: {op, level, size, crop}. For an invalid size the last step is "stop".
function sizeSteps(choice) {
  const steps = [{ op: "input", level: 0, size: choice.size }];
  const skips = [];
  const here = () => steps[steps.length - 1].size;
  const block = (level) => {
    for (let k = 0; k < 2; k++) steps.push({ op: "conv", level, size: here() - lost(choice) / 2 });
  };
  for (let level = 0; level <= choice.depth; level++) {
    if (level && here() % 2) return [...steps, { op: "stop", level, size: here(), why: "odd" }];
    if (level) steps.push({ op: "down", level, size: here() / 2 });
    if (here() <= lost(choice)) return [...steps, { op: "stop", level, size: here(), why: "small" }];
    block(level);
    skips.push(here());
  }
  for (let level = choice.depth - 1; level >= 0; level--) {
    const size = here() * 2;
    steps.push({ op: "up", level, size }, { op: "crop", level, size, crop: (skips[level] - size) / 2 });
    if (size <= lost(choice)) return [...steps, { op: "stop", level, size, why: "small" }];
    block(level);
  }
  return [...steps, { op: "head", level: 0, size: here() }];
}
