/** A cue: text that is shown for a time, in one or two languages. */

export interface Cue {
  /** Whole milliseconds from the start of the recording. */
  readonly startMs: number;
  readonly endMs: number;
  /** At most two lines of each language; empty if the language is not shown, or has no words for this cue. */
  readonly source: readonly string[];
  readonly target: readonly string[];
}

/** BCP 47 tags of the lines of a cue. They decide its limits, and where its lines break. */
export interface CueLanguages {
  readonly source?: string | undefined;
  readonly target?: string | undefined;
}
