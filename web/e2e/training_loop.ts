import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { pythonWithPackage } from './python';

/** A Python process that logs on command: `log_live.py`. */
export class TrainingLoop {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterableIterator<string>;
  #said = '';

  private constructor(root: string) {
    this.#process = spawn(pythonWithPackage(), [join(import.meta.dirname, 'log_live.py'), root], {
      stdio: 'pipe',
    });
    this.#process.stderr!.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  /** Starts a run under `root`. */
  static async start(root: string): Promise<TrainingLoop> {
    const loop = new TrainingLoop(root);
    await loop.#answer();
    return loop;
  }

  /** Runs one command. Resolves to the time at which its calls had returned, milliseconds since 1970. */
  async tell(command: string): Promise<number> {
    this.#process.stdin!.write(`${command}\n`);
    return this.#answer();
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  async #answer(): Promise<number> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the training loop ended: ${this.#said}`);
    return Number(value.split(' ')[1]) * 1000;
  }
}
