/** What goes on, on standard error: one line that is redrawn on a terminal, else a line for each step. */
import path from 'node:path';

export interface ErrorStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Some terminals say that they have no columns. */
const UNKNOWN_COLUMNS = 80;
/** A terminal is drawn no more often than this. */
const REDRAW_MS = 100;
/** Without a terminal a step that takes long says how far it is each time that so much time has passed. */
const REPEAT_MS = 10_000;

export class Progress {
  readonly #stream: ErrorStream;
  readonly #isQuiet: boolean;
  /** What is done with each input now. */
  readonly #states = new Map<string, string>();
  readonly #saidAt = new Map<string, number>();
  #drawnAt = 0;
  #isDrawn = false;

  constructor(stream: ErrorStream, isQuiet: boolean) {
    this.#stream = stream;
    this.#isQuiet = isQuiet;
  }

  /** A step that has a beginning only. */
  step(name: string, what: string): void {
    this.#saidAt.set(name, Date.now());
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
    if (Date.now() - (this.#saidAt.get(name) ?? 0) < REPEAT_MS) return;
    this.#saidAt.set(name, Date.now());
    this.#line(`${name}: ${what} ${percent}%`);
  }

  /** The last of an input. */
  done(name: string, what?: string): void {
    this.#states.delete(name);
    if (what !== undefined) this.#line(`${name}: ${what}`);
    else this.#redraw();
  }

  /** A warning or an error, which is said to the quiet too. */
  complain(line: string): void {
    this.#clear();
    this.#stream.write(`${line}\n`);
    this.#redraw();
  }

  /** Leaves an empty line to what comes next. */
  close(): void {
    this.#states.clear();
    this.#clear();
  }

  #line(line: string): void {
    if (this.#isQuiet) return;
    this.complain(line);
  }

  #show(name: string, what: string, isAtOnce: boolean): void {
    if (this.#isQuiet) return;
    this.#states.set(name, what);
    if (isAtOnce || Date.now() - this.#drawnAt >= REDRAW_MS) this.#redraw();
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
