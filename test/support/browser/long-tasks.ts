/** Tasks that keep a page from responding for more than 50 ms. */
import type { Page } from 'playwright-core';

/** From now on, as far as the page is not loaded anew. @returns what reads their durations so far, in ms. */
export async function watchLongTasks(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(() => {
    const tasks: number[] = [];
    Object.assign(window, { longTasks: tasks });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(Math.round(duration));
    }).observe({ type: 'longtask' });
  });
  return () => page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks);
}

/**
 * Measures again where the figure reaches the limit: another process can lengthen a task, and nothing can shorten it.
 *
 * @returns the smallest of at most three figures.
 */
export async function smallest(measure: () => Promise<number>, limit: number): Promise<number> {
  let least = await measure();
  for (let more = 2; more > 0 && least >= limit; more -= 1) least = Math.min(least, await measure());
  return least;
}
