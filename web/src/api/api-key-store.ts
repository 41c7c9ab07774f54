/** The API key of this tab: requested from the user when the service requires one, kept until the tab is closed. */
import { shallowRef, type ShallowRef } from 'vue';
import { readText, writeText } from '../store/preferences.js';

const STORAGE_KEY = 'api-key';

/** A request for a key. The dialog answers it once, with undefined when the user cancels. */
export interface ApiKeyPrompt {
  /** A key was sent and rejected. */
  readonly wrong: boolean;
  answer(key: string | undefined): void;
}

export class ApiKeyStore {
  readonly prompt: ShallowRef<ApiKeyPrompt | undefined> = shallowRef();
  #key = readText('sessionStorage', STORAGE_KEY) ?? undefined;
  #pending: Promise<boolean> | undefined;

  get key(): string | undefined {
    return this.#key;
  }

  /**
   * Asks the user for another key after a 401. Concurrent requests that were rejected share one prompt.
   * @param rejected the key that was sent. @returns whether to send the request again.
   */
  async renew(rejected: string | undefined): Promise<boolean> {
    if (this.#key !== rejected) return true;
    this.#pending ??= this.#promptForKey(rejected !== undefined).finally(() => (this.#pending = undefined));
    return this.#pending;
  }

  async #promptForKey(wrong: boolean): Promise<boolean> {
    const key = await new Promise<string | undefined>((answer) => {
      this.prompt.value = { wrong, answer };
    });
    this.prompt.value = undefined;
    if (key === undefined) return false;
    this.#key = key;
    writeText('sessionStorage', STORAGE_KEY, key);
    return true;
  }
}
