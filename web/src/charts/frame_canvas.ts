/** Writes packed RGBA, one `Uint32` a pixel, into `out`. */
export type Paint = (out: Uint32Array) => void;

/** Device pixels a pixel, or the largest whole number that fits, or as large as fits though edges blur. */
export type Zoom = number | 'fit' | 'fill';

/**
 * Shows pictures pixel for pixel: each is enlarged by a whole number of device pixels, nearest neighbour, so that what is
 * on the screen is what was recorded. A picture larger than its place is shrunk, smoothly.
 *
 * The host must be positioned; the canvas is centred in it, or begins at its corner where it is larger: then the host should scroll.
 */
export class FrameCanvas {
  readonly canvas: HTMLCanvasElement;
  private readonly observer: ResizeObserver;
  private image: ImageData | null = null;
  private pixels: Uint32Array | null = null;
  private zoom: Zoom = 'fit';

  constructor(
    private readonly host: HTMLElement,
    private readonly onscale: (scale: number) => void = () => undefined,
  ) {
    this.canvas = document.createElement('canvas');
    this.canvas.width = this.canvas.height = 0;
    this.canvas.setAttribute('aria-hidden', 'true');
    Object.assign(this.canvas.style, { position: 'absolute', display: 'none' });
    host.appendChild(this.canvas);
    this.observer = new ResizeObserver(() => this.place());
    this.observer.observe(host);
  }

  /** Draws a picture of `width` × `height`. */
  draw(width: number, height: number, paint: Paint): void {
    const context = this.sized(width, height);
    if (!context || !this.image || !this.pixels) return;
    paint(this.pixels);
    context.putImageData(this.image, 0, 0);
  }

  /** Shows nothing. */
  clear(): void {
    this.canvas.style.display = 'none';
    this.image = this.pixels = null;
  }

  setZoom(zoom: Zoom): void {
    this.zoom = zoom;
    this.place();
  }

  /** The pixel under a point of the window; null beside the picture. */
  pixelAt(clientX: number, clientY: number): { x: number; y: number } | null {
    if (!this.image) return null;
    const box = this.canvas.getBoundingClientRect();
    const x = Math.floor(((clientX - box.left) / box.width) * this.image.width);
    const y = Math.floor(((clientY - box.top) / box.height) * this.image.height);
    return x >= 0 && y >= 0 && x < this.image.width && y < this.image.height ? { x, y } : null;
  }

  /** The picture as it was recorded, pixel for pixel, with what lies over it; null while none is shown. */
  png(): Promise<Blob | null> {
    if (!this.image) return Promise.resolve(null);
    return new Promise((resolve) => this.composed().toBlob(resolve, 'image/png'));
  }

  /** The picture and its overlays on one canvas, at the size of the picture. */
  private composed(): HTMLCanvasElement {
    const { canvas } = this;
    const overlays = [...this.host.querySelectorAll<HTMLCanvasElement>('canvas[data-overlay]')].filter(
      ({ style }) => style.display !== 'none',
    );
    if (overlays.length === 0) return canvas;
    const sheet = document.createElement('canvas');
    sheet.width = canvas.width;
    sheet.height = canvas.height;
    const pen = sheet.getContext('2d');
    if (!pen) return canvas;
    pen.imageSmoothingEnabled = false;
    pen.filter = canvas.style.filter || 'none';
    pen.drawImage(canvas, 0, 0);
    pen.filter = 'none';
    const whole = canvas.getBoundingClientRect();
    for (const overlay of overlays) {
      const box = overlay.getBoundingClientRect();
      pen.globalCompositeOperation =
        overlay.style.mixBlendMode === 'plus-lighter' ? 'lighter' : 'source-over';
      pen.drawImage(
        overlay,
        ((box.left - whole.left) / whole.width) * sheet.width,
        ((box.top - whole.top) / whole.height) * sheet.height,
        (box.width / whole.width) * sheet.width,
        (box.height / whole.height) * sheet.height,
      );
    }
    return sheet;
  }

  destroy(): void {
    this.observer.disconnect();
    this.canvas.remove();
  }

  private sized(width: number, height: number): CanvasRenderingContext2D | null {
    const context = this.canvas.getContext('2d', { alpha: true });
    if (!this.image || this.image.width !== width || this.image.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.image = new ImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
      this.canvas.style.display = 'block';
      this.place();
    }
    return context;
  }

  private place(): void {
    const { image, canvas, host } = this;
    if (!image) return;
    const dpr = window.devicePixelRatio || 1;
    const scale = scaleToFit(
      image.width,
      image.height,
      host.clientWidth * dpr,
      host.clientHeight * dpr,
      this.zoom,
    );
    const [width, height] = [(image.width * scale) / dpr, (image.height * scale) / dpr];
    // Whole device pixels for the corner too, or the enlargement is uneven.
    const snap = (length: number) => Math.round(length * dpr) / dpr;
    Object.assign(canvas.style, {
      width: `${width}px`,
      height: `${height}px`,
      left: `${snap(Math.max(0, (host.clientWidth - width) / 2))}px`,
      top: `${snap(Math.max(0, (host.clientHeight - height) / 2))}px`,
      imageRendering: scale >= 2 || scale === 1 ? 'pixelated' : 'auto',
    });
    this.onscale(scale);
  }
}

/** Device pixels a pixel: a whole number from 1 on, below 1 whatever fits; `'fill'` takes whatever fits always. */
export function scaleToFit(
  width: number,
  height: number,
  roomWidth: number,
  roomHeight: number,
  zoom: Zoom = 'fit',
): number {
  if (typeof zoom === 'number') return zoom;
  const scale = Math.min(roomWidth / width, roomHeight / height);
  if (zoom === 'fill') return scale;
  return scale >= 1 ? Math.floor(scale) : Math.max(scale, 1 / Math.max(width, height));
}
