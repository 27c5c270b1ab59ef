/** Mutants of the interpreter: each group of its cases with a wrong operand, and with work that only rank 0 of a team does. */
import { rows } from "./place.mjs";

const layers = ["test/layers/golden.test.ts", "test/model/gradients.test.ts"];
const losses = ["test/losses/golden.test.ts"];
const weighted = ["test/model/accumulate.test.ts", "test/model/fit.test.ts", "test/losses/customLoss.test.ts"];
const order = ["test/program/threadsOrder.test.ts"];
const partsTests = ["test/program/parts.test.ts"];
const threads = [...order, "test/program/threadsLayers.test.ts"];
const noise = ["test/layers/noise.test.ts"];
const trajectories = ["test/model/trajectories.test.ts"];

const ROWS = "shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks)";
const ROWS_OF_0 = "shareBegin(n0, rank, ranks), shareEnd(n0, 0, ranks)";
const LINES = "lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks)";
const LINES_OF_0 = "lineBegin(n0, rank, ranks), lineEnd(n0, 0, ranks)";
const COLUMNS = "columnBegin(n1, rank, ranks), columnEnd(n1, rank, ranks)";
const COLUMNS_OF_0 = "columnBegin(n1, rank, ranks), columnEnd(n1, 0, ranks)";
const CHANNELS = "shareBegin(n1, rank, ranks), shareEnd(n1, rank, ranks)";
const CHANNELS_OF_0 = "shareBegin(n1, rank, ranks), shareEnd(n1, 0, ranks)";
const PLANES = "shareBegin(n0 * n1, rank, ranks), shareEnd(n0 * n1, rank, ranks)";
const PLANES_OF_0 = "shareBegin(n0 * n1, rank, ranks), shareEnd(n0 * n1, 0, ranks)";
const PIECES = "shareBegin(pieces, rank, ranks), shareEnd(pieces, rank, ranks)";
const PIECES_OF_0 = "shareBegin(pieces, rank, ranks), shareEnd(pieces, 0, ranks)";

/** The call of one op with a piece replaced. */
const call = (begin, name, piece, other, tests) => {
  if (!begin.includes(piece)) throw new Error(`${name}: ${JSON.stringify(piece)} is not in the call`);
  return { name, find: begin, replace: begin.replace(piece, other), tests };
};

export const mutants = rows([
  {
    file: "assembly/interpreter.ts",
    tests: order,
    changes: [
      { name: "walk: no barriers", find: "& abi.FLAG_BARRIER", replace: "& 0", tests: ["test/runtime/barrier.test.ts"] },
      {
        name: "walk: a lost team goes on",
        find: "if (!barrier(block, rank, team)) return abi.STATUS_LOST;",
        replace: "barrier(block, rank, team);",
        tests: ["test/runtime/barrier.test.ts"],
      },
      {
        name: "walk: no meeting at the end",
        find: "if (team > 1 && !barrier(block, rank, team)) return abi.STATUS_LOST;",
        replace: "",
        tests: ["test/runtime/team.test.ts"],
      },
      {
        name: "walk: the status is asked before the guard",
        find: "if (isPastGuard && atomic",
        replace: "if (atomic",
        tests: ["test/runtime/team.test.ts"],
      },
      {
        name: "walk: the status is never asked",
        find: "if (isPastGuard && atomic.load<u32>(control + abi.CONTROL_STATUS) != abi.STATUS_OK) break;",
        replace: "",
        tests: ["test/runtime/team.test.ts"],
      },
      {
        name: "walk: a worker answers with the status",
        find: "rank == 0 ? atomic.load<u32>(control + abi.CONTROL_STATUS) : abi.STATUS_OK",
        replace: "atomic.load<u32>(control + abi.CONTROL_STATUS)",
        tests: ["test/runtime/team.test.ts"],
      },
      { name: "walk: no heartbeat", find: "      beat(block, rank);\n", replace: "", tests: ["test/runtime/barrier.test.ts"] },
      {
        name: "walk: skips are the wrong way round",
        find: "isDropped != (size(r, 3, batch) != 0)",
        replace: "isDropped == (size(r, 3, batch) != 0)",
        tests: ["test/layers/residual.test.ts"],
      },
      {
        name: "walk: a skip jumps a record less",
        find: "r += <usize>size(r, 0, batch) * abi.RECORD_BYTES;",
        replace: "r += <usize>(size(r, 0, batch) - 1) * abi.RECORD_BYTES;",
        tests: ["test/layers/residual.test.ts"],
      },
      {
        name: "walk: a skip's probability is halved",
        find: "size(r, 2, batch) << 1)",
        replace: "size(r, 2, batch))",
        tests: ["test/layers/residual.test.ts"],
      },
      { name: "walk: parts of an op count for none after it", find: "      base += parts;\n", replace: "", tests: partsTests },
      { name: "walk: parts for one rank alone", find: "if (parts != 0 && team > 1) {", replace: "if (parts != 0) {", tests: partsTests },
      {
        name: "parts: nobody does another's",
        find: "for (let i: u32 = 0; i < team; i++) {\n    const owner",
        replace: "for (let i: u32 = 0; i < 1; i++) {\n    const owner",
        tests: partsTests,
      },
      {
        name: "parts: of the rank's own share again",
        find: "const owner = (rank + i) % team;",
        replace: "const owner = rank;",
        tests: partsTests,
      },
      {
        name: "parts: one where several were taken",
        find: "/ count, (team * parts) / count, isAgain);",
        replace: ", team * parts, isAgain);",
        tests: partsTests,
      },
      { name: "walk: all ranks do what few should", find: "if (rank >= ranks ||", replace: "if (", tests: threads },
      {
        name: "walk: the guard does not end the program",
        find: "if (team == 1) break;",
        replace: "if (team == 1) continue;",
        tests: ["test/model/nonFinite.test.ts"],
      },
      {
        name: "walk: a stopped rank 0 goes on in a team",
        find: "isStopped = true;",
        replace: "isStopped = false;",
        tests: ["test/kernels/guard.test.ts"],
      },
      {
        name: "walk: the first record of a span is left out",
        find: "let r = records + <usize>from * abi.RECORD_BYTES;",
        replace: "let r = records + <usize>(from + 1) * abi.RECORD_BYTES;",
      },
      call(
        "gatherRows(o(r, 0), <usize>load<u32>(control, abi.CONTROL_INDICES), o(r, 2)",
        "gatherRows: indices at the operand",
        "<usize>load<u32>(control, abi.CONTROL_INDICES)",
        "o(r, 1)",
        ["test/model/fit.test.ts"],
      ),
      call(
        "size(r, 3, batch), shareBegin(panels, rank, ranks), shareEnd(panels, rank, ranks));",
        "packB: rank 0 alone",
        "shareEnd(panels, rank,",
        "shareEnd(panels, 0,",
        order,
      ),
      call("packB(o(r, 0), o(r, 1), n0, n1,", "packB: sizes swapped", "n0, n1", "n1, n0", layers),
      call(
        "matmul(product, scratch, 0, rows, shareBegin(panels, rank, ranks), shareEnd(panels, rank, ranks));",
        "matmul by panels: rank 0 alone",
        "shareEnd(panels, rank,",
        "shareEnd(panels, 0,",
        order,
      ),
      call(
        "min(shareEnd(units, rank, ranks) * ROW_UNIT, rows)",
        "matmul by rows: rank 0 alone",
        "shareEnd(units, rank,",
        "shareEnd(units, 0,",
        order,
      ),
      call(
        "const units = (rows + ROW_UNIT - 1) / ROW_UNIT;",
        "matmul by rows: the last unit left out",
        "(rows + ROW_UNIT - 1) / ROW_UNIT",
        "rows / ROW_UNIT",
        layers,
      ),
      call(
        "matmulFew(describeProduct(r, batch, scratch), columnBegin(n1, rank, ranks), columnEnd(n1, rank, ranks));",
        "matmulFew: rank 0 alone",
        COLUMNS,
        COLUMNS_OF_0,
        order,
      ),
      call(
        "matmulPacking(describeProduct(r, batch, scratch), scratch + PRODUCT_BYTES, shareBegin(panels, rank, ranks), shareEnd(panels, rank, ranks), isAgain);",
        "matmulPacking: the first panels alone",
        "shareEnd(panels, rank, ranks)",
        "shareBegin(panels, rank, ranks) + 1",
        ["test/program/fuse.test.ts"],
      ),
      call(
        "matmulSmall(describeProduct(r, batch, scratch), scratch + PRODUCT_BYTES, columnBegin(n1, rank, ranks), columnEnd(n1, rank, ranks));",
        "matmulSmall: rank 0 alone",
        COLUMNS,
        COLUMNS_OF_0,
        order,
      ),
      {
        name: "product: the first operands alone",
        find: "  v128.store(product, v128.load(r + abi.RECORD_OPERANDS, 16), 16);\n",
        replace: "  v128.store(product, i32x4.splat(0), 16);\n",
        tests: ["test/program/fuse.test.ts"],
      },
      {
        name: "product: the first sizes twice",
        find: "fourSizes(r + 16, batch)",
        replace: "fourSizes(r, batch)",
        tests: layers,
      },
      {
        name: "product: sizes of one row",
        find: "fourSizes(r, batch), abi.PRODUCT_ROWS)",
        replace: "fourSizes(r, 1), abi.PRODUCT_ROWS)",
        tests: layers,
      },
      call("store<f32>(product, c(r, 0), abi.PRODUCT_P);", "product: the activation's parameter", "c(r, 0)", "1", [
        ...layers,
        "test/program/threads.test.ts",
      ]),
      call(`activation(n1, o(r, 0), o(r, 1), c(r, 0), ${LINES})`, "activation: rank 0 alone", LINES, LINES_OF_0, order),
      call(
        `activationGrad(n1, o(r, 0), o(r, 1), o(r, 2), c(r, 0), ${LINES})`,
        "activationGrad: dy and y swapped",
        "o(r, 0), o(r, 1)",
        "o(r, 1), o(r, 0)",
        layers,
      ),
      call(`activationGrad(n1, o(r, 0), o(r, 1), o(r, 2), c(r, 0), ${LINES})`, "activationGrad: rank 0 alone", LINES, LINES_OF_0, order),
      call(` softmaxRows(o(r, 0), o(r, 1), n1, ${ROWS})`, "softmax: rank 0 alone", ROWS, ROWS_OF_0, order),
      call(
        ` softmaxRowsGrad(o(r, 0), o(r, 1), o(r, 2), n1, ${ROWS})`,
        "softmaxGrad: dy and y swapped",
        "o(r, 0), o(r, 1)",
        "o(r, 1), o(r, 0)",
        layers,
      ),
      call(` logSoftmaxRows(o(r, 0), o(r, 1), n1, ${ROWS})`, "logSoftmax: rank 0 alone", ROWS, ROWS_OF_0, order),
      call(` logSoftmaxRowsGrad(o(r, 0), o(r, 1), o(r, 2), n1, ${ROWS})`, "logSoftmaxGrad: rank 0 alone", ROWS, ROWS_OF_0, order),
      call(
        ` dropout(o(r, 0), o(r, 1), o(r, 2), control, n1, size(r, 2, batch) << 1, c(r, 0), scratch, ${LINES})`,
        "dropout: rank 0 alone",
        LINES,
        LINES_OF_0,
        order,
      ),
      call(
        ` dropout(o(r, 0), o(r, 1), o(r, 2), control, n1, size(r, 2, batch) << 1, c(r, 0), scratch, ${LINES})`,
        "dropout: half the rate",
        " << 1",
        "",
        ["test/layers/dropout.test.ts"],
      ),
      call(` add(o(r, 0), o(r, 1), o(r, 2), ${LINES})`, "add: rank 0 alone", LINES, LINES_OF_0, threads),
      call(` multiply(o(r, 0), o(r, 1), o(r, 2), ${LINES})`, "multiply: rank 0 alone", LINES, LINES_OF_0, order),
      call(` columnSum(o(r, 0), o(r, 1), n0, n1, ${COLUMNS})`, "columnSum: rank 0 alone", COLUMNS, COLUMNS_OF_0, order),
      call(
        `columnMoments(o(r, 0), o(r, 1), o(r, 2), n0, n1, ${COLUMNS})`,
        "columnMoments: mean and variance swapped",
        "o(r, 1), o(r, 2)",
        "o(r, 2), o(r, 1)",
        layers,
      ),
      call(`columnInverse(o(r, 0), o(r, 1), c(r, 0), ${LINES})`, "columnInverse: rank 0 alone", LINES, LINES_OF_0, order),
      call(
        "normalizeColumns(\n        o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4),",
        "normalizeColumns: weight and bias swapped",
        "o(r, 3), o(r, 4)",
        "o(r, 4), o(r, 3)",
        layers,
      ),
      call(
        `o(r, 4), o(r, 5), n0, n1, ${COLUMNS});\n      break;\n    case abi.OP_NORMALIZE_COLUMNS_GRAD:`,
        "normalizeColumnsSums: dweight and dbias swapped",
        "o(r, 4), o(r, 5)",
        "o(r, 5), o(r, 4)",
        layers,
      ),
      call(`o(r, 4), o(r, 5), o(r, 6), o(r, 7), n0, n1, ${ROWS},`, "normalizeColumnsGrad: rank 0 alone", ROWS, ROWS_OF_0, order),
      call(
        `channelMoments(o(r, 0), o(r, 1), o(r, 2), n0, n1, size(r, 2, batch), ${CHANNELS})`,
        "channelMoments: rank 0 alone",
        CHANNELS,
        CHANNELS_OF_0,
        threads,
      ),
      call(
        "normalizeChannels(\n        o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4),",
        "normalizeChannels: weight and bias swapped",
        "o(r, 3), o(r, 4)",
        "o(r, 4), o(r, 3)",
        layers,
      ),
      call(
        `o(r, 4), o(r, 5), c(r, 0), n1, size(r, 2, batch),\n        ${PLANES}`,
        "normalizeChannels: rank 0 alone",
        PLANES,
        PLANES_OF_0,
        threads,
      ),
      call(
        `o(r, 4), o(r, 5), n0, n1, size(r, 2, batch), ${CHANNELS}`,
        "normalizeChannelsSums: dweight and dbias swapped",
        "o(r, 4), o(r, 5)",
        "o(r, 5), o(r, 4)",
        layers,
      ),
      call(
        `o(r, 6), o(r, 7), n0, n1, size(r, 2, batch),\n        ${PLANES}`,
        "normalizeChannelsGrad: rank 0 alone",
        PLANES,
        PLANES_OF_0,
        threads,
      ),
      call(
        "blendStatistics(o(r, 0), o(r, 1), o(r, 2), o(r, 3), c(r, 0), n0, lineBegin(n1, rank, ranks), lineEnd(n1, rank, ranks));",
        "blendStatistics: mean and variance swapped",
        "o(r, 2), o(r, 3)",
        "o(r, 3), o(r, 2)",
        layers,
      ),
      call(
        "blendStatistics(o(r, 0), o(r, 1), o(r, 2), o(r, 3), c(r, 0), n0, lineBegin(n1, rank, ranks), lineEnd(n1, rank, ranks));",
        "blendStatistics: rank 0 alone",
        "lineEnd(n1, rank,",
        "lineEnd(n1, 0,",
        order,
      ),
      call(
        `columnScale(o(r, 0), o(r, 1), o(r, 2), c(r, 0), ${LINES})`,
        "columnScale: variance and weight swapped",
        "o(r, 0), o(r, 1)",
        "o(r, 1), o(r, 0)",
        layers,
      ),
      call(`scaleRows(o(r, 0), o(r, 1), o(r, 2), n1, ${ROWS})`, "scaleRows: rank 0 alone", ROWS, ROWS_OF_0, [
        "test/program/threads.test.ts",
      ]),
      call(
        `foldBias(o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), ${LINES})`,
        "foldBias: mean and shift swapped",
        "o(r, 1), o(r, 2), o(r, 3)",
        "o(r, 3), o(r, 2), o(r, 1)",
        layers,
      ),
      call(
        "store<f32>(control, total > 0 ? <f32>(1 / total) : 0, abi.CONTROL_INVERSE_WEIGHT);",
        "weightTotal: a batch without weight is infinite",
        "total > 0 ? <f32>(1 / total) : 0",
        "<f32>(1 / total)",
        ["test/model/intake.test.ts", "test/model/model.test.ts", "test/model/gradients.test.ts", "test/model/fit.test.ts"],
      ),
      call(
        "softmaxCrossEntropyLabels(\n        o(r, 0), o(r, 1), o(r, 3), o(r, 2),",
        "labels: weights and class weights swapped",
        "o(r, 3), o(r, 2)",
        "o(r, 2), o(r, 3)",
        [...losses, ...order],
      ),
      call(
        "softmaxCrossEntropyTargets(\n        o(r, 0), o(r, 1), o(r, 3), o(r, 2),",
        "targets: logits and targets swapped",
        "o(r, 0), o(r, 1)",
        "o(r, 1), o(r, 0)",
        losses,
      ),
      call(
        `squaredError(o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), n1, lossScale(control), ${ROWS})`,
        "squaredError: rank 0 alone",
        ROWS,
        ROWS_OF_0,
        threads,
      ),
      call(
        `absoluteError(o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), n1, lossScale(control), ${ROWS})`,
        "absoluteError: x and target swapped",
        "o(r, 0), o(r, 1)",
        "o(r, 1), o(r, 0)",
        losses,
      ),
      call(
        "binaryCrossEntropy(\n        o(r, 0), o(r, 1), o(r, 3), o(r, 2),",
        "binaryCrossEntropy: logits and targets swapped",
        "o(r, 0), o(r, 1)",
        "o(r, 1), o(r, 0)",
        losses,
      ),
      call(
        "huberError(\n        o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), n1, c(r, 0), c(r, 1),",
        "huberError: delta and factor swapped",
        "c(r, 0), c(r, 1)",
        "c(r, 1), c(r, 0)",
        losses,
      ),
      call(
        "klDivergence(\n        o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), n1, c(r, 0), c(r, 1),",
        "klDivergence: x and target swapped",
        "o(r, 0), o(r, 1)",
        "o(r, 1), o(r, 0)",
        losses,
      ),
      call(
        `multiMargin(o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), n1, c(r, 0), lossScale(control), ${ROWS})`,
        "multiMargin: the margin",
        "c(r, 0)",
        "2",
        losses,
      ),
      call(
        `normError(o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), n1, c(r, 0), lossScale(control), ${ROWS})`,
        "normError: rank 0 alone",
        ROWS,
        ROWS_OF_0,
        threads,
      ),
      call("weightedMean(o(r, 0), o(r, 1), n0, lossScale(control))", "lossMean: weights are not read", "o(r, 1)", "0", weighted),
      call(
        ` penaltyGrad(o(r, 0), o(r, 1), o(r, 2), c(r, 0), c(r, 1), c(r, 2), n0, ${PIECES})`,
        "penaltyGrad: l1 and l2 swapped",
        "c(r, 0), c(r, 1)",
        "c(r, 1), c(r, 0)",
        [...order, ...trajectories, "test/model/clipLayerNorm.test.ts"],
      ),
      call(
        `powerPenaltyGrad(o(r, 0), o(r, 1), o(r, 2), c(r, 0), c(r, 1), n0, ${PIECES})`,
        "powerPenaltyGrad: rank 0 alone",
        PIECES,
        PIECES_OF_0,
        ["test/model/penalties.test.ts"],
      ),
      call(
        "combine(o(r, 0), share == 1 ? 0 : o(r, 1), o(r, 1), share, 1 - share,",
        "accumulate: shares swapped",
        "share, 1 - share",
        "1 - share, share",
        ["test/model/accumulate.test.ts"],
      ),
      call(
        "combine(o(r, 0), share == 1 ? 0 : o(r, 1), o(r, 1), share, 1 - share,",
        "accumulate: what lay there counts",
        "share == 1 ? 0 : o(r, 1)",
        "o(r, 1)",
        ["test/model/accumulate.test.ts"],
      ),
      call(`softThreshold(o(r, 0), o(r, 1), c(r, 0), ${LINES})`, "softThreshold: the other constant", "c(r, 0)", "c(r, 1)", [
        "test/model/penalties.test.ts",
      ]),
      call(
        "store<f32>(control, <f32>sumPieces(o(r, 0), n0), abi.CONTROL_PENALTY);",
        "penaltySum: not told",
        "<f32>sumPieces(o(r, 0), n0)",
        "0",
        ["test/model/fit.test.ts"],
      ),
      call(`squareSums(o(r, 0), o(r, 1), n0, ${PIECES})`, "squareSums: rank 0 alone", PIECES, PIECES_OF_0, order),
      call(
        `finiteSums(o(r, 0), o(r, 1), n0, ${PIECES})`,
        "finiteSums: sums left as they were",
        `finiteSums(o(r, 0), o(r, 1), n0, ${PIECES})`,
        "{}",
        ["test/model/nonFinite.test.ts"],
      ),
      call(` prelu(o(r, 0), o(r, 1), o(r, 2), ${LINES})`, "prelu: rank 0 alone", LINES, LINES_OF_0, threads),
      call(
        ` preluGrad(o(r, 0), o(r, 1), o(r, 2), o(r, 3), ${LINES})`,
        "preluGrad: dy and x swapped",
        "o(r, 0), o(r, 1)",
        "o(r, 1), o(r, 0)",
        layers,
      ),
      call(
        "store<f32>(o(r, 1), <f32>sumPieces(o(r, 0), (n0 + abi.PIECE - 1) / abi.PIECE));",
        "pieceTotal: whole pieces only",
        "(n0 + abi.PIECE - 1) / abi.PIECE",
        "n0 / abi.PIECE",
        layers,
      ),
      call(` maxPieces(o(r, 0), o(r, 1), n1, size(r, 2, batch), ${ROWS})`, "maxPieces: rank 0 alone", ROWS, ROWS_OF_0, threads),
      call(
        ` maxPiecesGrad(o(r, 0), o(r, 1), o(r, 2), n1, size(r, 2, batch), ${ROWS})`,
        "maxPiecesGrad: rank 0 alone",
        ROWS,
        ROWS_OF_0,
        threads,
      ),
      call(
        " normalizeRows(o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), o(r, 5), n1, c(r, 0),",
        "normalizeRows: weight and bias swapped",
        "o(r, 1), o(r, 2)",
        "o(r, 2), o(r, 1)",
        layers,
      ),
      call(
        ` normalizeRowsSums(o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), o(r, 5), n0, n1, ${COLUMNS})`,
        "normalizeRowsSums: rank 0 alone",
        COLUMNS,
        COLUMNS_OF_0,
        threads,
      ),
      call(
        ` normalizeRowsGrad(o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), o(r, 5), n1, ${ROWS})`,
        "normalizeRowsGrad: rank 0 alone",
        ROWS,
        ROWS_OF_0,
        threads,
      ),
      call(` fillConstant(o(r, 0), c(r, 0), ${LINES})`, "fill: rank 0 alone", LINES, LINES_OF_0, threads),
      call(
        ` combine(o(r, 0), o(r, 1), o(r, 2), c(r, 0), c(r, 1), ${LINES})`,
        "combine: factors swapped",
        "c(r, 0), c(r, 1)",
        "c(r, 1), c(r, 0)",
        [...layers, "test/layers/residual.test.ts"],
      ),
      call(
        " copyColumns(x, y, n1, size(r, 2, batch), size(r, 3, batch),",
        "copyColumns: widths swapped",
        "size(r, 2, batch), size(r, 3, batch)",
        "size(r, 3, batch), size(r, 2, batch)",
        layers,
      ),
      call(
        "const y = o(r, 1) + ((<usize>size(r, 5, batch)) << 2);",
        "copyColumns: to the first column",
        " + ((<usize>size(r, 5, batch)) << 2)",
        "",
        layers,
      ),
      call(
        "c(r, 0), c(r, 1), c(r, 2),\n        scratch, lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks),",
        "alphaDropout: rank 0 alone",
        "lineEnd(n0, rank,",
        "lineEnd(n0, 0,",
        threads,
      ),
      call(
        ` gaussianNoise(o(r, 0), o(r, 1), control, n1, c(r, 0), ${LINES})`,
        "gaussianNoise: the stream",
        "n1, c(r, 0)",
        "n1 + 1, c(r, 0)",
        noise,
      ),
      call(` scaleToNorm(o(r, 0), o(r, 1), n1, c(r, 0), ${LINES})`, "scaleToNorm: rank 0 alone", LINES, LINES_OF_0, order),
      call(` limitRowNorms(o(r, 0), n1, c(r, 0), ${ROWS})`, "limitRowNorms: rank 0 alone", ROWS, ROWS_OF_0, order),
      call("return guard(o(r, 0), control, n0);", "guard: one piece less", "n0", "n0 - 1", [
        "test/model/nonFinite.test.ts",
        ...trajectories,
      ]),
      call(`update(r, control, scratch, ${LINES})`, "updates: rank 0 alone", LINES, LINES_OF_0, order),
    ],
  },
  {
    file: "assembly/record.ts",
    tests: ["test/model/trajectories.test.ts"],
    changes: [
      { name: "operand: the next one", find: "RECORD_OPERANDS + 4 * k", replace: "RECORD_OPERANDS + 4 * (k ^ 1)" },
      { name: "size: rows do not count", find: "(stored & ~SIZE_PER_ROW) * rows", replace: "(stored & ~SIZE_PER_ROW)" },
      {
        name: "constant: the next one",
        find: "RECORD_CONSTANTS + 4 * k",
        replace: "RECORD_CONSTANTS + 4 * (k + 1)",
        tests: ["test/layers/golden.test.ts", "test/layers/dropout.test.ts"],
      },
    ],
  },
]);
