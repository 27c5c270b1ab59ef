/** The suite on a page's main thread; ?suite={...} holds its options. The report goes to the server that gave the page. */
import * as whetstone from "whetstone";
import { send } from "./send.mjs";
import { runSuite } from "./suite.js";

const options = JSON.parse(new URLSearchParams(location.search).get("suite") ?? "{}");
send(runSuite(whetstone, { ...options, worker: options.worker && new URL(options.worker, location.href) }));
