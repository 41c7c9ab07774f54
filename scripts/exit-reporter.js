/** A jest reporter that fails a run whose process does not exit because a test left something open. */
const EXIT_WITHIN_MS = 20_000;

export default class ExitReporter {
  onRunComplete() {
    // Unreferenced: the timer fires only if something else still keeps the process alive by then.
    setTimeout(() => {
      console.error(
        `A test left a socket, a timer or a process open: jest has not exited ${EXIT_WITHIN_MS / 1_000} s after its last test.`,
      );
      process.exit(1);
    }, EXIT_WITHIN_MS).unref();
  }
}
