/** What a row of the list tells beside its name. */

export interface RowProgress {
  readonly label: string;
  /** 0 to 1; undefined where the end is not known. */
  readonly fraction: number | undefined;
}

export interface RowProblem {
  readonly sentence: string;
  /** The service's own words, in English. */
  readonly detail?: string | undefined;
  /** Whether all failed, or a part only. */
  readonly isWarning?: boolean;
}
