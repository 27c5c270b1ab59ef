/** The program: arguments and streams in, exit code out. */
import { join } from "node:path";
import { OptionError, WhetstoneError } from "../errors.ts";
import { streamTerminal, type TextStream } from "../runtime/host/terminal.ts";
import { type Command, parseCommand } from "./commandLine.ts";
import { crossValidateCommand } from "./crossValidateCommand.ts";
import { evaluateCommand } from "./evaluateCommand.ts";
import { helpText } from "./help.ts";
import { packageFolder, packageVersion } from "./packageFolder.ts";
import { predictCommand } from "./predictCommand.ts";
import { trainCommand } from "./trainCommand.ts";

export interface Streams {
  /** Takes results. */
  readonly stdout: { write(text: string): unknown };
  /** Takes progress and complaints. */
  readonly stderr: TextStream;
}

/**
 * Runs one command: 0 if it was done, 1 if data or a file stood against it, 2 if the command line was not understood.
 * @throws what is neither: a fault of the program.
 */
export async function main(argv: readonly string[], streams: Streams): Promise<number> {
  const complain = (message: string) => streams.stderr.write(`whetstone: ${message}\n`);
  let command: Command;
  try {
    command = parseCommand(argv);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    complain(error.message);
    return 2;
  }
  try {
    await run(command, streams);
    return 0;
  } catch (error) {
    const message = messageOf(error);
    if (message === undefined) throw error;
    complain(message);
    return 1;
  }
}

async function run(command: Command, { stdout, stderr }: Streams): Promise<void> {
  const print = (line: string) => stdout.write(`${line}\n`);
  switch (command.name) {
    case "help":
      stdout.write(helpText(packageVersion()));
      break;
    case "version":
      print(packageVersion());
      break;
    case "predict":
      stdout.write(await predictCommand(command));
      break;
    case "evaluate":
      await evaluateCommand(command, print);
      break;
    case "crossvalidate":
      await crossValidateCommand(command, print, streamTerminal(stderr));
      break;
    case "train":
      await trainCommand(command, print, streamTerminal(stderr));
      break;
    case "digits": {
      const file = join(packageFolder(), "examples", "data", "digits.csv");
      await trainCommand({ file, out: command.out, options: { ...command.options, target: "label" } }, print, streamTerminal(stderr));
    }
  }
}

/** What people are told of an error that they can mend; undefined for any other. */
function messageOf(error: unknown): string | undefined {
  if (error instanceof WhetstoneError) return error.message;
  const { code, path, syscall, message } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return undefined;
  const reasons: Record<string, string> = {
    ENOENT: "no such file or folder",
    EISDIR: "is a folder",
    EACCES: "no permission",
    ENOTDIR: "a part of its path is no folder",
  };
  return path !== undefined && code !== undefined && reasons[code] ? `${path}: ${reasons[code]}` : message;
}
