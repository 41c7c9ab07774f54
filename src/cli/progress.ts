/** Progress on standard error: one line that is redrawn on a terminal, else a line for each step. */
import path from 'node:path';

export interface ErrorStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Some terminals report 0 columns. */
const UNKNOWN_COLUMNS = 80;
/** A terminal is drawn no more often than this. */
const REDRAW_MS = 100;
/** Without a terminal, the progress of a step is printed this often. */
const REPEAT_MS = 10_000;

export class Progress {
  readonly #stream: ErrorStream;
  readonly #isQuiet: boolean;
  /** The current step of each input. */
  readonly #states = new Map<string, string>();
  readonly #printedAt = new Map<string, number>();
  #drawnAt = 0;
  #isDrawn = false;

  constructor(stream: ErrorStream, isQuiet: boolean) {
    this.#stream = stream;
    this.#isQuiet = isQuiet;
  }

  /** Starts a step without a measurable progress. */
  step(name: string, what: string): void {
    this.#printedAt.set(name, Date.now());
    if (this.#stream.isTTY === true) this.#show(name, what, true);
    else this.#line(`${name}: ${what}`);
  }

  /** @param fraction of the step that is done, 0 to 1. */
  fraction(name: string, what: string, fraction: number): void {
    const percent = Math.floor(100 * Math.min(1, fraction));
    if (this.#stream.isTTY === true) {
      this.#show(name, `${what} ${percent}%`, percent === 100);
      return;
    }
    if (Date.now() - (this.#printedAt.get(name) ?? 0) < REPEAT_MS) return;
    this.#printedAt.set(name, Date.now());
    this.#line(`${name}: ${what} ${percent}%`);
  }

  /** Ends the progress of an input. */
  done(name: string, what?: string): void {
    this.#states.delete(name);
    if (what !== undefined) this.#line(`${name}: ${what}`);
    else this.#redraw();
  }

  /** Prints a warning or an error, also with `--quiet`. */
  warn(line: string): void {
    this.#print(line);
  }

  /** Clears the line. */
  close(): void {
    this.#states.clear();
    this.#clear();
  }

  #line(line: string): void {
    if (!this.#isQuiet) this.#print(line);
  }

  #print(line: string): void {
    this.#clear();
    this.#stream.write(`${line}\n`);
    this.#redraw();
  }

  #show(name: string, what: string, immediately: boolean): void {
    if (this.#isQuiet) return;
    this.#states.set(name, what);
    if (immediately || Date.now() - this.#drawnAt >= REDRAW_MS) this.#redraw();
  }

  #redraw(): void {
    if (this.#stream.isTTY !== true || this.#isQuiet) return;
    this.#clear();
    if (this.#states.size === 0) return;
    const line = [...this.#states].map(([name, what]) => `${path.basename(name)}: ${what}`).join('  ');
    const { columns = 0 } = this.#stream;
    this.#stream.write(line.slice(0, (columns > 0 ? columns : UNKNOWN_COLUMNS) - 1));
    this.#isDrawn = true;
    this.#drawnAt = Date.now();
  }

  /** Back to the first column, and clears from there. */
  #clear(): void {
    if (this.#isDrawn) this.#stream.write('\r\u001b[K');
    this.#isDrawn = false;
  }
}
