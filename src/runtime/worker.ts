/**
 * What a worker thread runs, in every host: instantiate the module on the shared memory, say so, and serve until dismissed.
 * A file without imports, so that it can be embedded as text, loaded from a URL, and needs no bundler.
 */

interface Task {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly block: number;
  readonly rank: number;
  readonly seen: number;
  readonly tileRows: number;
}

interface Port {
  postMessage(message: unknown): void;
}

async function serve({ module, memory, block, rank, seen, tileRows }: Task, port: Port): Promise<void> {
  try {
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    const kernels = exports as Record<string, (...args: number[]) => number>;
    if (tileRows > 0) kernels.setTileRows!(tileRows);
    port.postMessage({ ready: rank });
    kernels.serve!(block, rank, seen);
  } catch (error) {
    port.postMessage({ failed: String(error) });
  }
}

const scope = globalThis as unknown as Port & { onmessage?: unknown; importScripts?: unknown; WorkerGlobalScope?: unknown; close(): void };
const hasWorkerThreads = "process" in globalThis;
if (hasWorkerThreads) {
  // Node, Deno and Bun: the caller started this thread through node:worker_threads.
  const name = ["node", "worker_threads"].join(":"); // in pieces: bundlers look for whole names, and minifiers join sums
  void import(/* @vite-ignore */ /* webpackIgnore: true */ name).then(
    ({ parentPort, workerData }: { parentPort: Port; workerData: Task }) => serve(workerData, parentPort),
  );
} else {
  scope.onmessage = (event: { data: Task }) => {
    void serve(event.data, scope).then(() => scope.close());
  };
}
