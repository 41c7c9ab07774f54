/** All responses of a recording together, as one for the report, and the language that the engine heard in them. */
import type { TracedResponse } from '../translate/trace.js';
import type { PendingResponse } from '../upstream/pending-response.js';
import type { Usage } from '../wire/index.js';

export class ResponseTotals implements TracedResponse {
  readonly timestamps: PendingResponse['timestamps'] = {
    acceptedAt: performance.now(),
    sentAt: undefined,
    firstDeltaAt: undefined,
    endedAt: undefined,
  };
  usage: Usage | undefined;
  attempts = 0;
  /** Of the last one. */
  upstreamId: string | undefined;
  readonly #languages = new Map<string, number>();

  /** What most responses report that report one; of equals the first. */
  get detectedLanguage(): string | undefined {
    const [most] = [...this.#languages].sort(([, one], [, other]) => other - one);
    return most?.[0];
  }

  /** To be called once for each response that has ended. */
  readonly add = (response: TracedResponse & Pick<PendingResponse, 'detectedLanguage'>): void => {
    const { timestamps, usage, attempts, upstreamId, detectedLanguage } = response;
    const { sentAt, firstDeltaAt, endedAt } = timestamps;
    this.timestamps.sentAt = earlier(this.timestamps.sentAt, sentAt);
    this.timestamps.firstDeltaAt = earlier(this.timestamps.firstDeltaAt, firstDeltaAt);
    this.timestamps.endedAt = Math.max(this.timestamps.endedAt ?? 0, endedAt ?? performance.now());
    this.attempts += attempts;
    this.upstreamId = upstreamId ?? this.upstreamId;
    if (detectedLanguage !== undefined)
      this.#languages.set(detectedLanguage, (this.#languages.get(detectedLanguage) ?? 0) + 1);
    if (usage !== undefined)
      this.usage = {
        inputTokens: (this.usage?.inputTokens ?? 0) + usage.inputTokens,
        outputTokens: (this.usage?.outputTokens ?? 0) + usage.outputTokens,
        totalTokens: (this.usage?.totalTokens ?? 0) + usage.totalTokens,
      };
  };
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}
