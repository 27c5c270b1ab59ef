/** Shows how far a cross-validation is: one line that is rewritten on a terminal, a line per tenth of the folds in a log. */
import { formatSeconds } from "../callbacks/progressText.ts";
import type { Callback } from "../index.ts";
import type { FoldState } from "../metrics/index.ts";
import type { Terminal } from "../runtime/host/terminal.ts";

/** Faster than the eye follows costs time only. */
const REDRAW_MS = 50;
const LOG_LINES = 10;

export interface FoldProgress {
  /** For each run: its epochs. */
  readonly callback: Callback;
  readonly onFold: (state: FoldState) => void;
  /** Leaves the line as it is and ends it. */
  end(): void;
}

/** `score` names what is shown of each fold. */
export function foldProgress(screen: Terminal, score: string, clock: () => number = () => performance.now()): FoldProgress {
  const startMs = clock();
  let drawnMs = 0;
  let drawn = 0; // characters on the line now
  let fold = 0;
  let last = "";
  const draw = (text: string) => {
    const line = text.slice(0, screen.columns - 1); // some terminals scroll after a full line
    screen.write(`\r${line.padEnd(Math.min(drawn, screen.columns - 1))}`);
    drawn = line.length;
    drawnMs = clock();
  };
  return {
    callback: {
      onEpoch({ epoch, epochs, loss }) {
        if (screen.isTerminal && clock() - drawnMs >= REDRAW_MS) {
          draw(`fold ${fold + 1}  epoch ${epoch + 1}/${epochs}  loss ${loss.toPrecision(4)}${last}`);
        }
      },
    },
    onFold({ fold: done, folds, result }) {
      fold = done + 1;
      const seconds = (clock() - startMs) / 1000;
      const left = fold < folds ? `${formatSeconds((seconds / fold) * (folds - fold))} left` : `took ${formatSeconds(seconds)}`;
      const value = `${score} ${result.test[score]!.toPrecision(4)}`;
      last = `  (fold ${fold}/${folds}: ${value}, ${left})`;
      const line = `fold ${String(fold).padStart(String(folds).length)}/${folds}  ${value}  ${left}`;
      if (screen.isTerminal) draw(line);
      else if (fold === 1 || fold === folds || fold % Math.ceil(folds / LOG_LINES) === 0) screen.line(line);
    },
    end() {
      if (screen.isTerminal && drawn > 0) screen.line("");
    },
  };
}
