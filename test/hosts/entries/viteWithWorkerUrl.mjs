/** A page for Vite under a strict policy: `?url` puts the worker's file beside the page and gives its address. */
import * as whetstone from "whetstone";
import worker from "whetstone/worker?url&no-inline";
import { send } from "./send.mjs";
import { runSuite } from "./suite.js";

send(runSuite(whetstone, { worker: new URL(worker, location.href) }));
