/** One field of a step, as a plug-in is told it: numbers, a text, or a picture. */
export type PluginField =
  | { kind: 'numbers'; shape: number[]; values: Float64Array | Float32Array }
  | { kind: 'text'; text: string }
  | { kind: 'picture'; width: number; height: number; rgba: Uint8ClampedArray };

/** What a plug-in is told of a step. A field that was not logged at it is left out. */
export interface PluginStep {
  step: number;
  /** The last step of the episode. */
  end: number;
  fields: Record<string, PluginField>;
  /** From −1 to 1, an entry each; null where it is not asked for or not known. */
  attribution: { shape: number[]; values: Float32Array } | null;
}

/** What a plug-in is told once. */
export interface PluginAbout {
  environment: string;
  actionNames: string[];
  observationNames: string[];
  observationUnits: string[];
  reducedMotion: boolean;
}

export interface PluginEvents {
  ready(): void;
  /** It has drawn this step. */
  shown(step: number): void;
  error(message: string): void;
}

/** Longest error text that is shown. */
const MESSAGE_MAX = 500;

/**
 * The line to a plug-in's frame. It is told one step at a time: while it draws, those that come are passed over but for the last.
 *
 * What comes back is only "ready", "shown" and errors; whatever else a frame says is not heard.
 */
export class PluginLink {
  private readonly port: MessagePort;
  private waiting: PluginStep | null = null;
  private busy = true;

  constructor(
    frame: Pick<Window, 'postMessage'>,
    private readonly module: string,
    private readonly about: PluginAbout,
    private readonly events: PluginEvents,
  ) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    port1.onmessage = ({ data }: MessageEvent<unknown>) => this.heard(data);
    // The frame has no origin, so that none can be named; the port goes to this window alone.
    frame.postMessage('ethogram', '*', [port2]);
  }

  show(step: PluginStep): void {
    this.waiting = step;
    this.next();
  }

  theme(look: string, colours: Record<string, string>): void {
    this.port.postMessage({ kind: 'theme', look, colours });
  }

  close(): void {
    this.port.close();
  }

  private heard(data: unknown): void {
    const { kind, step, message } = (data ?? {}) as { kind?: unknown; step?: unknown; message?: unknown };
    if (kind === 'waiting') {
      this.port.postMessage({ kind: 'module', text: this.module, about: this.about });
    } else if (kind === 'ready') {
      this.busy = false;
      this.events.ready();
      this.next();
    } else if (kind === 'shown' && typeof step === 'number') {
      this.busy = false;
      this.events.shown(step);
      this.next();
    } else if (kind === 'error') {
      this.busy = false;
      this.events.error(String(message).slice(0, MESSAGE_MAX));
    }
  }

  private next(): void {
    if (this.busy || !this.waiting) return;
    const step = this.waiting;
    this.waiting = null;
    this.busy = true;
    this.port.postMessage({ kind: 'step', step });
  }
}
