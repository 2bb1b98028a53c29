// figures/arch/receptive_field.py for one axis: follows the graph backwards to the input pixels that a pixel sees.

// The map and all maps from which it is computed, last first.
function ancestors(nodes, node) {
  const wanted = new Set([node]);
  const found = [];
  for (const each of [...nodes].reverse()) {
    if (!wanted.has(each)) continue;
    found.push(each);
    each.inputs.forEach((one) => wanted.add(one));
  }
  return found;
}

const hull = (one, other) => (one ? [Math.min(one[0], other[0]), Math.max(one[1], other[1])] : other);

function inputInterval(node, [first, last]) {
  if (node.crop) return [first + node.crop, last + node.crop];
  if (!node.window) return [first, last];
  const { kernel, stride, before, up } = node.window;
  const reach = kernel - 1;
  if (up > 1) return [Math.ceil((first + before - reach) / up), Math.floor((last + before) / up)];
  return [first * stride - before, last * stride - before + reach];
}

// First and last input pixel that the pixel at position `position` of before[0] sees; the maps are treated as infinite.
function seenInterval(before, position) {
  const wanted = new Map([[before[0], [position, position]]]);
  let found = null;
  for (const node of before) {
    const interval = wanted.get(node);
    if (node.op === "input") found = hull(found, interval);
    node.inputs.forEach((each) => wanted.set(each, hull(wanted.get(each), inputInterval(node, interval))));
  }
  return found;
}

// Smallest and largest number of input pixels, over all positions in the grid of the coarsest ancestor.
function nodeReceptiveField(nodes, node) {
  const before = ancestors(nodes, node);
  const period = Math.max(...before.map((each) => each.scale)) / node.scale;
  const counts = Array.from({ length: period }, (_, position) => {
    const [first, last] = seenInterval(before, position);
    return last - first + 1;
  });
  return [Math.min(...counts), Math.max(...counts)];
}

// The input pixels that the middle pixel of a map sees.
const seenByMiddle = (nodes, node) => seenInterval(ancestors(nodes, node), Math.floor(node.size / 2));

// The receptive field of the output; it does not depend on the input size.
function receptiveField(choice) {
  const { nodes } = planned({ ...choice, size: validSizes(choice).start });
  return nodeReceptiveField(nodes, nodes[nodes.length - 1]);
}
