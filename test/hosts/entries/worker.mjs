/** The suite in a dedicated worker of a page. */
import * as whetstone from "whetstone";
import { send } from "./send.mjs";
import { runSuite } from "./suite.js";

send(runSuite(whetstone));
