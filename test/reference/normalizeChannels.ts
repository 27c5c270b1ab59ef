/**
 * Batch normalization of channels in float64: the output for given moments, and the three gradients of Σ y dy through the batch's
 * own moments. x, dy: [rows, channels, positions].
 */
import { channelMoments, channelOf, channelSum } from "./channelMoments.ts";

type Numbers = ArrayLike<number>;

export function normalizeChannels(
  x: Numbers,
  mean: Numbers,
  inverse: Numbers,
  weight: Numbers,
  bias: Numbers,
  positions: number,
): number[] {
  return Array.from(x, (v, k) => {
    const j = channelOf(k, mean.length, positions);
    return (v - mean[j]) * inverse[j] * weight[j] + bias[j];
  });
}

/** The layer in training: moments of the batch, then the normalization. */
export function batchNormImages(x: Numbers, weight: Numbers, bias: Numbers, eps: number, positions: number): number[] {
  const { mean, variance } = channelMoments(x, weight.length, positions);
  const inverse = variance.map((v) => 1 / Math.sqrt(v + eps));
  return normalizeChannels(x, mean, inverse, weight, bias, positions);
}

export function batchNormImagesGrad(dy: Numbers, x: Numbers, weight: Numbers, eps: number, positions: number) {
  const channels = weight.length;
  const n = x.length / channels;
  const { mean, variance } = channelMoments(x, channels, positions);
  const inverse = variance.map((v) => 1 / Math.sqrt(v + eps));
  const xhat = normalizeChannels(x, mean, inverse, new Array(channels).fill(1), new Array(channels).fill(0), positions);
  const dbias = channelSum(dy, channels, positions);
  const products = xhat.map((v, k) => v * dy[k]);
  const dweight = channelSum(products, channels, positions);
  const dx = xhat.map((v, k) => {
    const j = channelOf(k, channels, positions);
    return weight[j] * inverse[j] * (dy[k] - dbias[j] / n - (v * dweight[j]) / n);
  });
  return { dx, dweight, dbias };
}
