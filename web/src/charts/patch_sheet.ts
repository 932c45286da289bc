import { placed, type Patch } from './patch';

/** Something that can be drawn, with its sides. */
export type Source = HTMLCanvasElement;

/** One patch on a sheet. */
export interface SheetPatch {
  /** Null while its picture is not there. */
  picture: Source | null;
  /** Of the picture, in its pixels. */
  patch: Patch;
  /** On the sheet, in CSS pixels. */
  place: Patch;
  /** From 0 to 1. */
  opacity: number;
}

/** Squares of the checkerboard across a patch. */
const CHECKS = 8;
/** Brightness of the checkerboard beyond the edges of a picture: 0.75 and 1, as Understanding RL Vision has it. */
const DARK = 191;
const BRIGHT = 255;

let checks: HTMLCanvasElement | null = null;

/** A checkerboard of one patch. */
function checkerboard(): HTMLCanvasElement {
  if (checks) return checks;
  checks = document.createElement('canvas');
  checks.width = checks.height = CHECKS;
  const pen = checks.getContext('2d');
  const image = pen?.createImageData(CHECKS, CHECKS);
  if (pen && image) {
    for (let i = 0; i < CHECKS * CHECKS; i += 1) {
      const grey = (i + Math.floor(i / CHECKS)) % 2 ? DARK : BRIGHT;
      image.data.set([grey, grey, grey, 255], 4 * i);
    }
    pen.putImageData(image, 0, 0);
  }
  return checks;
}

/** Draws patches, each in its place; weak ones faint, a checkerboard where a patch reaches beyond its picture. */
export function paintSheet(context: CanvasRenderingContext2D, patches: readonly SheetPatch[]): void {
  for (const { picture, patch, place, opacity } of patches) {
    if (!picture || opacity <= 0) continue;
    context.globalAlpha = opacity;
    const lies = placed(patch, picture, place);
    const isWhole = lies && lies.to.width >= place.width - 0.01 && lies.to.height >= place.height - 0.01;
    context.save();
    if (!isWhole) {
      // Only beyond the picture: beneath it, a faint patch would let it through.
      context.beginPath();
      context.rect(place.x, place.y, place.width, place.height);
      if (lies) context.rect(lies.to.x, lies.to.y, lies.to.width, lies.to.height);
      context.clip('evenodd');
      context.imageSmoothingEnabled = false;
      context.drawImage(checkerboard(), place.x, place.y, place.width, place.height);
    }
    context.restore();
    if (!lies) continue;
    const { from, to } = lies;
    // Shrunk patches are smoothed, enlarged ones keep their pixels.
    context.imageSmoothingEnabled = to.width < from.width;
    context.drawImage(picture, from.x, from.y, from.width, from.height, to.x, to.y, to.width, to.height);
  }
  context.globalAlpha = 1;
}
