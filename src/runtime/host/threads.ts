/**
 * Starts a thread in whatever way this host offers: node:worker_threads (Node, Deno, Bun), whose threads let a script end by
 * itself, or a web Worker, from a URL or from text as a blob.
 */

import { hasNodeModules, hostProcess, isPage, nodeModule } from "./nodeModule.ts";

export interface Thread {
  /** From now on the thread does not keep a script alive. Before it is ready it must: somebody waits for it. */
  release(): void;
  terminate(): void;
}

export interface ThreadEvents {
  /** A message of the worker: { ready } or { failed }. */
  onMessage(message: { ready?: number; failed?: string }): void;
  /** The thread has ended or could not start. */
  onEnd(reason: string): void;
}

export interface ThreadSource {
  /** Text of the worker. */
  readonly text: string;
  /** Where the same text can be loaded from, for pages whose policy forbids blob workers. */
  readonly url: string | URL | undefined;
}

/** Why memory can't be shared among threads here, or undefined. */
export function sharedMemoryDenied(): string | undefined {
  if (typeof SharedArrayBuffer === "undefined") return "this host has no SharedArrayBuffer";
  try {
    new WebAssembly.Memory({ initial: 0, maximum: 1, shared: true });
    return undefined;
  } catch {
    return "this host grants no shared WebAssembly memory";
  }
}

/** Why there can be no threads here, or undefined. */
export function threadsDenied(): string | undefined {
  const page = globalThis as { crossOriginIsolated?: boolean };
  // Such a page also lacks SharedArrayBuffer: say what its maker can change.
  if (!hasNodeModules() && page.crossOriginIsolated === false) {
    return "the page is not cross-origin isolated: serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
  }
  if (!hasNodeModules() && typeof Worker === "undefined") return "this host has no Worker";
  return sharedMemoryDenied();
}

/** Threads that this host runs at once; on a page's main thread one less, so that the page stays alive. */
export function coreCount(): number {
  const { navigator } = globalThis as { navigator?: { hardwareConcurrency?: number } };
  const cores =
    (hostProcess()?.getBuiltinModule?.("node:os") as { availableParallelism(): number } | undefined)?.availableParallelism() ??
    navigator?.hardwareConcurrency ??
    1;
  return Math.max(1, isPage() ? cores - 1 : cores);
}

/** @throws whatever the host throws where a thread can't be made; later failures come as onEnd. */
export async function startThread(source: ThreadSource, task: unknown, events: ThreadEvents): Promise<Thread> {
  return hasNodeModules() ? startNodeThread(source, task, events) : startWebThread(source, task, events);
}

async function startNodeThread({ text, url }: ThreadSource, task: unknown, events: ThreadEvents): Promise<Thread> {
  const { Worker: NodeWorker } = (await nodeModule("worker_threads")) as typeof import("node:worker_threads");
  const worker =
    url === undefined ? new NodeWorker(text, { eval: true, workerData: task }) : new NodeWorker(new URL(url), { workerData: task });
  worker.on("message", (message) => events.onMessage(message));
  worker.on("error", (error) => events.onEnd(String(error)));
  worker.on("exit", (code) => events.onEnd(`it ended with code ${code}`));
  return { release: () => worker.unref(), terminate: () => void worker.terminate() };
}

function startWebThread({ text, url }: ThreadSource, task: unknown, events: ThreadEvents): Thread {
  const address = url ?? URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    const worker = new Worker(address);
    worker.onmessage = (event) => events.onMessage(event.data);
    worker.onerror = (event) => events.onEnd(event.message || notLoaded(url));
    worker.onmessageerror = () => events.onEnd("the module or memory could not be sent to it");
    worker.postMessage(task);
    return { release: () => {}, terminate: () => worker.terminate() };
  } finally {
    if (url === undefined) setTimeout(() => URL.revokeObjectURL(address as string), 10_000);
  }
}

/** A worker that a policy forbids fails without a message. */
const notLoaded = (url: ThreadSource["url"]): string =>
  url === undefined
    ? "it could not be loaded. If the page's policy forbids blob: workers, serve whetstone/worker and name it in createRuntime({ worker })"
    : `it could not be loaded from ${String(url).slice(0, 200)}`; // a data: address is long
