// figures/arch/from_plan.py in JavaScript: the maps of a plain U-Net in the order of execution, with their numbers.

const FLOAT = 4n, INDEX = 8n; // bytes of a float32, and of the index that max-pooling saves with each maximum

class Builder {
  constructor(choice) {
    this.choice = choice;
    this.nodes = [];
    this.skips = [];
    this.names = new Map();
  }

  get last() {
    return this.nodes[this.nodes.length - 1];
  }

  channels(level) {
    return this.choice.width * 2 ** level;
  }

  numbers(channels, size) {
    return BigInt(channels) * power(size, this.choice.rank);
  }

  // The id that the map would have in a trace: side, level, operation, running number.
  name(op, side, level) {
    const stem = this.choice.depth === 0 ? `net.${op}` : side === "head" ? `head.${op}` : `${side}${level}.${op}`;
    this.names.set(stem, (this.names.get(stem) ?? 0) + 1);
    return `${stem}${this.names.get(stem)}`;
  }

  append(op, side, { level, size }, channels, more) {
    const bytes = FLOAT * this.numbers(channels, size);
    const known = { inputs: [this.last], parameters: 0n, macs: 0n, bytes, saved: bytes, crop: 0, window: null };
    const id = this.name(op, side, level);
    this.nodes.push({ id, op, side, level, size, channels, scale: 2 ** level, folded: [], ...known, ...more });
  }

  add(step) {
    const deepest = this.choice.depth;
    const rising = this.skips.length === deepest && step.level < deepest;
    const side = step.level === deepest ? "bottom" : rising ? "dec" : "enc";
    if (step.op === "input") this.append("input", side, step, this.choice.ins, { inputs: [] });
    if (step.op === "conv") this.convolve(side, step, this.channels(step.level), 3, ["relu"]);
    if (step.op === "head") this.convolve("head", step, this.choice.outs, 1, []);
    if (step.op === "down") this.pool(side, step);
    if (step.op === "up") this.upsample(step);
    if (step.op === "crop") this.merge(step);
  }

  convolve(side, step, channels, kernel, folded) {
    const each = BigInt(this.last.channels) * power(kernel, this.choice.rank);
    const before = this.choice.padding === "same" ? (kernel - 1) / 2 : 0;
    const window = { kernel, stride: 1, before, up: 1 };
    const own = { parameters: BigInt(channels) * (each + 1n), macs: this.numbers(channels, step.size) * each };
    const kept = folded.length ? {} : { saved: 0n };
    this.append("conv", side, step, channels, { window, folded, ...own, ...kept });
  }

  pool(side, step) {
    this.skips.push(this.last);
    const bytes = (FLOAT + INDEX) * this.numbers(this.last.channels, step.size);
    const window = { kernel: 2, stride: 2, before: 0, up: 1 };
    this.append("pool", side, step, this.last.channels, { window, bytes, saved: bytes });
  }

  upsample(step) {
    const below = this.last;
    const channels = this.channels(step.level);
    const each = BigInt(channels) * power(2, this.choice.rank);
    const macs = this.numbers(below.channels, below.size) * each;
    const parameters = BigInt(below.channels) * each + BigInt(channels);
    const window = { kernel: 2, stride: 1, before: 0, up: 2 };
    this.append("up", "dec", step, channels, { window, parameters, macs, saved: 0n });
  }

  merge(step) {
    const up = this.last;
    let skip = this.skips[step.level];
    if (step.crop) {
      this.append("crop", "skip", step, skip.channels, { inputs: [skip], crop: step.crop, saved: 0n });
      skip = this.last;
    }
    this.append("concat", "dec", step, skip.channels + up.channels, { inputs: [skip, up] });
  }
}

function planned(choice) {
  const builder = new Builder(choice);
  const steps = sizeSteps(choice);
  for (const each of steps) builder.add(each);
  const stop = steps.find((each) => each.op === "stop") ?? null;
  return { choice, nodes: builder.nodes, stop, totals: stop ? null : totals(builder) };
}

function totals(builder) {
  const sum = (key) => builder.nodes.reduce((total, node) => total + node[key], 0n);
  return { macs: sum("macs"), saved: sum("saved"), peak: peak(builder) };
}

// Parameters do not depend on the input size, so they are also known for an invalid one.
function parameterCount(choice) {
  const { nodes } = planned({ ...choice, size: validSizes(choice).start });
  return nodes.reduce((total, node) => total + node.parameters, 0n);
}

// The largest number of bytes alive during one operation. A crop is a view; the indices of a pooling are freed after it.
function peak(builder) {
  const root = (node) => (node.op === "crop" ? node.inputs[0] : node);
  const last = new Map();
  builder.nodes.forEach((node, i) => node.inputs.forEach((each) => last.set(root(each), i)));
  let alive = new Set(), most = 0n;
  builder.nodes.slice(1).forEach((node, before) => {
    [node, ...node.inputs].forEach((each) => alive.add(root(each)));
    let bytes = node.op === "pool" ? INDEX * builder.numbers(node.channels, node.size) : 0n;
    for (const each of alive) bytes += FLOAT * builder.numbers(each.channels, each.size);
    if (bytes > most) most = bytes;
    alive = new Set([...alive].filter((each) => (last.get(each) ?? 0) > before + 1));
  });
  return most;
}
