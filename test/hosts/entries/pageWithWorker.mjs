/** A page whose dedicated worker trains: the worker sends the report. */
import { send } from "./send.mjs";

const worker = new Worker(new URL("./worker.mjs", import.meta.url), { type: "module" });
worker.onerror = (event) => send(Promise.reject(new Error(`the worker: ${event.message}`)));
