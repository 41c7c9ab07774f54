/** Which subjects get which fault: rules for the next ones, for all, and for those that match a condition. */

interface Rule<Subject, Fault> {
  readonly fits: (subject: Subject) => boolean;
  readonly fault: Fault;
  left: number;
}

/** May be changed while the server runs; a change applies to what begins afterwards. */
export class FaultPlan<Subject, Fault> {
  #rules: Rule<Subject, Fault>[] = [];

  /** For the next subjects, after those of earlier rules. */
  next(fault: Fault, times = 1): this {
    return this.#add(() => true, fault, times);
  }

  /** For all subjects that match no other rule. */
  every(fault: Fault): this {
    return this.#add(() => true, fault, Infinity);
  }

  /** For the first `times` subjects that match. */
  when(fits: (subject: Subject) => boolean, fault: Fault, times = Infinity): this {
    return this.#add(fits, fault, times);
  }

  /** Faults of counted rules that no subject has taken yet. */
  get waiting(): number {
    return this.#rules.reduce((sum, { left }) => sum + (Number.isFinite(left) ? left : 0), 0);
  }

  /** Removes all rules. */
  clear(): void {
    this.#rules = [];
  }

  /** The fault of this subject: counted rules before permanent ones, otherwise the oldest matching rule. */
  take(subject: Subject): Fault | undefined {
    const fitting = this.#rules.filter((rule) => rule.fits(subject));
    const rule = fitting.find(({ left }) => Number.isFinite(left)) ?? fitting[0];
    if (rule === undefined) return undefined;
    rule.left -= 1;
    if (rule.left <= 0) this.#rules = this.#rules.filter((other) => other !== rule);
    return rule.fault;
  }

  #add(fits: (subject: Subject) => boolean, fault: Fault, left: number): this {
    this.#rules.push({ fits, fault, left });
    return this;
  }
}
