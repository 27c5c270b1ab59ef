/** An optimizer's update: the gradient is clipped and decayed where this step asks for it, then the rule is applied. */
import * as abi from "./abi";
import { adadelta } from "./optimizers/adadelta";
import { adagrad } from "./optimizers/adagrad";
import { adam, adamAmsgrad } from "./optimizers/adam";
import { adamax } from "./optimizers/adamax";
import { clipGradient, isPlain } from "./optimizers/gradient";
import { lion } from "./optimizers/lion";
import { nadam } from "./optimizers/nadam";
import { rmsprop, rmspropCentered, rmspropCenteredMomentum, rmspropMomentum } from "./optimizers/rmsprop";
import { sgd, sgdMomentum } from "./optimizers/sgd";
import { operand as o } from "./record";

/**
 * Bytes of gradients that are clipped at once: little enough to be in the first cache still when the rule reads them, and a page,
 * as the processor fetches ahead no further (Zen 4: with 8192 updates of 4 M parameters take a tenth to a quarter longer). No more than
 * SCRATCH_BYTES.
 */
const STRETCH: usize = 4096;

/**
 * Runs the record of an update, whose operands are w, g, the scalars, slots. control: the CONTROL_* block. scratch: STRETCH bytes
 * of this rank's own. begin, end: its share in bytes, multiples of 16. g is not written: it may hold what the next batch adds to.
 */
export function update(r: usize, control: usize, scratch: usize, begin: usize, end: usize): void {
  const scale = load<f32>(control, abi.CONTROL_CLIP_SCALE);
  if (isPlain(o(r, 2), scale)) {
    applyRule(r, o(r, 1), begin, end);
    return;
  }
  for (let from = begin; from < end; from += STRETCH) {
    const to = min(from + STRETCH, end);
    const clipped = scratch - from; // where element 0 would lie; addresses wrap
    clipGradient(o(r, 0), o(r, 1), clipped, o(r, 2), scale, from, to);
    applyRule(r, clipped, from, to);
  }
}

function applyRule(r: usize, g: usize, begin: usize, end: usize): void {
  switch (load<u32>(r, abi.RECORD_CODE)) {
    case abi.OP_SGD:
      sgd(o(r, 0), g, o(r, 2), begin, end);
      break;
    case abi.OP_SGD_MOMENTUM:
      sgdMomentum(o(r, 0), g, o(r, 3), o(r, 2), begin, end);
      break;
    case abi.OP_ADAGRAD:
      adagrad(o(r, 0), g, o(r, 3), o(r, 2), begin, end);
      break;
    case abi.OP_ADADELTA:
      adadelta(o(r, 0), g, o(r, 3), o(r, 4), o(r, 2), begin, end);
      break;
    case abi.OP_RMSPROP:
      rmsprop(o(r, 0), g, o(r, 3), o(r, 2), begin, end);
      break;
    case abi.OP_RMSPROP_MOMENTUM:
      rmspropMomentum(o(r, 0), g, o(r, 3), o(r, 4), o(r, 2), begin, end);
      break;
    case abi.OP_RMSPROP_CENTERED:
      rmspropCentered(o(r, 0), g, o(r, 3), o(r, 4), o(r, 2), begin, end);
      break;
    case abi.OP_RMSPROP_CENTERED_MOMENTUM:
      rmspropCenteredMomentum(o(r, 0), g, o(r, 3), o(r, 4), o(r, 5), o(r, 2), begin, end);
      break;
    case abi.OP_ADAM:
      adam(o(r, 0), g, o(r, 3), o(r, 4), o(r, 2), begin, end);
      break;
    case abi.OP_ADAM_AMSGRAD:
      adamAmsgrad(o(r, 0), g, o(r, 3), o(r, 4), o(r, 5), o(r, 2), begin, end);
      break;
    case abi.OP_ADAMAX:
      adamax(o(r, 0), g, o(r, 3), o(r, 4), o(r, 2), begin, end);
      break;
    case abi.OP_NADAM:
      nadam(o(r, 0), g, o(r, 3), o(r, 4), o(r, 2), begin, end);
      break;
    case abi.OP_LION:
      lion(o(r, 0), g, o(r, 3), o(r, 2), begin, end);
      break;
    default:
      unreachable();
  }
}
