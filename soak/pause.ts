/** Waits, or less long if the signal aborts. @returns whether it has aborted */
export async function pause(ms: number, signal?: AbortSignal): Promise<boolean> {
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, signal?.aborted === true ? 0 : ms);
    signal?.addEventListener('abort', wake);
  });
  return signal?.aborted === true;
}
