import type { FrameGroup } from './frame_group';

/** Pictures of so few bytes are left as they are: shrinking would save next to nothing. */
const SMALL_BYTES = 40_000;

/**
 * A group whose pictures are at most `side` pixels on their longer side, for screens that show many at once: each pixel is the mean of a
 * square, so that thin things stay visible. The square's side is a whole number. Small pictures, and stacks, are left as they are.
 */
export function shrinkGroup(group: FrameGroup, side: number): FrameGroup {
  const { height, width, channels, palette } = group;
  const factor = Math.ceil(Math.max(height, width) / side);
  const plain = group.layout === 'picture' && (channels === 1 || channels === 3 || channels === 4);
  if (!plain || factor <= 1 || !(side > 0) || group.pictureBytes <= SMALL_BYTES) return group;
  const [rows, columns] = [Math.ceil(height / factor), Math.ceil(width / factor)];
  const pictureBytes = rows * columns * channels;
  const pictures = new Uint8Array(pictureBytes * group.count);
  const sums = new Float64Array(columns * channels);
  const counts = Float64Array.from(
    { length: columns * channels },
    (_, i) => Math.min(width, (Math.floor(i / channels) + 1) * factor) - Math.floor(i / channels) * factor,
  );
  let out = 0;
  for (let row = 0; row < group.count; row++) {
    const from = row * group.pictureBytes;
    for (let top = 0; top < height; top += factor) {
      const bottom = Math.min(height, top + factor);
      sums.fill(0);
      for (let y = top; y < bottom; y++) {
        const line = from + y * width * (palette ? 1 : channels);
        addLine(group, line, factor, sums);
      }
      for (let i = 0; i < sums.length; i++) pictures[out++] = sums[i]! / (counts[i]! * (bottom - top)) + 0.5;
    }
  }
  return { ...group, height: rows, width: columns, palette: null, pictures, pictureBytes };
}

/** Adds the samples of one line of pixels that starts at `line` to the sums of its squares. */
function addLine(group: FrameGroup, line: number, factor: number, sums: Float64Array): void {
  const { width, channels, palette, pictures } = group;
  for (let x = 0, column = 0, left = factor; x < width; x++) {
    if (left === 0) {
      column += channels;
      left = factor;
    }
    left -= 1;
    if (palette) {
      const colour = pictures[line + x]! * channels;
      for (let c = 0; c < channels; c++) sums[column + c]! += palette[colour + c]!;
    } else {
      const at = line + x * channels;
      for (let c = 0; c < channels; c++) sums[column + c]! += pictures[at + c]!;
    }
  }
}
