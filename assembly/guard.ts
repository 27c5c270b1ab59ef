/**
 * The end of a backward pass: is everything finite, and how far are the gradients to be scaled down?
 * norm = sqrt(sum of sums), scale = min(1, max / (norm + 1e-6)) as PyTorch's clip_grad_norm_ has it.
 * The sums are squares where the norm is wanted, else zeros of what is finite.
 */
import {
  CONTROL_CLIP_MAX,
  CONTROL_CLIP_SCALE,
  CONTROL_GRADIENT_NORM,
  CONTROL_LOSS,
  CONTROL_STATUS,
  STATUS_NOT_FINITE,
} from "./abi";
import { sumPieces } from "./kernels/reduce";

/** True if loss and gradients are finite; else the status says so and nothing after it may run. */
export function guard(sums: usize, control: usize, pieces: u32): bool {
  const norm = sqrt<f64>(sumPieces(sums, pieces));
  const max = <f64>load<f32>(control, CONTROL_CLIP_MAX);
  store<f32>(control, <f32>norm, CONTROL_GRADIENT_NORM);
  store<f32>(control, <f32>min<f64>(1, max / (norm + 1e-6)), CONTROL_CLIP_SCALE);
  // x - x is 0 for finite x and NaN for all else.
  const loss = load<f32>(control, CONTROL_LOSS);
  if (norm - norm == 0 && loss - loss == 0) return true;
  atomic.store<u32>(control + CONTROL_STATUS, STATUS_NOT_FINITE);
  return false;
}
