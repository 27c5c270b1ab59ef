/** Results as Markdown: a table per task, and whether each bar holds. */
import { bars } from "./bars.mjs";
import { tasks, title } from "./tasks.mjs";

const OWN = "whetstone";

export function time(seconds) {
  if (seconds < 1e-3) return `${(seconds * 1e6).toPrecision(3)} µs`;
  return seconds < 1 ? `${(seconds * 1e3).toPrecision(3)} ms` : `${seconds.toFixed(2)} s`;
}

/** How many times the base's time another time is: 0.93, 2.14, 86. */
export const times = (ratio) => (ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0));

/** What shows that the peer does the work: losses that fall, an accuracy, the largest difference of an output. */
function proof(task, row, own) {
  if (task.kind === "fit") return row.accuracy === undefined ? "" : row.accuracy.toFixed(3);
  if (task.kind === "predict") {
    const base = own?.outputs;
    if (!row.outputs || !base) return "";
    return Math.max(...row.outputs.map((v, i) => Math.abs(v - base[i]))).toExponential(0);
  }
  if (row.lossTo === undefined) return "";
  const fall = `${row.firstLoss.toFixed(4)}; ${row.lossFrom.toFixed(3)} to ${row.lossTo.toFixed(3)}`;
  return row.lossTo < row.lossFrom ? fall : `${fall}: DID NOT LEARN`;
}

const proofs = {
  step: "first loss; mean of the first and third pass",
  predict: "largest difference of an output",
  fit: "accuracy on its rows",
};

/** The table of one task; peers beside this library on one thread. */
export function tableOf(task, { rows, date, commit }) {
  const own = rows.find(({ peer }) => peer === OWN);
  const lines = [
    `### ${task.name}: ${title(task)}`,
    "",
    `| peer | threads | least | median | times ${OWN}'s | ${proofs[task.kind]} |`,
    "|---|---|---|---|---|---|",
  ];
  const isHere = (row) => row.min !== undefined || row.lossTo !== undefined || row.firstLoss !== undefined;
  for (const row of rows.filter(isHere)) {
    const cells =
      row.min === undefined
        ? [row.note, "", ""]
        : [`${time(row.min)}${row.hasOneTurn ? ", one turn" : ""}`, time(row.median), own?.min ? times(row.min / own.min) : ""];
    lines.push(`| ${[row.peer, row.threads, ...cells, proof(task, row, own)].join(" | ")} |`);
  }
  const missing = rows.filter((row) => !isHere(row)).map(({ peer, note }) => `${peer} (${note})`);
  lines.push("", `Measured ${date}, the library at ${commit}.${missing.length > 0 ? ` Not measured: ${missing.join(", ")}.` : ""}`, "");
  return lines.join("\n");
}

/** How many times faster one peer's row is than another's, or undefined if one of them was not measured. */
function ratioOf(results, { task, ours = [OWN], theirs }) {
  const least = (names) =>
    Math.min(...(results[task]?.rows ?? []).filter(({ peer, min }) => names.includes(peer) && min).map(({ min }) => min));
  const ratio = least(theirs) / least(ours);
  return Number.isFinite(ratio) ? ratio : undefined;
}

/** The same to one digit more and rounded down, so that what reads as the bar reaches it. */
function seen(ratio) {
  const digits = ratio < 10 ? 3 : ratio < 100 ? 1 : 0;
  return (Math.floor(ratio * 10 ** digits) / 10 ** digits).toFixed(digits);
}

function barTable(results) {
  const lines = ["| task | against | bar: times its speed | seen | holds |", "|---|---|---|---|---|"];
  for (const bar of bars) {
    const ratio = ratioOf(results, bar);
    const verdict = ratio === undefined ? ["not measured here", ""] : [seen(ratio), ratio >= bar.least ? "yes" : "NO"];
    lines.push(`| ${[bar.title ?? bar.task, bar.against ?? bar.theirs[0], bar.least, ...verdict].join(" | ")} |`);
  }
  return lines.join("\n");
}

const HOW = `Each peer is a process of its own. Within a task the peers take turns, round by round, in one go; the figure is the least time
of all rounds, in bursts of at least 2 ms. One thread, unless the table says otherwise. All read the same rows and the same first weights from
files, and read the loss at each step. That they do the same work shows in the loss of the first step, which agrees
where no dropout is drawn, and in losses that fall from the first pass over the batches to the third. A peer whose first step takes
6 s or more has one turn, which its row says, and shows no losses.

What differs:
- **${OWN}**: \`fast\` (relaxed SIMD), rows given as typed arrays at each step, checked and copied; so are predictions.
- **jax-js**: one jitted function per step, with dropout, as the others, and without (less work; what the bars were first measured by); plain Adam and momentum written as the others have them; no running
  statistics; \`fit\` leaves out the rows that do not fill a batch. One thread: it has no others in Node.
- **TensorFlow.js**: a layers model and its optimizer's \`minimize\`; batches are tensors already, made once. One thread: wasm has no others in Node.
  \`fit\` is the layers API's own.
- **brain.js**: has no mini-batches, so only the single-sample tasks and \`fit\` (sample by sample, squared error, logistic function on
  every layer, rate 0.1). A whole batch costs it the time of one sample times the rows.
- **onnxruntime-web**: predicts only.
- **PyTorch** (eager) and **scikit-learn** (\`partial_fit\`; without batch norm and dropout; its own first weights) run where \`python3\`, or the program that the
  variable PYTHON names, has them: Debian's packages are python3-torch and python3-sklearn, with OpenBLAS.
- **fit** is the whole life of a process: start of the runtime, imports, data read, training with a new order in each epoch, accuracy.`;

const ELSEWHERE = `On 2 cores of a Sapphire Rapids server with AVX-512, ms per step, minima; PyTorch 1.13, 1 thread, and the peers of that run.
Its prototype column is of the kernels that ${OWN} grew from, not of this library. Another machine's figures: ratios across the two tables mean nothing.

| task | tfjs-wasm 4.22 | jax-js 0.1.25 | PyTorch, 1 thread | prototype, 1 thread |
|---|---|---|---|---|
| iris | 0.6 | 0.28 to 0.30 | 0.10 to 0.11 | 0.0012 (no loss) |
| digits | 3.6 to 4.2 | 1.1 to 1.4 | 0.49 to 0.56 | 0.070 (no batch norm, dropout, loss) |
| mnist | 117 to 173 | 17 to 19 | 6.5 to 7.5 | 7.8 (no dropout, loss) |
| wide | 2220 | 216 to 252 | 51 to 64 | 129 |`;

export function report({ machine, results }) {
  const measured = tasks.filter(({ name }) => results[name]);
  const versions = [...new Set(measured.flatMap(({ name }) => results[name].rows.map((row) => row.versions)))].filter(Boolean);
  return `# Peers

Written by \`npm run bench:peers\`. ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; ${versions.join("; ")}.

${HOW}

## Bars

${barTable(results)}

## Times

${measured.map((task) => tableOf(task, results[task.name])).join("\n")}
## Another machine

${ELSEWHERE}
`;
}
