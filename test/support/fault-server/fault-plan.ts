/** Which faults await whom: rules for the next ones, for all, and for those that fit a condition. */

interface Rule<Subject, Fault> {
  readonly fits: (subject: Subject) => boolean;
  readonly fault: Fault;
  left: number;
}

/** Changed freely while the server runs; it holds for what begins afterwards. */
export class FaultPlan<Subject, Fault> {
  #rules: Rule<Subject, Fault>[] = [];

  /** For the next one, or the next so many; queued behind what was planned before. */
  next(fault: Fault, times = 1): this {
    return this.#add(() => true, fault, times);
  }

  /** For all that have no rule of their own. */
  every(fault: Fault): this {
    return this.#add(() => true, fault, Infinity);
  }

  /** For those that fit; the first so many of them. */
  when(fits: (subject: Subject) => boolean, fault: Fault, times = Infinity): this {
    return this.#add(fits, fault, times);
  }

  /** Back to health. */
  clear(): void {
    this.#rules = [];
  }

  /** The fault that this one gets: counted rules come before lasting ones, else first come first served. */
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
