/** The API key of this tab: asked for when the service wants one, kept until the tab is closed. */
import { shallowRef, type ShallowRef } from 'vue';

const STORAGE_KEY = 'api-key';

/** The page's question for a key; the dialog answers it once, with nothing when the person declines. */
export interface KeyQuestion {
  /** A key was sent and refused. */
  readonly wrong: boolean;
  answer(key: string | undefined): void;
}

export class KeyRing {
  readonly question: ShallowRef<KeyQuestion | undefined> = shallowRef();
  #key = sessionStorage.getItem(STORAGE_KEY) ?? undefined;
  #asking: Promise<boolean> | undefined;

  get key(): string | undefined {
    return this.#key;
  }

  /**
   * After a 401: gets another key from the person. Calls that were refused together share one question.
   * @param refused the key that was sent. @returns whether it is worth trying again.
   */
  async renew(refused: string | undefined): Promise<boolean> {
    if (this.#key !== refused) return true;
    this.#asking ??= this.#ask(refused !== undefined).finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #ask(wrong: boolean): Promise<boolean> {
    const key = await new Promise<string | undefined>((answer) => {
      this.question.value = { wrong, answer };
    });
    this.question.value = undefined;
    if (key === undefined) return false;
    this.#key = key;
    sessionStorage.setItem(STORAGE_KEY, key);
    return true;
  }
}
