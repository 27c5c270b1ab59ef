/** What draws a progress bar: loaded when a run that shows one starts. Only import() may name it. */
export { drawProgress } from "../callbacks/drawProgress.ts";
