import type { EnvSpec, FieldEntry } from '../../../api/wire';
import { between, type Box, type Rgb3 } from '../../../charts/scene';
import { value } from '../../../theme/format';

/** Entries of the observation of CartPole: metres, metres a second, radians, radians a second. */
export interface CartPoleState {
  position: number;
  velocity: number;
  angle: number;
  spin: number;
}

/** Colours of the parts: as they are, and what each becomes the more it speaks for the target, or against it. */
export interface Paints {
  track: Rgb3;
  cart: Rgb3;
  pole: Rgb3;
  motion: Rgb3;
  warm: Rgb3;
  cold: Rgb3;
}

/** Where the track ends an episode, in metres from its middle. */
export const TRACK_HALF = 2.4;
/** Length of the pole, in metres: Gymnasium's half-length is 0.5. */
const POLE = 1;
/** Height of the cart's axle. */
const AXLE = 0.3;
/** Metres of arrow for a metre a second. */
const ARROW = 0.35;

/** Whether the environment is CartPole, or says so of its observation: four numbers of that meaning. */
export function isCartPole(env: EnvSpec | null, observation: FieldEntry | undefined): boolean {
  if (!observation || observation.shape.join() !== '4') return false;
  return /cart-?pole/i.test(env?.id ?? '');
}

export function stateOf(observation: ArrayLike<number>): CartPoleState {
  const [position, velocity, angle, spin] = Array.from(observation) as [number, number, number, number];
  return { position, velocity, angle, spin };
}

/**
 * Boxes of the scene. `attribution` has a number from −1 to 1 for each entry of the observation: the cart is coloured by its position, the
 * pole by its angle, the arrows by the two velocities.
 */
export function cartPoleBoxes(
  { position, velocity, angle, spin }: CartPoleState,
  paints: Paints,
  attribution: ArrayLike<number> | null,
): Box[] {
  const part = (plain: Rgb3, entry: number): Rgb3 => {
    const found = attribution?.[entry] ?? 0;
    return between(plain, found < 0 ? paints.cold : paints.warm, Math.sqrt(Math.abs(found)));
  };
  const pivot = [position, AXLE, 0] as const;
  const arrow = (length: number) => Math.max(0.02, Math.min(1.2, Math.abs(length) * ARROW));
  const cart = arrow(velocity);
  const tip = arrow(spin * POLE);
  return [
    { middle: [0, -0.06, 0], sides: [2 * TRACK_HALF, 0.04, 0.3], colour: paints.track },
    ...[-TRACK_HALF, TRACK_HALF].map((x) => ({
      middle: [x, 0.08, 0] as const,
      sides: [0.04, 0.32, 0.34] as const,
      colour: paints.track,
    })),
    { middle: [position, 0.12, 0], sides: [0.5, 0.3, 0.36], colour: part(paints.cart, 0) },
    {
      middle: [position + (Math.sign(velocity) * (0.5 + cart)) / 2, 0.12, 0.28],
      sides: [cart, 0.06, 0.06],
      colour: part(paints.motion, 1),
    },
    {
      middle: [position, AXLE + POLE / 2, 0],
      sides: [0.08, POLE, 0.08],
      colour: part(paints.pole, 2),
      turn: angle,
      pivot,
    },
    {
      middle: [position + (Math.sign(spin) * (0.08 + tip)) / 2, AXLE + POLE, 0.1],
      sides: [tip, 0.06, 0.06],
      colour: part(paints.motion, 3),
      turn: angle,
      pivot,
    },
  ];
}

/** The scene in words. */
export function cartPoleText({ position, velocity, angle, spin }: CartPoleState): string {
  const side = (number: number) => (number < 0 ? 'left' : 'right');
  return (
    `cart ${value(Math.abs(position), 2)} m ${side(position)} of the middle, moving ${side(velocity)} at ` +
    `${value(Math.abs(velocity), 2)} m/s; pole ${value(Math.abs((angle * 180) / Math.PI), 2)}° to the ${side(angle)}, ` +
    `turning ${side(spin)} at ${value(Math.abs(spin), 2)} rad/s`
  );
}
