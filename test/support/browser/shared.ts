/** One browser, and one service before a scripted upstream, for all tests of a file. */
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { closingAfterEachTest, type Closable } from '../close-after-test.js';
import { startBeforeScript } from '../gateway.js';
import { launchBrowser, visit, withoutErrors, type Microphone, type Visit } from './browser.js';

type Service = Awaited<ReturnType<typeof startBeforeScript>>;

export class Shared {
  readonly #closeAfterTest = closingAfterEachTest();
  #browser: Browser | undefined;
  #service: Service | undefined;

  /**
   * For the head of a test file: it registers the hooks that start and close both.
   * @param microphone what the browser hears. @param hosts see `launchBrowser`.
   */
  constructor(microphone: Microphone | (() => Promise<Microphone>), hosts?: readonly string[]) {
    beforeAll(async () => {
      const heard = typeof microphone === 'function' ? await microphone() : microphone;
      this.#browser = await launchBrowser(heard, hosts);
      this.#service = await startBeforeScript();
    });
    // A fault or an answer that outlived its test would meet the next one.
    afterEach(async () => {
      const { script } = this.service;
      const { waiting } = script.requests;
      script.requests.clear();
      await script.until(() => script.answering === 0);
      if (waiting > 0) throw new Error(`${waiting} scripted faults met no request of this test.`);
    });
    afterAll(async () => {
      await this.#browser?.close();
      await this.#service?.close();
    });
  }

  get browser(): Browser {
    if (this.#browser === undefined) throw new Error('The browser is started before the first test.');
    return this.#browser;
  }

  get service(): Service {
    if (this.#service === undefined) throw new Error('The service is started before the first test.');
    return this.#service;
  }

  /** Hands `resource` through, and closes it after the present test. */
  closeAfterTest<T extends Closable>(resource: T): T {
    return this.#closeAfterTest(resource);
  }

  /** Opens an address of the service until the test ends. @param url of another service. */
  async visit(address = '/', options?: BrowserContextOptions, url = this.service.url): Promise<Visit> {
    return this.closeAfterTest(await visit(this.browser, url + address, options));
  }

  /** The same; the test fails if the browser reports an error or a warning. */
  async open(address?: string, options?: BrowserContextOptions, url = this.service.url): Promise<Page> {
    const visitor = await visit(this.browser, url + (address ?? '/'), options);
    this.closeAfterTest(withoutErrors(visitor));
    return visitor.page;
  }
}
