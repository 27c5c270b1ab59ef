/** What runs models, in one piece: loaded when the first runtime or model is wanted. Only import() may name it. */
export { loadModel } from "../model/loadModel.ts";
export { makeModel } from "../model/makeModel.ts";
export { startRuntime } from "../runtime/runtime.ts";
