/** onnxruntime-web: predicts, does not train. The net goes to it as an ONNX model of Gemm and Relu. */
import * as ort from "onnxruntime-web";
import { batchesOf } from "../data.mjs";
import { onnxOf } from "../onnx.mjs";

export async function open(threads) {
  ort.env.wasm.numThreads = threads;
  return {
    versions: `onnxruntime-web ${ort.env.versions.web}, wasm`,
    async prepare(task, data) {
      const session = await ort.InferenceSession.create(onnxOf(task.widths, data.weights), { executionProviders: ["wasm"] });
      const [{ x }] = batchesOf(task, data);
      return async () => {
        const { y } = await session.run({ x: new ort.Tensor("float32", x, [task.rows, task.widths[0]]) });
        return y.data;
      };
    },
  };
}
