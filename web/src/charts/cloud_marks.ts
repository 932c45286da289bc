import type { CloudLook } from './cloud_points';
import type { SpreadRoom } from './cloud_spread';
import type { ChartInk } from './ink';

/** What is drawn at some of the points: a picture of each in place of its dot, words, or both. */
export interface CloudMarks {
  /** Longer side of a picture in CSS pixels; 0 for no pictures. */
  side: number;
  /** Words are written at the points. */
  words: boolean;
  /** The picture of a point; null where there is none, undefined while it is not here. */
  picture: (point: number) => (CanvasImageSource & { width: number; height: number }) | null | undefined;
  /** Empty for none. */
  word: (point: number) => string;
}

/** Pictures, and words, that can be told apart. */
const PICTURES_MAX = 150;
const WORDS_MAX = 200;
/** Pixels between a picture and the next. */
const GAP = 6;
const FRAME = 2;
const LINE = 14;
const WORD_WIDTH = 92;
const WORD_LETTERS = 16;

/** The room of a mark. */
export function roomOf({ side, words }: Pick<CloudMarks, 'side' | 'words'>): SpreadRoom {
  if (side === 0) return { width: WORD_WIDTH, height: LINE + GAP, most: WORDS_MAX };
  return {
    width: side + GAP,
    height: side + GAP + (words ? 2 * LINE : 0),
    most: PICTURES_MAX,
  };
}

/** The mark whose picture covers a pixel, the last drawn first; null when there is none. */
export function markAt(
  points: readonly number[],
  marks: CloudMarks,
  at: (point: number) => { x: number; y: number },
  { x, y }: { x: number; y: number },
): number | null {
  for (let k = points.length - 1; k >= 0; k--) {
    const picture = marks.side > 0 ? marks.picture(points[k]) : null;
    if (picture === null) continue;
    const { x: px, y: py } = at(points[k]);
    const [width, height] = sizeOf(picture, marks.side);
    if (Math.abs(x - px) <= width / 2 && Math.abs(y - py) <= height / 2) return points[k];
  }
  return null;
}

/** Draws marks; `at` knows the pixel of a point. Says how many pictures there were. */
export function drawMarks(
  context: CanvasRenderingContext2D,
  points: readonly number[],
  marks: CloudMarks,
  at: (point: number) => { x: number; y: number },
  look: CloudLook,
  ink: ChartInk,
): number {
  let pictures = 0;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  context.imageSmoothingEnabled = true;
  for (const point of points) {
    const { x, y } = at(point);
    if (!(x === x && y === y)) continue;
    const picture = marks.side > 0 ? marks.picture(point) : null;
    let below = 12;
    if (picture !== null) {
      const [width, height] = sizeOf(picture, marks.side);
      const [left, top] = [Math.round(x - width / 2), Math.round(y - height / 2)];
      context.fillStyle = colourOf(look, point);
      context.fillRect(left - FRAME, top - FRAME, width + 2 * FRAME, height + 2 * FRAME);
      if (picture) {
        context.drawImage(picture, left, top, width, height);
        pictures += 1;
      } else {
        context.fillStyle = ink.sunken;
        context.fillRect(left, top, width, height);
      }
      below = height / 2 + FRAME + LINE / 2 + 1;
    }
    const word = marks.words ? marks.word(point) : '';
    if (word !== '') write(context, word, x, y + below, ink);
  }
  return pictures;
}

function write(context: CanvasRenderingContext2D, word: string, x: number, y: number, ink: ChartInk): void {
  const text = word.length > WORD_LETTERS ? `${word.slice(0, WORD_LETTERS - 1)}…` : word;
  context.strokeStyle = ink.surface;
  context.lineWidth = 3;
  context.strokeText(text, x, y);
  context.fillStyle = ink.ink;
  context.fillText(text, x, y);
}

/** Width and height as drawn; a picture that is not here is a square. */
function sizeOf(picture: { width: number; height: number } | undefined, side: number): [number, number] {
  if (!picture) return [side, side];
  const scale = side / Math.max(picture.width, picture.height, 1);
  return [Math.max(2, Math.round(picture.width * scale)), Math.max(2, Math.round(picture.height * scale))];
}

function colourOf({ palette, colour }: CloudLook, point: number): string {
  const at = 3 * (colour ? colour[point] : 0);
  return `rgb(${palette[at]}, ${palette[at + 1]}, ${palette[at + 2]})`;
}
