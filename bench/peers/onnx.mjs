/** A net of dense layers and ReLU as the bytes of an ONNX model (onnx.proto, opset 13), written by hand: no library is needed for it. */

function varint(value) {
  const bytes = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

/** Field with a number; field with bytes, text or a message inside. */
const number = (field, value) => Buffer.from([...varint(field * 8), ...varint(value)]);
const bytes = (field, value) => {
  const content = Array.isArray(value) ? Buffer.concat(value) : Buffer.from(value);
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(content.length)]), content]);
};

const FLOAT = 1;
const INT_ATTRIBUTE = 2;

function tensor(name, dims, values) {
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return bytes(5, [...dims.map((dim) => number(1, dim)), number(2, FLOAT), bytes(8, name), bytes(9, raw)]);
}

function node(type, inputs, output, attributes = []) {
  return bytes(1, [...inputs.map((name) => bytes(1, name)), bytes(2, output), bytes(4, type), ...attributes]);
}

const transposeB = bytes(5, [bytes(1, "transB"), number(3, 1), number(20, INT_ATTRIBUTE)]);

/** x or y of [rows, columns] with rows left open. */
function edge(field, name, columns) {
  const shape = bytes(2, [bytes(1, [bytes(2, "rows")]), bytes(1, [number(1, columns)])]);
  return bytes(field, [bytes(1, name), bytes(2, [bytes(1, [number(1, FLOAT), shape])])]);
}

/** weights: [units, inputs] of each layer; biases are 0. */
export function onnxOf(widths, weights) {
  const parts = [];
  let h = "x";
  weights.forEach((values, i) => {
    const isLast = i === weights.length - 1;
    parts.push(tensor(`w${i}`, [widths[i + 1], widths[i]], values), tensor(`b${i}`, [widths[i + 1]], new Float32Array(widths[i + 1])));
    const y = isLast ? "y" : `z${i}`;
    parts.push(node("Gemm", [h, `w${i}`, `b${i}`], y, [transposeB]));
    if (!isLast) parts.push(node("Relu", [y], `h${i}`));
    h = `h${i}`;
  });
  const graph = bytes(7, [...parts, bytes(2, "net"), edge(11, "x", widths[0]), edge(12, "y", widths.at(-1))]);
  return new Uint8Array(Buffer.concat([number(1, 8), bytes(8, [number(2, 13)]), graph]));
}
