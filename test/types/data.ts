/** What whetstone/data gives is what fit and predict take, as it is. Only compiled. */
import { balancedBatches, batches, blobs, moons, pca, pipeline, regression, standardScaler, streamCsv } from "../../src/data/index.ts";
import * as w from "../../src/index.ts";
import { balancedAccuracy, f1, rocAuc } from "../../src/metrics/index.ts";

declare const plane: w.Model<[2], [3]>;
declare const line: w.Model<[100], [1]>;
const options = { loss: w.softmaxCrossEntropy(), optimizer: w.adam(), metrics: { balancedAccuracy, f1, rocAuc } };

export async function compiles(): Promise<void> {
  await plane.fit(moons(), options);
  await plane.fit(blobs(), options);
  await line.fit(regression(), { ...options, loss: w.mse() });
  await plane.fit(balancedBatches(moons()), { ...options, stepsPerEpoch: 3 });
  await plane.fit(batches(streamCsv([]), { rows: () => moons() }), { ...options, stepsPerEpoch: 3 });
  const scale = pipeline(standardScaler(), pca());
  const { x, y } = moons();
  await plane.fit({ x: scale.fitTransform(x), y }, options);
  plane.predict(standardScaler().fitTransform(x));
  // @ts-expect-error moons have two columns
  await line.fit(moons(), options);
}
