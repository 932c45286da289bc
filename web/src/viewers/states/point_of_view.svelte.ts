import { cameraAtRest, cameraOfText, textOfCamera, type Camera } from '../../charts/cloud_camera';
import type { App } from '../../state/app.svelte';

/** Where the map is looked at from: kept in full here, rounded in the address. */
export class PointOfView {
  camera = $state.raw<Camera>(cameraAtRest(2));
  #written: string | null = '?';

  constructor(private readonly app: App) {}

  /** Reads the address, where it says something that was not written from here. Call it from an effect. */
  read(dims: 2 | 3): void {
    const text = this.app.router.param('cam');
    const key = `${dims}:${text ?? ''}`;
    if (key === this.#written) return;
    this.#written = key;
    this.camera = cameraOfText(text, dims) ?? cameraAtRest(dims);
  }

  look(now: Camera, dims: 2 | 3): void {
    this.camera = now;
    const text = textOfCamera(now, dims);
    const cam = text === textOfCamera(cameraAtRest(dims), dims) ? null : text;
    this.#written = `${dims}:${cam ?? ''}`;
    this.app.router.set({ cam });
  }

  /** Enlarged by a factor, the middle of the picture staying where it is. */
  enlarge(by: number, dims: 2 | 3): void {
    const { camera } = this;
    this.look({ ...camera, zoom: camera.zoom * by, x: camera.x * by, y: camera.y * by }, dims);
  }
}
