/** A Node that strips types and has relaxed SIMD: benches run on it whatever Node started them. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const hosts = join(import.meta.dirname, "../test/hosts");
const ownNode = join(hosts, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");

/** The Node of test/hosts, or this one where it is new enough and there is none for the platform. */
export function currentNode() {
  if (!existsSync(ownNode)) spawnSync("npm", ["ci", "--prefix", hosts], { stdio: "inherit" });
  if (existsSync(ownNode)) return ownNode;
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath;
  console.error(`bench: test/hosts has no Node for ${process.platform}-${process.arch}; start the benches with Node 22.18 or later`);
  process.exit(1);
}
