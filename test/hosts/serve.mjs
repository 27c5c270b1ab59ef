/** A web server for the pages: each has a folder and headers of its own, and sends its report back by POST. */
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const types = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** `scenarios`: { slug, folder, headers }; the slug is the first part of the path. */
export async function serve(scenarios) {
  const bySlug = new Map(Object.values(scenarios).map((scenario) => [scenario.slug, scenario]));
  let deliver = () => {};
  const notFound = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (request.method === "POST" && pathname === "/report") {
      let body = "";
      request.on("data", (data) => {
        body += data;
      });
      request.on("end", () => {
        response.end();
        deliver(body);
      });
      return;
    }
    const [, slug, ...rest] = pathname.split("/");
    const page = bySlug.get(slug);
    const path = page && join(page.folder, normalize(`/${rest.join("/") || "index.html"}`));
    if (!path || !existsSync(path) || !statSync(path).isFile()) {
      notFound.push(pathname);
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": types[extname(path)] ?? "application/octet-stream", ...page.headers });
    createReadStream(path).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://localhost:${server.address().port}`,
    /** Paths that were asked for in vain: a page whose module does not load can't say so. */
    notFound,
    /** The next body that a page posts to /report. */
    nextReport: () =>
      new Promise((resolve) => {
        deliver = resolve;
      }),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
