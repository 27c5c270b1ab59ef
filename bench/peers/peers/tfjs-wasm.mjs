/** Node gets one thread: the backend leaves its threads off there. */
import "@tensorflow/tfjs-backend-wasm";
import { openBackend } from "./tfjs.mjs";

export const open = () => openBackend("wasm");
