/** While the reader moves a picture that takes longer than this, only a sample of its points is shaded, of about so many. */
const FRAME_MS = 25;
const SAMPLE = 80_000;
/** Once the picture stood still so long it is drawn in full. */
const REST_MS = 140;

/** How many of the points are in a picture: all while it stands still, a sample while it is moved and all would take too long. */
export class CloudHaste {
  /** One of so many points is in the picture. */
  every = 1;
  /** What a picture of all points takes. */
  #wholeMs = 0;
  #rest: ReturnType<typeof setTimeout> | undefined;

  /** `settled`: the picture stands still and is to be drawn in full. */
  constructor(private readonly settled: () => void) {}

  /** The reader moves a picture of so many points: it may be rough until it stands still. */
  hurry(count: number): void {
    const dense = this.#wholeMs > FRAME_MS;
    this.every = dense ? Math.ceil(count / SAMPLE) : 1;
    clearTimeout(this.#rest);
    if (dense) this.#rest = setTimeout(() => this.#settle(), REST_MS);
  }

  /** A picture was drawn and took so long. */
  drew(ms: number): void {
    if (this.every === 1) this.#wholeMs = ms;
  }

  stop(): void {
    clearTimeout(this.#rest);
  }

  #settle(): void {
    if (this.every === 1) return;
    this.every = 1;
    this.settled();
  }
}
