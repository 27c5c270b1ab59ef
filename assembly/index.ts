/** The module: runProgram, and every kernel re-exported so that tests, profiles and benches use the shipped binary. */
export { probeFused } from "./probe";
