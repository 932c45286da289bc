import type { RunState } from './wire';

/** A run grew. */
export interface RevisionNotice {
  run: string;
  revision: number;
  state: RunState;
}

/** What the server announces; the data itself is asked for. */
export interface Notices {
  /** A run grew, or changed its state. */
  revision(notice: RevisionNotice): void;
  /** Runs came or went, or notices may have been missed while the line was down. */
  runs(): void;
  /** Somebody changed what is written about a run; `null`: any run, as notices may have been missed. */
  notes?(run: string | null): void;
  /** Somebody saved or removed a layout of a project; `null`: of any project. */
  layouts?(project: string | null): void;
}

/** `live`: notices arrive. `waiting`: the line is down and will be tried again. `idle`: nobody looks at the page. */
export type Connection = 'live' | 'waiting' | 'idle';

/** Shortest and longest wait before the line is tried again; doubled each time. */
export const RETRY_MS = { first: 500, longest: 15_000 };

/**
 * So long a line may be silent, before its first notice too: the server says something every 5 s. A cut somewhere on the way closes
 * nothing that the browser would tell.
 */
export const SILENCE_MS = 15_000;

type Stream = Pick<EventSource, 'addEventListener' | 'close' | 'onerror'>;

/**
 * The stream of server-sent events: one a window, none while the window is hidden (browsers allow six connections to a
 * server over all windows), opened again after a failure with growing waits.
 *
 * Whenever the line comes back, `runs` is called: what happened in between is asked for, not guessed.
 */
export class Events {
  readonly #open: () => Stream;
  readonly #listeners = new Set<Notices>();
  readonly #watchers = new Set<(connection: Connection) => void>();
  #stream: Stream | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #wait = RETRY_MS.first;
  #connection: Connection = 'idle';

  constructor(open: () => Stream = () => new EventSource('/api/events')) {
    this.#open = open;
  }

  /** Follows notices; the function returned stops. */
  listen(notices: Notices): () => void {
    this.#listeners.add(notices);
    return () => this.#listeners.delete(notices);
  }

  /** Follows the state of the line, from now on. */
  watch(changed: (connection: Connection) => void): () => void {
    this.#watchers.add(changed);
    changed(this.#connection);
    return () => this.#watchers.delete(changed);
  }

  /** Opens the stream whenever the window is visible. The function returned closes it for good. */
  start(): () => void {
    const follow = () => (document.visibilityState === 'hidden' ? this.disconnect() : this.connect());
    document.addEventListener('visibilitychange', follow);
    follow();
    return () => {
      document.removeEventListener('visibilitychange', follow);
      this.disconnect();
    };
  }

  /** Opens the stream unless it is open. */
  connect(): void {
    if (this.#stream) return;
    clearTimeout(this.#timer);
    const stream = this.#open();
    this.#stream = stream;
    this.#hear(stream);
    for (const name of ['hello', 'alive', 'runs', 'revision', 'notes', 'layouts']) {
      stream.addEventListener(name, () => this.#hear(stream));
    }
    stream.addEventListener('hello', () => {
      this.#wait = RETRY_MS.first;
      this.#become('live');
      // Also the first time: the list may have been read before the stream stood.
      this.#listeners.forEach((listener) => {
        listener.runs();
        listener.notes?.(null);
        listener.layouts?.(null);
      });
    });
    stream.addEventListener('runs', () => this.#listeners.forEach((listener) => listener.runs()));
    stream.addEventListener('revision', (event) => {
      const notice = revisionOf((event as MessageEvent<string>).data);
      if (notice) this.#listeners.forEach((listener) => listener.revision(notice));
    });
    stream.addEventListener('notes', (event) => {
      const run = textOf((event as MessageEvent<string>).data, 'run');
      if (run !== null) this.#listeners.forEach((listener) => listener.notes?.(run));
    });
    stream.addEventListener('layouts', (event) => {
      const project = textOf((event as MessageEvent<string>).data, 'project');
      if (project !== null) this.#listeners.forEach((listener) => listener.layouts?.(project));
    });
    stream.onerror = () => this.#retry(stream);
  }

  /** Closes the stream until `connect`. */
  disconnect(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#stream?.close();
    this.#stream = null;
    this.#become('idle');
  }

  /** The stream said something, or was opened: silence counts from now. */
  #hear(stream: Stream): void {
    if (this.#stream !== stream) return;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#retry(stream), SILENCE_MS);
  }

  #retry(stream: Stream): void {
    if (this.#stream !== stream) return;
    clearTimeout(this.#silence);
    stream.close();
    this.#stream = null;
    this.#become('waiting');
    this.#timer = setTimeout(() => this.connect(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, RETRY_MS.longest);
  }

  #become(connection: Connection): void {
    if (connection === this.#connection) return;
    this.#connection = connection;
    this.#watchers.forEach((changed) => changed(connection));
  }
}

function revisionOf(data: string): RevisionNotice | null {
  try {
    const notice = JSON.parse(data) as Partial<RevisionNotice>;
    return typeof notice.run === 'string' && typeof notice.revision === 'number'
      ? (notice as RevisionNotice)
      : null;
  } catch {
    return null;
  }
}

/** A text member of a notice; null when the notice is none. */
function textOf(data: string, member: string): string | null {
  try {
    const value = (JSON.parse(data) as Record<string, unknown> | null)?.[member];
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}
