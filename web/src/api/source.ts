import type { ErrorBody } from './wire';

/** Where answers come from: a server over HTTP, later also the chunks inside an exported page. Nothing else calls `fetch`. */
export interface Source {
  /** A description. `body` makes it a POST. Throws [`ApiError`]. */
  json<T>(path: string, ask?: Ask): Promise<T>;
  /** Numbers, frames or blobs. Throws [`ApiError`]. */
  bytes(path: string, ask?: Ask): Promise<ArrayBuffer>;
}

/** The rest of a request. */
export interface Ask {
  /** Sent as JSON; [`BinaryBody`] as it is. */
  body?: unknown;
  signal?: AbortSignal;
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

  constructor(status: number, body: ErrorBody, options?: ErrorOptions) {
    super(body.message, options);
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

  async #send(path: string, { body, signal }: Ask): Promise<Response> {
    const init: RequestInit = { credentials: 'same-origin', signal };
    if (body !== undefined) {
      init.method = 'POST';
      const binary = body instanceof BinaryBody;
      init.headers = { 'Content-Type': binary ? body.type : 'application/json' };
      init.body = binary ? body.bytes : JSON.stringify(body);
    }
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
    if (!response.ok) throw new ApiError(response.status, await errorBody(response));
    return response;
  }
}

async function errorBody(response: Response): Promise<ErrorBody> {
  try {
    const body = (await response.json()) as Partial<ErrorBody>;
    if (typeof body.message === 'string') {
      return { code: body.code ?? String(response.status), message: body.message, hint: body.hint };
    }
  } catch {
    // Not one of our errors, for example a proxy's page: the status says what is known.
  }
  return { code: String(response.status), message: `${response.status} ${response.statusText}`.trim() };
}
