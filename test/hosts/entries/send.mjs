/** Sends what the suite reports, or why it could not, to the server. Works on pages and in their workers. */
export async function send(result) {
  const body = await result.then(JSON.stringify, (error) => JSON.stringify({ error: `${error}\n${error?.stack}` }));
  await fetch("/report", { method: "POST", body });
}
