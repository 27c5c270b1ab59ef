/** What must hold between hosts: which hashes are to be one, and what a host was to run. */

/** Failures of one host beside those that its suite found itself. `isFast`: whether its engine has relaxed SIMD. */
export function checkReport({ variants, threads, info }, { isFast, noThreads }) {
  const failures = [];
  const wanted = isFast ? "portable, fast" : "portable";
  if (variants.join(", ") !== wanted) failures.push(`ran ${variants.join(", ")} instead of ${wanted}`);
  const most = noThreads ? 1 : 8;
  if (threads !== most) failures.push(`ran at most ${threads} threads instead of ${most}`);
  if (info.sharedMemory === Boolean(noThreads)) failures.push(`memory is ${info.sharedMemory ? "" : "not "}shared`);
  return failures;
}

/** `portable` hashes agree over all hosts, `fast` ones over all hosts that fuse. Returns each difference with its host. */
export function compareHosts(rows) {
  const differences = [];
  const first = {};
  for (const { host, report } of rows) {
    for (const [key, hash] of Object.entries(report.hashes)) {
      // A host of one thread shares nothing, and an engine that does not fuse has other bits in `fast`.
      if (key.endsWith("sharedOps") && report.threads === 1) continue;
      if (key.startsWith("fast") && !report.fused) continue;
      first[key] ??= { host, hash };
      if (first[key].hash !== hash) differences.push({ host, text: `${key} is ${hash}, and ${first[key].hash} on ${first[key].host}` });
    }
  }
  return differences;
}
