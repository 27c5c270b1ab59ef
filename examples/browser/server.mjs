/** The server of the example: its page, the built package, and the report that a measured page sends. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const types = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** Resolves to { port, close() } once it listens. `onReport` gets what a page opened with ?measure has seen. */
export function serve({ port = 0, isolated = true, onReport = () => {} }) {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
    if (request.method === "POST" && path === "/report") {
      let text = "";
      for await (const part of request) text += part;
      response.writeHead(204).end();
      onReport(JSON.parse(text));
      return;
    }
    const file = path === "/" ? "/examples/browser/index.html" : path;
    const isServed = ["/examples/browser/", "/dist/"].some((folder) => file.startsWith(folder));
    try {
      if (!isServed) throw new Error("not served");
      const body = await readFile(join(root, file));
      const headers = { "Content-Type": types[extname(file)] ?? "application/octet-stream", ...(isolated ? isolation : {}) };
      response.writeHead(200, headers).end(body);
    } catch {
      response.writeHead(404).end("not found");
    }
  });
  return new Promise((resolve) => {
    server.listen(port, "127.0.0.1", () => resolve({ port: server.address().port, close: () => server.close() }));
  });
}
