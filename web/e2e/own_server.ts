import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from '@playwright/test';

import type { Summary } from './demo';
import { python } from './python';

/** An `ethogram serve` that a test starts and stops itself. */
export class OwnServer {
  readonly root: string;
  readonly port: number;
  #process: ChildProcess | null = null;

  private constructor(root: string, port: number) {
    this.root = root;
    this.port = port;
  }

  /** Serves an empty folder of its own. */
  static async onEmptyFolder(): Promise<OwnServer> {
    const server = new OwnServer(await mkdtemp(join(tmpdir(), 'ethogram-e2e-')), await freePort());
    await server.start();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Logs runs into its folder by a script of this one; gives what the script printed. */
  async log(script: string, ...more: string[]): Promise<string> {
    return python(join(import.meta.dirname, script), this.root, ...more);
  }

  /** Runs that it lists. It looks for new ones about once a second: those below wait for them. */
  async runs(): Promise<Summary[]> {
    return ((await (await fetch(`${this.url}/api/runs`)).json()) as { runs: Summary[] }).runs;
  }

  /** The id of the run of that name, once it is listed. */
  async idOf(name: string): Promise<string> {
    let id: string | undefined;
    const look = async () => (id = (await this.runs()).find((run) => run.name === name)?.id);
    await expect.poll(look, `a run named ${name}`).toBeDefined();
    return id!;
  }

  /** The id of its only run, once it is listed. */
  async onlyId(): Promise<string> {
    const [id] = (await this.idsByName(1)).values();
    return id!;
  }

  /** The ids of all runs by their names, which differ, once `count` are listed. */
  async idsByName(count: number): Promise<Map<string, string>> {
    let ids = new Map<string, string>();
    const look = async () => (ids = new Map((await this.runs()).map(({ name, id }) => [name, id]))).size;
    await expect.poll(look, 'runs that are listed').toBe(count);
    return ids;
  }

  /** Starts it, again on the same port, and waits until it answers. */
  async start(): Promise<void> {
    const ui = process.env.ETHOGRAM_UI ? ['--ui', process.env.ETHOGRAM_UI] : [];
    const child = spawn(
      process.env.ETHOGRAM_BIN!,
      ['serve', this.root, '--port', String(this.port), '--no-open', ...ui],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    this.#process = child;
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    for (let tries = 0; tries < 200; tries += 1) {
      if (child.exitCode !== null) throw new Error(`ethogram serve ended with ${child.exitCode}: ${said}`);
      const answer = await fetch(`${this.url}/api/health`).catch(() => null);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`ethogram serve did not answer within 10 s: ${said}`);
  }

  /** Stops it; `start` brings it back. */
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Stops it and removes its folder. */
  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.root, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
