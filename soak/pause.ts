/** A wait that ends early when all is over. @returns whether it is */
export async function pause(ms: number, over?: AbortSignal): Promise<boolean> {
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      over?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, over?.aborted === true ? 0 : ms);
    over?.addEventListener('abort', wake);
  });
  return over?.aborted === true;
}
