import type { Extent, Projection } from './cloud_camera';
import { CloudCanvas } from './cloud_canvas';
import { CloudGl, GL_ZOOM_MAX } from './cloud_gl';
import { countVisible, DOTS_MAX, type Painted } from './cloud_paint';
import type { CloudPixels } from './cloud_pixels';
import { MARKED, type CloudLook, type CloudPlaces } from './cloud_points';
import type { Rgb } from './ramp';

/** What is to be seen. */
export interface CloudScene {
  places: CloudPlaces;
  /** Grows when places were changed where they are. */
  version: number;
  extent: Extent;
  projection: Projection;
  zoom: number;
  look: CloudLook;
  surface: Rgb;
  /** In CSS pixels. */
  size: { width: number; height: number };
}

/** Draws points: density by a graphics card where there is one, all else by the processor. */
export class CloudPainter {
  readonly #canvas = new CloudCanvas();
  #gl = CloudGl.make();
  #marks: { of: CloudLook; has: boolean } | null = null;

  /** The canvases, of which one is seen. */
  get elements(): HTMLCanvasElement[] {
    return [this.#canvas.element, ...(this.#gl ? [this.#gl.element] : [])];
  }

  /** Null where only a sample has pixels and so few are in the picture that each is to be a dot, for which all are needed. */
  paint(pixels: CloudPixels, scene: CloudScene): Painted | null {
    const byCard = this.#byCard(pixels, scene);
    if (this.#gl) this.#gl.element.style.display = byCard ? '' : 'none';
    return byCard ?? this.#canvas.paint(pixels, scene.look, scene.surface, scene.size);
  }

  destroy(): void {
    this.#canvas.element.remove();
    this.#gl?.destroy();
  }

  /** Null where there is no card, or where the processor draws better: dots, and places beyond single precision. */
  #byCard({ px, py, sample }: CloudPixels, scene: CloudScene): Painted | null {
    const gl = this.#gl;
    const { look, size } = scene;
    if (!gl || scene.zoom > GL_ZOOM_MAX || this.#hasMarks(look)) return null;
    const { all, plain } = countVisible(px, py, look.stand, size.width, size.height, sample);
    if (all <= DOTS_MAX) return null;
    if (gl.paint(scene, window.devicePixelRatio || 1)) return { visible: plain, density: true, radius: 2 };
    gl.destroy();
    this.#gl = null;
    return null;
  }

  #hasMarks(look: CloudLook): boolean {
    if (this.#marks?.of !== look) this.#marks = { of: look, has: look.stand?.includes(MARKED) ?? false };
    return this.#marks.has;
  }
}
