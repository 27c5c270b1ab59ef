/**
 * Where progress is shown: stderr where the host has processes (Node, Deno, Bun), the console elsewhere.
 * Results of a program never go here.
 */

export interface Terminal {
  /** Whether a person watches: lines can be rewritten with a carriage return. */
  readonly isTerminal: boolean;
  /** Width in characters, as it is now. */
  readonly columns: number;
  /** Text as it is, without a line end. */
  write(text: string): void;
  /** Text and a line end. */
  line(text: string): void;
}

/** What is needed of a stream of text; Node's process.stderr is one. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** For streams that don't know their width. */
const COLUMNS = 80;

/** The terminal of this host. */
export function terminal(): Terminal {
  const { process } = globalThis as { readonly process?: { readonly stderr?: TextStream } };
  // Bundlers put a `process` without streams into web pages
  const stream = process?.stderr;
  return typeof stream?.write === "function" ? streamTerminal(stream) : consoleTerminal();
}

export function streamTerminal(stream: TextStream): Terminal {
  return {
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns || COLUMNS; // 0 on some pseudo-terminals
    },
    write(text) {
      stream.write(text);
    },
    line(text) {
      stream.write(`${text}\n`);
    },
  };
}

/** A console knows whole lines only: what `write` gives waits for the end of its line. */
function consoleTerminal(): Terminal {
  let begun = "";
  return {
    isTerminal: false,
    columns: COLUMNS,
    write(text) {
      begun += text;
    },
    line(text) {
      console.log(begun + text);
      begun = "";
    },
  };
}
