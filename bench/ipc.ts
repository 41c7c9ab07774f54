/** Remote calls between the bench and its processes: one message for a call, one for its result. */
import type { ChildProcess } from 'node:child_process';

/** The commands of a process. Arguments and results are sent as JSON. */
type Commands<C> = { [K in keyof C]: (...args: never[]) => Promise<unknown> };

interface Call {
  readonly id: number;
  readonly name: string;
  readonly args: unknown[];
}

type Reply = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string });

/** In the process: sends `ready`, then runs the commands it receives. */
export function serveCommands<C extends Commands<C>>(commands: C): void {
  const reply = (message: Reply | 'ready'): void => {
    process.send?.(message);
  };
  process.on('message', ({ id, name, args }: Call) => {
    const command = commands[name as keyof C] as unknown as (...args: unknown[]) => Promise<unknown>;
    command(...args).then(
      (value) => {
        reply({ id, value });
      },
      (error: unknown) => {
        reply({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      },
    );
  });
  // The parent process is gone.
  process.on('disconnect', () => process.exit(0));
  reply('ready');
}

/** In the bench: calls a forked process. Every call fails once the process has exited. */
export class Remote<C extends Commands<C>> {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  #calls = 0;

  constructor(child: ChildProcess, name: string) {
    this.#child = child;
    this.#name = name;
    child.on('message', (message: Reply | 'ready') => {
      if (message === 'ready') return;
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if ('error' in message) waiting?.reject(new Error(`${name}: ${message.error}`));
      else waiting?.resolve(message.value);
    });
    child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`${name} exited with ${String(code)}`));
      this.#waiting.clear();
    });
  }

  call<K extends keyof C & string>(name: K, ...args: Parameters<C[K]>): ReturnType<C[K]> {
    const result = new Promise<unknown>((resolve, reject) => {
      if (!this.#child.connected) {
        reject(new Error(`${this.#name} has exited`));
        return;
      }
      const id = (this.#calls += 1);
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, name, args } satisfies Call);
    });
    return result as ReturnType<C[K]>;
  }
}
