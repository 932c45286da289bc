import type { ErrorBody } from './wire';

/** Where answers come from: a server over HTTP, later also the chunks inside an exported page. Nothing else calls `fetch`. */
export interface Source {
  /** A description. `body` makes it a POST. Throws [`ApiError`]. */
  json<T>(path: string, ask?: Ask): Promise<T>;
  /** Numbers, frames or blobs. Throws [`ApiError`]. */
  bytes(path: string, ask?: Ask): Promise<ArrayBuffer>;
  /** Descriptions that come one after the other, a line each. What `online` throws ends it. Throws [`ApiError`]. */
  lines<T>(path: string, ask: Ask, online: (line: T) => void): Promise<void>;
  /** Bytes as they come, for what takes a while to be made. Throws [`ApiError`]. */
  stream(path: string, ask?: Ask): Promise<ReadableStream<Uint8Array>>;
  /** A description that can be replaced, with the tag that says which was seen. Throws [`ApiError`]. */
  tagged<T>(path: string, ask?: Ask): Promise<Tagged<T>>;
}

/** The rest of a request. */
export interface Ask {
  /** Sent as JSON; [`BinaryBody`] as it is. */
  body?: unknown;
  /** Left out: POST with a body, GET without. */
  method?: 'PUT' | 'DELETE';
  /** Tag of what is to be replaced. */
  ifMatch?: string;
  signal?: AbortSignal;
}

/** A description and the tag of its version. */
export interface Tagged<T> {
  value: T;
  tag: string;
}

/** A body of bytes with its media type. */
export class BinaryBody {
  constructor(
    readonly type: string,
    readonly bytes: ArrayBuffer,
  ) {}
}

/** The server refused, or could not be reached. `status` is 0 when there was no answer at all. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly hint: string | null;
  /** Tag of what the answer is about, for example of the notes that somebody else wrote in between. */
  readonly tag: string | null;
  /** The whole answer, for errors that carry more. */
  readonly body: ErrorBody;

  constructor(status: number, body: ErrorBody, options?: ErrorOptions & { tag?: string | null }) {
    super(body.message, options);
    this.body = body;
    this.tag = options?.tag ?? null;
    this.status = status;
    this.code = body.code;
    this.hint =
      body.hint ??
      (status === 401 ? 'Open the address that `ethogram serve` printed: it carries the token.' : null);
  }

  get isNotFound(): boolean {
    return this.status === 404;
  }

  /** The cookie is missing: the address that `ethogram serve` printed must be opened once. */
  get isUnauthorised(): boolean {
    return this.status === 401;
  }

  /** Somebody else wrote in between. */
  get isChanged(): boolean {
    return this.status === 412;
  }

  /** There is no writing there. */
  get isReadOnly(): boolean {
    return this.code === 'read_only';
  }

  get isOffline(): boolean {
    return this.status === 0;
  }
}

/** A server, by default the one that this page came from. */
export class HttpSource implements Source {
  readonly #base: string;
  readonly #fetch: typeof fetch;

  constructor(base = '', fetcher: typeof fetch = (...args) => globalThis.fetch(...args)) {
    this.#base = base;
    this.#fetch = fetcher;
  }

  async json<T>(path: string, ask: Ask = {}): Promise<T> {
    const response = await this.#send(path, ask);
    return (await response.json()) as T;
  }

  async bytes(path: string, ask: Ask = {}): Promise<ArrayBuffer> {
    const response = await this.#send(path, ask);
    return response.arrayBuffer();
  }

  async stream(path: string, ask: Ask = {}): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#send(path, ask);
    return response.body ?? new Blob().stream();
  }

  async tagged<T>(path: string, ask: Ask = {}): Promise<Tagged<T>> {
    const response = await this.#send(path, ask);
    return { value: (await response.json()) as T, tag: response.headers.get('ETag') ?? '' };
  }

  async lines<T>(path: string, ask: Ask, online: (line: T) => void): Promise<void> {
    const response = await this.#send(path, ask);
    const reader = response.body?.getReader();
    if (!reader) return;
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for (;;) {
        const { done, value } = await reader.read();
        const parts = (rest + decoder.decode(value, { stream: !done })).split('\n');
        rest = parts.pop() ?? '';
        for (const part of parts) if (part !== '') online(JSON.parse(part) as T);
        if (done) return;
      }
    } finally {
      // Nothing more is read when a line was an error.
      void reader.cancel().catch(() => undefined);
    }
  }

  async #send(path: string, { body, method, ifMatch, signal }: Ask): Promise<Response> {
    const init: RequestInit = { credentials: 'same-origin', signal };
    if (method) init.method = method;
    const headers: Record<string, string> = {};
    if (body !== undefined) {
      const binary = body instanceof BinaryBody;
      init.method ??= 'POST';
      headers['Content-Type'] = binary ? body.type : 'application/json';
      init.body = binary ? body.bytes : JSON.stringify(body);
    }
    if (ifMatch !== undefined) headers['If-Match'] = ifMatch;
    if (Object.keys(headers).length > 0) init.headers = headers;
    let response: Response;
    try {
      response = await this.#fetch(this.#base + path, init);
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new ApiError(
        0,
        {
          code: 'unreachable',
          message: 'the server does not answer',
          hint: 'is `ethogram serve` still running? This page tries again by itself.',
        },
        { cause },
      );
    }
    if (!response.ok) {
      const tag = response.headers.get('ETag');
      throw new ApiError(response.status, await errorBody(response), { tag });
    }
    return response;
  }
}

async function errorBody(response: Response): Promise<ErrorBody> {
  try {
    const body = (await response.json()) as Partial<ErrorBody>;
    if (typeof body.message === 'string') {
      return { ...body, code: body.code ?? String(response.status), message: body.message };
    }
  } catch {
    // Not one of our errors, for example a proxy's page: the status says what is known.
  }
  return { code: String(response.status), message: `${response.status} ${response.statusText}`.trim() };
}
