/** A reporter for jest that ends a run in which tests left something open: what would hang for ever fails instead. */
const PATIENCE_MS = 20_000;

export default class ExitReporter {
  onRunComplete() {
    // Unreferenced: it runs only if something else still keeps the process alive by then.
    setTimeout(() => {
      console.error(
        `A test left a socket, a timer or a process open: jest has not ended ${PATIENCE_MS / 1_000} s after its last test.`,
      );
      process.exit(1);
    }, PATIENCE_MS).unref();
  }
}
