/** Keeps the focus on the page when the element that has it goes away; otherwise it falls to `body`. */
import { nextTick } from 'vue';

const FOCUSABLE = 'button:not(:disabled), a[href], input:not(:disabled), select, textarea, [tabindex]';

/**
 * Runs `remove`, and moves the focus if that took it away: to the first of `candidates`, asked for afterwards, that can
 * have it. A candidate that is not focusable itself stands for the first thing in it that is.
 */
export async function keepFocus(
  remove: () => void | Promise<void>,
  candidates: () => readonly (Element | null | undefined)[],
): Promise<void> {
  await remove();
  await nextTick();
  if (document.activeElement !== null && document.activeElement !== document.body) return;
  for (const candidate of candidates()) {
    if (candidate?.isConnected !== true) continue;
    const target = candidate.matches(FOCUSABLE) ? candidate : candidate.querySelector(FOCUSABLE);
    if (!(target instanceof HTMLElement)) continue;
    target.focus();
    if (document.activeElement === target) return;
  }
  document.getElementById('content')?.focus();
}
