/**
 * Walks the records of a step program: one switch, a line or two per op. It decodes a record, asks share.ts for this rank's
 * part, and calls the kernel; it knows no maths. All ranks walk the same records and meet where a record asks for it.
 */
import * as abi from "./abi";
import { guard } from "./guard";
import { activation, activationGrad } from "./kernels/activations";
import { binaryCrossEntropy } from "./kernels/binaryCrossEntropy";
import { blendStatistics, columnInverse, columnMoments } from "./kernels/columnMoments";
import { channelMoments } from "./kernels/channelMoments";
import { columnSum } from "./kernels/columnSum";
import { copyColumns } from "./kernels/copyColumns";
import { alphaDropout, dropout, isDrawn } from "./kernels/dropout";
import { hingeError, huberError, klDivergence, logCoshError } from "./kernels/elementLosses";
import { add, combine, multiply } from "./kernels/elementwise";
import { columnScale, foldBias, scaleRows } from "./kernels/foldColumns";
import { gatherRows } from "./kernels/gatherRows";
import { MR } from "./kernels/gemm/blocking";
import { matmulFew } from "./kernels/gemm/few";
import { matmul } from "./kernels/gemm/loops";
import { packB } from "./kernels/gemm/pack";
import { matmulPacking } from "./kernels/gemm/packing";
import { matmulSmall } from "./kernels/gemm/small";
import { maxPieces, maxPiecesGrad } from "./kernels/maxPieces";
import { multiMargin } from "./kernels/multiMargin";
import { normalizeChannels, normalizeChannelsGrad, normalizeChannelsSums } from "./kernels/normalizeChannels";
import { normalizeColumns, normalizeColumnsGrad, normalizeColumnsSums } from "./kernels/normalizeColumns";
import { normalizeRows, normalizeRowsGrad, normalizeRowsSums } from "./kernels/normalizeRows";
import { normError } from "./kernels/normError";
import { penaltyGrad, powerPenaltyGrad } from "./kernels/penalty";
import { prelu, preluGrad, preluSums } from "./kernels/prelu";
import { fillConstant, gaussianNoise } from "./kernels/random";
import { finiteSums, squareSums, sumPieces, weightedMean, weightTotal } from "./kernels/reduce";
import { absoluteError, squaredError } from "./kernels/regressionLosses";
import { softThreshold } from "./kernels/softThreshold";
import { limitRowNorms } from "./kernels/limitRowNorms";
import { scaleToNorm } from "./kernels/scaleToNorm";
import { logSoftmaxRows, logSoftmaxRowsGrad, softmaxRows, softmaxRowsGrad } from "./kernels/softmax";
import { softmaxCrossEntropyLabels, softmaxCrossEntropyTargets } from "./kernels/softmaxCrossEntropy";
import { constant as c, fourSizes, operand as o, size } from "./record";
import { update } from "./update";
import { barrier, beat } from "./workers/barrier";
import { claim } from "./workers/claims";
import { columnBegin, columnEnd, lineBegin, lineEnd, shareBegin, shareEnd } from "./workers/share";

// Rows of a shared product are cut on multiples of the tallest tile, so that no part has an edge tile more than needed.
const ROW_UNIT = MR;

/**
 * Runs records [from, to) of the program at `records` as one rank of a team. Returns STATUS_*.
 * control: the CONTROL_* block; scratch of all ranks is at the address that it holds. block: the TEAM_* block of the team;
 * a team of 1 needs none. Every rank meets at the same barriers, and leaves at one: nobody goes on while another works.
 */
export function runProgram(records: usize, control: usize, from: u32, to: u32, rank: u32, team: u32, block: usize): u32 {
  const batch = load<u32>(control, abi.CONTROL_ROWS);
  const scratch = <usize>load<u32>(control, abi.CONTROL_SCRATCH) + <usize>rank * abi.SCRATCH_STRIDE;
  const end = records + <usize>to * abi.RECORD_BYTES;
  let isPastGuard = false;
  let isStopped = false;
  let base: u32 = 0; // parts of a rank's shares in the ops before this one
  for (let r = records + <usize>from * abi.RECORD_BYTES; r < end; r += abi.RECORD_BYTES) {
    if (team > 1) {
      if (load<u32>(r, abi.RECORD_FLAGS) & abi.FLAG_BARRIER) {
        if (!barrier(block, rank, team)) return abi.STATUS_LOST;
        // Read only where rank 0 has decided before all met, and leaves not before all have read: at any other barrier a
        // slow rank would see what a fast rank 0 writes later, and they would no longer meet.
        if (isPastGuard && atomic.load<u32>(control + abi.CONTROL_STATUS) != abi.STATUS_OK) break;
      }
      beat(block, rank);
      if (load<u32>(r, abi.RECORD_CODE) == abi.OP_GUARD) isPastGuard = true;
    }
    if (load<u32>(r, abi.RECORD_CODE) == abi.OP_SKIP) {
      // Every rank draws for itself: their answers agree, and so do the barriers that they pass over.
      const isDropped = isDrawn(control, size(r, 1, batch), size(r, 2, batch) << 1);
      if (isDropped != (size(r, 3, batch) != 0)) r += <usize>size(r, 0, batch) * abi.RECORD_BYTES;
      continue;
    }
    const parts = load<u32>(r, abi.RECORD_PARTS);
    if (parts != 0 && team > 1) {
      // Never after the guard has stopped rank 0: a barrier stands before whatever is shared then.
      runParts(r, control, batch, scratch, rank, team, block, base, parts);
      base += parts;
      continue;
    }
    const ranks = min(load<u32>(r, abi.RECORD_RANKS), team);
    if (rank >= ranks || isStopped || runRecord(r, control, batch, scratch, rank, ranks, false)) continue;
    if (team == 1) break;
    isStopped = true; // the others come to the next barrier, and learn of it there
  }
  if (team > 1 && !barrier(block, rank, team)) return abi.STATUS_LOST;
  // A worker's answer means only whether it is lost: after the last meeting rank 0 may have given the control block away.
  return rank == 0 ? atomic.load<u32>(control + abi.CONTROL_STATUS) : abi.STATUS_OK;
}

/** One op that is cut into parts: first this rank's own, then what others have not come to. */
function runParts(
  r: usize, control: usize, batch: u32, scratch: usize, rank: u32, team: u32, block: usize, base: u32, parts: u32,
): void {
  let isAgain = false;
  for (let i: u32 = 0; i < team; i++) {
    const owner = (rank + i) % team;
    while (true) {
      const taken = claim(block, owner, base, parts, i == 0);
      if (taken == 0) break;
      const count = taken >> 16;
      runRecord(r, control, batch, scratch, (owner * parts + (taken & 0xffff)) / count, (team * parts) / count, isAgain);
      isAgain = true;
    }
  }
}

/** One op, this rank's share. isAgain: a part of the same op was the last that this scratch has seen. False ends the program. */
function runRecord(r: usize, control: usize, batch: u32, scratch: usize, rank: u32, ranks: u32, isAgain: bool): bool {
  const n0 = size(r, 0, batch);
  const n1 = size(r, 1, batch);
  switch (load<u32>(r, abi.RECORD_CODE)) {
    case abi.OP_GATHER_ROWS:
      gatherRows(o(r, 0), <usize>load<u32>(control, abi.CONTROL_INDICES), o(r, 2), n1, shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks));
      break;
    case abi.OP_PACK_B: {
      const panels = (n1 + abi.GEMM_NR - 1) / abi.GEMM_NR;
      packB(o(r, 0), o(r, 1), n0, n1, <usize>size(r, 2, batch), <usize>size(r, 3, batch), shareBegin(panels, rank, ranks), shareEnd(panels, rank, ranks));
      break;
    }
    case abi.OP_MATMUL:
      runMatmul(describeProduct(r, batch, scratch), size(r, 8, batch) != 0, scratch + PRODUCT_BYTES, rank, ranks);
      break;
    case abi.OP_MATMUL_PACKING: {
      const panels = (n1 + abi.GEMM_NR - 1) / abi.GEMM_NR;
      matmulPacking(describeProduct(r, batch, scratch), scratch + PRODUCT_BYTES, shareBegin(panels, rank, ranks), shareEnd(panels, rank, ranks), isAgain);
      break;
    }
    case abi.OP_MATMUL_FEW:
      matmulFew(describeProduct(r, batch, scratch), columnBegin(n1, rank, ranks), columnEnd(n1, rank, ranks));
      break;
    case abi.OP_MATMUL_SMALL:
      matmulSmall(describeProduct(r, batch, scratch), scratch + PRODUCT_BYTES, columnBegin(n1, rank, ranks), columnEnd(n1, rank, ranks));
      break;
    case abi.OP_ACTIVATION:
      activation(n1, o(r, 0), o(r, 1), c(r, 0), lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks));
      break;
    case abi.OP_ACTIVATION_GRAD:
      activationGrad(n1, o(r, 0), o(r, 1), o(r, 2), c(r, 0), lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks));
      break;
    case abi.OP_SOFTMAX:
      softmaxRows(o(r, 0), o(r, 1), n1, shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks));
      break;
    case abi.OP_SOFTMAX_GRAD:
      softmaxRowsGrad(o(r, 0), o(r, 1), o(r, 2), n1, shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks));
      break;
    case abi.OP_LOG_SOFTMAX:
      logSoftmaxRows(o(r, 0), o(r, 1), n1, shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks));
      break;
    case abi.OP_LOG_SOFTMAX_GRAD:
      logSoftmaxRowsGrad(o(r, 0), o(r, 1), o(r, 2), n1, shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks));
      break;
    case abi.OP_DROPOUT:
      dropout(o(r, 0), o(r, 1), o(r, 2), control, n1, size(r, 2, batch) << 1, c(r, 0), scratch, lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks));
      break;
    case abi.OP_ADD:
      add(o(r, 0), o(r, 1), o(r, 2), lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks));
      break;
    case abi.OP_MULTIPLY:
      multiply(o(r, 0), o(r, 1), o(r, 2), lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks));
      break;
    case abi.OP_COLUMN_SUM:
      columnSum(o(r, 0), o(r, 1), n0, n1, columnBegin(n1, rank, ranks), columnEnd(n1, rank, ranks));
      break;
    case abi.OP_COLUMN_MOMENTS:
      columnMoments(o(r, 0), o(r, 1), o(r, 2), n0, n1, columnBegin(n1, rank, ranks), columnEnd(n1, rank, ranks));
      break;
    case abi.OP_COLUMN_INVERSE:
      columnInverse(o(r, 0), o(r, 1), c(r, 0), lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks));
      break;
    case abi.OP_NORMALIZE_COLUMNS:
      normalizeColumns(
        o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), o(r, 5), c(r, 0), n1, shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks),
      );
      break;
    case abi.OP_NORMALIZE_COLUMNS_SUMS:
      normalizeColumnsSums(o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), o(r, 5), n0, n1, columnBegin(n1, rank, ranks), columnEnd(n1, rank, ranks));
      break;
    case abi.OP_NORMALIZE_COLUMNS_GRAD:
      normalizeColumnsGrad(
        o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), o(r, 5), o(r, 6), o(r, 7), n0, n1, shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks),
      );
      break;
    case abi.OP_BLEND_STATISTICS:
      blendStatistics(o(r, 0), o(r, 1), o(r, 2), o(r, 3), c(r, 0), n0, lineBegin(n1, rank, ranks), lineEnd(n1, rank, ranks));
      break;
    case abi.OP_COLUMN_SCALE:
      columnScale(o(r, 0), o(r, 1), o(r, 2), c(r, 0), lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks));
      break;
    case abi.OP_SCALE_ROWS:
      scaleRows(o(r, 0), o(r, 1), o(r, 2), n1, shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks));
      break;
    case abi.OP_FOLD_BIAS:
      foldBias(o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks));
      break;
    case abi.OP_WEIGHT_TOTAL: {
      // A row of weight 0 is as if it were not there: a batch of such rows has no loss and no gradient.
      const total = weightTotal(o(r, 0), o(r, 1), o(r, 2), n0);
      store<f32>(control, total > 0 ? <f32>(1 / total) : 0, abi.CONTROL_INVERSE_WEIGHT);
      break;
    }
    case abi.OP_SOFTMAX_CROSS_ENTROPY_LABELS:
      softmaxCrossEntropyLabels(
        o(r, 0), o(r, 1), o(r, 3), o(r, 2), o(r, 4), o(r, 5), n1, c(r, 0), lossScale(control), scratch, shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks),
      );
      break;
    case abi.OP_SOFTMAX_CROSS_ENTROPY_TARGETS:
      softmaxCrossEntropyTargets(
        o(r, 0), o(r, 1), o(r, 3), o(r, 2), o(r, 4), o(r, 5), n1, c(r, 0), lossScale(control), scratch, shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks),
      );
      break;
    case abi.OP_SQUARED_ERROR:
      squaredError(o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), n1, lossScale(control), shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks));
      break;
    case abi.OP_ABSOLUTE_ERROR:
      absoluteError(o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), n1, lossScale(control), shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks));
      break;
    case abi.OP_BINARY_CROSS_ENTROPY:
      binaryCrossEntropy(
        o(r, 0), o(r, 1), o(r, 3), o(r, 2), o(r, 4), o(r, 5), n1, lossScale(control), shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks),
      );
      break;
    case abi.OP_LOSS_MEAN:
      store<f32>(control, weightedMean(o(r, 0), o(r, 1), n0, lossScale(control)), abi.CONTROL_LOSS);
      break;
    case abi.OP_PENALTY_GRAD: {
      const pieces = (n0 + abi.PIECE - 1) / abi.PIECE;
      penaltyGrad(o(r, 0), o(r, 1), o(r, 2), c(r, 0), c(r, 1), c(r, 2), n0, shareBegin(pieces, rank, ranks), shareEnd(pieces, rank, ranks));
      break;
    }
    case abi.OP_POWER_PENALTY_GRAD: {
      const pieces = (n0 + abi.PIECE - 1) / abi.PIECE;
      powerPenaltyGrad(o(r, 0), o(r, 1), o(r, 2), c(r, 0), c(r, 1), n0, shareBegin(pieces, rank, ranks), shareEnd(pieces, rank, ranks));
      break;
    }
    case abi.OP_PENALTY_SUM:
      store<f32>(control, <f32>sumPieces(o(r, 0), n0), abi.CONTROL_PENALTY);
      break;
    case abi.OP_SQUARE_SUMS: {
      const pieces = (n0 + abi.PIECE - 1) / abi.PIECE;
      squareSums(o(r, 0), o(r, 1), n0, shareBegin(pieces, rank, ranks), shareEnd(pieces, rank, ranks));
      break;
    }
    case abi.OP_FINITE_SUMS: {
      const pieces = (n0 + abi.PIECE - 1) / abi.PIECE;
      finiteSums(o(r, 0), o(r, 1), n0, shareBegin(pieces, rank, ranks), shareEnd(pieces, rank, ranks));
      break;
    }
    case abi.OP_PRELU:
      prelu(o(r, 0), o(r, 1), o(r, 2), lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks));
      break;
    case abi.OP_PRELU_GRAD:
      preluGrad(o(r, 0), o(r, 1), o(r, 2), o(r, 3), lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks));
      break;
    case abi.OP_PRELU_SUMS: {
      const pieces = (n0 + abi.PIECE - 1) / abi.PIECE;
      preluSums(o(r, 0), o(r, 1), o(r, 2), n0, shareBegin(pieces, rank, ranks), shareEnd(pieces, rank, ranks));
      break;
    }
    case abi.OP_PIECE_TOTAL:
      store<f32>(o(r, 1), <f32>sumPieces(o(r, 0), (n0 + abi.PIECE - 1) / abi.PIECE));
      break;
    case abi.OP_MAX_PIECES:
      maxPieces(o(r, 0), o(r, 1), n1, size(r, 2, batch), shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks));
      break;
    case abi.OP_MAX_PIECES_GRAD:
      maxPiecesGrad(o(r, 0), o(r, 1), o(r, 2), n1, size(r, 2, batch), shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks));
      break;
    case abi.OP_NORMALIZE_ROWS:
      normalizeRows(o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), o(r, 5), n1, c(r, 0), shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks));
      break;
    case abi.OP_NORMALIZE_ROWS_SUMS:
      normalizeRowsSums(o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), o(r, 5), n0, n1, columnBegin(n1, rank, ranks), columnEnd(n1, rank, ranks));
      break;
    case abi.OP_NORMALIZE_ROWS_GRAD:
      normalizeRowsGrad(o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), o(r, 5), n1, shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks));
      break;
    case abi.OP_FILL:
      fillConstant(o(r, 0), c(r, 0), lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks));
      break;
    case abi.OP_COMBINE:
      combine(o(r, 0), o(r, 1), o(r, 2), c(r, 0), c(r, 1), lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks));
      break;
    case abi.OP_ACCUMULATE: {
      // The first batch's gradient is taken as it is: what lies there may be what is left of a batch that was not finite.
      const share = load<f32>(control, abi.CONTROL_SHARE);
      combine(o(r, 0), share == 1 ? 0 : o(r, 1), o(r, 1), share, 1 - share, lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks));
      break;
    }
    case abi.OP_COPY_COLUMNS: {
      const x = o(r, 0) + ((<usize>size(r, 4, batch)) << 2);
      const y = o(r, 1) + ((<usize>size(r, 5, batch)) << 2);
      copyColumns(x, y, n1, size(r, 2, batch), size(r, 3, batch), shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks));
      break;
    }
    case abi.OP_ALPHA_DROPOUT:
      alphaDropout(
        o(r, 0), o(r, 1), o(r, 2), control, n1, size(r, 2, batch) << 1, c(r, 0), c(r, 1), c(r, 2),
        scratch, lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks),
      );
      break;
    case abi.OP_GAUSSIAN_NOISE:
      gaussianNoise(o(r, 0), o(r, 1), control, n1, c(r, 0), lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks));
      break;
    case abi.OP_SCALE_TO_NORM:
      scaleToNorm(o(r, 0), o(r, 1), n1, c(r, 0), lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks));
      break;
    case abi.OP_HUBER_ERROR:
      huberError(
        o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), n1, c(r, 0), c(r, 1), lossScale(control), shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks),
      );
      break;
    case abi.OP_LOG_COSH_ERROR:
      logCoshError(
        o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), n1, c(r, 0), c(r, 1), lossScale(control), shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks),
      );
      break;
    case abi.OP_HINGE_ERROR:
      hingeError(
        o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), n1, c(r, 0), c(r, 1), lossScale(control), shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks),
      );
      break;
    case abi.OP_KL_DIVERGENCE:
      klDivergence(
        o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), n1, c(r, 0), c(r, 1), lossScale(control), shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks),
      );
      break;
    case abi.OP_MULTI_MARGIN:
      multiMargin(o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), n1, c(r, 0), lossScale(control), shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks));
      break;
    case abi.OP_NORM_ERROR:
      normError(o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), n1, c(r, 0), lossScale(control), shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks));
      break;
    case abi.OP_LIMIT_ROW_NORMS:
      limitRowNorms(o(r, 0), n1, c(r, 0), shareBegin(n0, rank, ranks), shareEnd(n0, rank, ranks));
      break;
    case abi.OP_SOFT_THRESHOLD:
      softThreshold(o(r, 0), o(r, 1), c(r, 0), lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks));
      break;
    case abi.OP_CHANNEL_MOMENTS:
      channelMoments(o(r, 0), o(r, 1), o(r, 2), n0, n1, size(r, 2, batch), shareBegin(n1, rank, ranks), shareEnd(n1, rank, ranks));
      break;
    case abi.OP_NORMALIZE_CHANNELS:
      normalizeChannels(
        o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), o(r, 5), c(r, 0), n1, size(r, 2, batch),
        shareBegin(n0 * n1, rank, ranks), shareEnd(n0 * n1, rank, ranks),
      );
      break;
    case abi.OP_NORMALIZE_CHANNELS_SUMS:
      normalizeChannelsSums(
        o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), o(r, 5), n0, n1, size(r, 2, batch), shareBegin(n1, rank, ranks), shareEnd(n1, rank, ranks),
      );
      break;
    case abi.OP_NORMALIZE_CHANNELS_GRAD:
      normalizeChannelsGrad(
        o(r, 0), o(r, 1), o(r, 2), o(r, 3), o(r, 4), o(r, 5), o(r, 6), o(r, 7), n0, n1, size(r, 2, batch),
        shareBegin(n0 * n1, rank, ranks), shareEnd(n0 * n1, rank, ranks),
      );
      break;
    case abi.OP_GUARD:
      return guard(o(r, 0), control, n0);
    default:
      update(r, control, scratch, lineBegin(n0, rank, ranks), lineEnd(n0, rank, ranks));
  }
  return true;
}

const PRODUCT_BYTES: usize = 64;

/** Writes a product's descriptor into this rank's scratch and returns its address. It has the order of a record's operands and sizes. */
function describeProduct(r: usize, batch: u32, product: usize): usize {
  v128.store(product, v128.load(r + abi.RECORD_OPERANDS));
  v128.store(product, v128.load(r + abi.RECORD_OPERANDS, 16), 16);
  v128.store(product, fourSizes(r, batch), abi.PRODUCT_ROWS);
  v128.store(product, fourSizes(r + 16, batch), abi.PRODUCT_ROWS + 16);
  store<f32>(product, c(r, 0), abi.PRODUCT_P);
  return product;
}

function runMatmul(product: usize, byPanels: bool, scratch: usize, rank: u32, ranks: u32): void {
  const rows = load<u32>(product, abi.PRODUCT_ROWS);
  const panels = (load<u32>(product, abi.PRODUCT_COLS) + abi.GEMM_NR - 1) / abi.GEMM_NR;
  if (byPanels) {
    matmul(product, scratch, 0, rows, shareBegin(panels, rank, ranks), shareEnd(panels, rank, ranks));
  } else {
    const units = (rows + ROW_UNIT - 1) / ROW_UNIT;
    matmul(product, scratch, shareBegin(units, rank, ranks) * ROW_UNIT, min(shareEnd(units, rank, ranks) * ROW_UNIT, rows), 0, panels);
  }
}

// @ts-ignore: decorator
@inline
function lossScale(control: usize): f32 {
  return load<f32>(control, abi.CONTROL_INVERSE_WEIGHT);
}
