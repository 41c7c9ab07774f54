/** What the service reports of itself: types only. */

/** What `/health` returns beside status, version and uptime. */
export interface Health {
  readonly provider: string;
  readonly model: string;
  readonly pool: {
    readonly sockets: number;
    readonly ready: number;
    readonly connecting: number;
    readonly draining: number;
    readonly running: number;
    readonly waiting: number;
    readonly capacity: number;
  };
  readonly relay: { readonly conversations: number };
  readonly jobs: {
    /** On this node. */
    readonly running: number;
    /** In the folder, as last counted; null before the first count. */
    readonly queued: number | null;
  };
  /** Live sessions as last counted; null while the store cannot be reached. */
  readonly sessions: number | null;
}

export interface ReadyCheck {
  readonly name: string;
  readonly ok: boolean;
  /** A sentence; of a failed check: what is wrong and what to do. */
  readonly detail: string;
}

/** What this service can do with its provider; `/api/capabilities` adds limits and formats. Tags are BCP 47. */
export interface Capabilities {
  readonly provider: string;
  readonly model: string;
  readonly dialect: string;
  /** How requests are kept apart on a socket. */
  readonly isolation: string;
  /** Translations that the provider's sockets carry at a time; more wait. */
  readonly maxConcurrent: number;
  readonly languages: 'any' | readonly { readonly source: string; readonly targets: readonly string[] }[];
  /** Pairs that are translated by way of a third language: `['en', 'es', 'pt']`. */
  readonly chains: readonly (readonly string[])[];
  readonly speechSources: 'any' | readonly string[];
  /** Names that `voice` may have. Empty: not known here, any name is passed on to the provider. */
  readonly voices: readonly string[];
  /** How each step is run, where this service runs the engine itself. */
  readonly parts?: Readonly<Record<'stt' | 'translator' | 'tts', CapablePart>>;
}

export interface CapablePart {
  readonly kind: 'built-in' | 'http';
  readonly model?: string;
}
