// Numbers and operations as text, as figures/arch/text.py writes them. Products can exceed 2**53: they are BigInt.

const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

// Two decimals; ties are rounded to even, as in Python.
function mib(bytes) {
  if (bytes > 0n && bytes * 200n < 1n << 20n) return "<0.01 MiB"; // below half a hundredth
  const [unit, hundred] = [1n << 20n, 100n];
  let hundredths = (bytes * hundred) / unit;
  const twice = 2n * ((bytes * hundred) % unit);
  if (twice > unit || (twice === unit && hundredths % 2n)) hundredths += 1n;
  return `${grouped(hundredths / hundred)}.${String(hundredths % hundred).padStart(2, "0")} MiB`;
}

const power = (n, rank) => BigInt(n) ** BigInt(rank);

const axesText = (values) => values.join("×");

const alongAxes = (value, rank) => Array(rank).fill(value);

const rangeText = ([least, most]) => (least === most ? `${least}` : `${least}–${most}`);

const sizeText = (size, rank) => `${size}${{ 2: "²", 3: "³" }[rank]}`;

const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

// The operation of a map, such as "conv 3×3, relu".
function operationName(node, rank) {
  const kernel = node.window ? ` ${axesText(alongAxes(node.window.kernel, rank))}` : "";
  const name = { pool: "max pool", up: "up-conv" }[node.op] ?? node.op;
  return [`${name}${kernel}`, ...node.folded].join(", ");
}
