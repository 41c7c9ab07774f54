/** The progress and problem of a row in a list of files. */

export interface RowProgress {
  readonly label: string;
  /** 0 to 1; undefined where the end is not known. */
  readonly fraction: number | undefined;
}

export interface RowProblem {
  readonly sentence: string;
  /** The sentence of the service, in English. */
  readonly detail?: string | undefined;
  /** Whether only a part failed. */
  readonly isWarning?: boolean;
}
