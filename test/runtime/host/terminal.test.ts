import { afterEach, expect, test, vi } from "vitest";
import { pause } from "../../../src/runtime/host/pause.ts";
import { streamTerminal, terminal } from "../../../src/runtime/host/terminal.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("a stream's own kind and width, as they are at each moment", () => {
  const written: string[] = [];
  const stream = { isTTY: true, columns: 132, write: (text: string) => written.push(text) };
  const shown = streamTerminal(stream);
  expect([shown.isTerminal, shown.columns]).toEqual([true, 132]);
  stream.columns = 0;
  expect(shown.columns).toBe(80);
  shown.write("a");
  shown.line("b");
  expect(written).toEqual(["a", "b\n"]);
});

test("stderr where there is a process", () => {
  const write = vi.fn();
  vi.stubGlobal("process", { stderr: { write } });
  expect(terminal().isTerminal).toBe(false);
  terminal().line("text");
  expect(write.mock.calls).toEqual([["text\n"]]);
});

test.each([[undefined], [{ env: {} }]])("whole lines of the console where process is %o", (process) => {
  vi.stubGlobal("process", process);
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  const shown = terminal();
  expect([shown.isTerminal, shown.columns]).toEqual([false, 80]);
  shown.write("a");
  expect(log).not.toHaveBeenCalled();
  shown.line("b");
  shown.line("c");
  expect(log.mock.calls).toEqual([["ab"], ["c"]]);
});

test.each(["setImmediate", "MessageChannel"])("pause lets events through by %s", async (way) => {
  if (way === "MessageChannel") vi.stubGlobal("setImmediate", undefined);
  vi.stubGlobal("setTimeout", () => {
    throw new Error("a timer");
  });
  const order: string[] = [];
  const { port1, port2 } = new MessageChannel();
  const arrived = new Promise<void>((resolve) => {
    port1.onmessage = () => {
      order.push("event");
      port1.close();
      resolve();
    };
  });
  port2.postMessage(0);
  for (let turn = 0; turn < 5; turn++) await pause();
  order.push("after");
  await arrived;
  expect(order).toEqual(["event", "after"]);
});
