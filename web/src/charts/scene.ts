/** Three numbers: right, up, and toward who looks. */
export type Point = readonly [number, number, number];
export type Rgb3 = readonly [number, number, number];

/** A box: its middle, its sides, and how far it is turned about the axis that points at who looks, about a pivot. */
export interface Box {
  middle: Point;
  sides: Point;
  colour: Rgb3;
  /** Radians, clockwise as seen from the front. */
  turn?: number;
  pivot?: Point;
}

/** From where a scene is seen: angles in radians about the point looked at, and how far away it is. */
export interface Camera {
  yaw: number;
  pitch: number;
  distance: number;
  at: Point;
}

/** One side of a box on the screen. */
export interface Face {
  corners: readonly (readonly [number, number])[];
  colour: Rgb3;
  /** Distance of its middle: what is farther is painted first. */
  depth: number;
}

/** Corners of a unit cube, and its six sides by their corners, each with the direction that it faces. */
const CORNERS: readonly Point[] = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => [
  i & 1 ? 0.5 : -0.5,
  i & 2 ? 0.5 : -0.5,
  i & 4 ? 0.5 : -0.5,
]);
const SIDES: readonly { corners: readonly number[]; normal: Point }[] = [
  { corners: [4, 5, 7, 6], normal: [0, 0, 1] },
  { corners: [1, 0, 2, 3], normal: [0, 0, -1] },
  { corners: [5, 1, 3, 7], normal: [1, 0, 0] },
  { corners: [0, 4, 6, 2], normal: [-1, 0, 0] },
  { corners: [6, 7, 3, 2], normal: [0, 1, 0] },
  { corners: [0, 1, 5, 4], normal: [0, -1, 0] },
];
/** Where the light comes from: above, a little left, in front. */
const LIGHT: Point = [-0.4, 0.75, 0.53];

/** The sides of boxes as they are seen, farthest first, in units of `scale` pixels about the middle of the picture. */
export function facesOf(boxes: readonly Box[], camera: Camera, scale: number): Face[] {
  const faces = boxes.flatMap((box) => {
    const corners = CORNERS.map((corner) => placed(corner, box));
    return SIDES.flatMap(({ corners: of, normal }) => {
      const seen = of.map((i) => toCamera(corners[i]!, camera));
      // Sides that face away are hidden by those that do not.
      const outward = toCamera(turned(normal, box.turn ?? 0), { ...camera, at: [0, 0, 0], distance: 0 });
      const middle = mean(seen);
      if (dot(outward, middle) >= 0 || seen.some(([, , z]) => z > -0.05)) return [];
      const light = 0.55 + 0.45 * Math.max(0, dot(turned(normal, box.turn ?? 0), LIGHT));
      const corner = ([x, y, z]: Point): [number, number] => [(scale * x) / -z, (-scale * y) / -z];
      return [
        {
          corners: seen.map(corner),
          colour: box.colour.map((channel) => channel * light) as unknown as Rgb3,
          depth: -middle[2],
        },
      ];
    });
  });
  return faces.sort((a, b) => b.depth - a.depth);
}

/** Paints faces about the middle of a canvas of this size. */
export function paintFaces(
  context: CanvasRenderingContext2D,
  faces: readonly Face[],
  width: number,
  height: number,
): void {
  context.save();
  context.translate(width / 2, height / 2);
  for (const { corners, colour } of faces) {
    const [r, g, b] = colour.map(Math.round);
    context.fillStyle = context.strokeStyle = `rgb(${r} ${g} ${b})`;
    context.beginPath();
    corners.forEach(([x, y], i) => (i === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
    context.closePath();
    context.fill();
    // Neighbouring sides would let the ground through along their edge.
    context.lineWidth = 0.6;
    context.stroke();
  }
  context.restore();
}

/** Between two colours; 0 is the first. */
export function between(from: Rgb3, to: Rgb3, part: number): Rgb3 {
  const within = Math.max(0, Math.min(1, part));
  return from.map((channel, i) => channel + (to[i]! - channel) * within) as unknown as Rgb3;
}

function placed(corner: Point, { middle, sides, turn = 0, pivot }: Box): Point {
  const at = corner.map((part, i) => part * sides[i]! + middle[i]!) as unknown as Point;
  if (turn === 0) return at;
  const [px, py, pz] = pivot ?? middle;
  const [x, y, z] = turned([at[0] - px, at[1] - py, at[2] - pz], turn);
  return [x + px, y + py, z + pz];
}

/** Clockwise about the axis that points at who looks. */
function turned([x, y, z]: Point, turn: number): Point {
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  return [x * cos + y * sin, -x * sin + y * cos, z];
}

function toCamera([x, y, z]: Point, { yaw, pitch, distance, at }: Camera): Point {
  const [dx, dy, dz] = [x - at[0], y - at[1], z - at[2]];
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  const [rx, rz] = [dx * cy - dz * sy, dx * sy + dz * cy];
  return [rx, dy * cp - rz * sp, dy * sp + rz * cp - distance];
}

function mean(points: readonly Point[]): Point {
  const sum = points.reduce<number[]>((sum, point) => sum.map((part, i) => part + point[i]!), [0, 0, 0]);
  return sum.map((part) => part / points.length) as unknown as Point;
}

function dot(a: Point, b: Point): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
