import { describe, expect, it } from 'vitest';

import type { FieldEntry } from '../../../api/wire';
import { cartPoleBoxes, cartPoleText, isCartPole, stateOf, type Paints } from './cartpole';

const grey = [100, 100, 100] as const;
const PAINTS: Paints = {
  track: grey,
  cart: grey,
  pole: grey,
  motion: grey,
  warm: [255, 0, 0],
  cold: [0, 0, 255],
};
const state = stateOf([1, -2, 0.1, 3]);

describe('R-14: CartPole in three dimensions', () => {
  it('stands where the cart is, and turns the pole about its axle', () => {
    const [, , , cart, , pole] = cartPoleBoxes(state, PAINTS, null);
    expect(cart!.middle[0]).toBe(1);
    expect(pole).toMatchObject({ turn: 0.1, pivot: [1, 0.3, 0] });
    expect(cart!.colour).toEqual(grey);
  });

  it('colours each part by its own entry: warm for the target, cold against it', () => {
    const [, , , cart, velocity, pole, spin] = cartPoleBoxes(state, PAINTS, [1, -1, 0.25, 0]);
    expect(cart!.colour).toEqual([255, 0, 0]);
    expect(velocity!.colour).toEqual([0, 0, 255]);
    expect(pole!.colour).toEqual([177.5, 50, 50]);
    expect(spin!.colour).toEqual(grey);
  });

  it('is for CartPole alone', () => {
    const observation = { shape: [4] } as FieldEntry;
    const env = (id: string) => ({ id }) as Parameters<typeof isCartPole>[0];
    expect(isCartPole(env('CartPole-v1'), observation)).toBe(true);
    expect(isCartPole(env('Acrobot-v1'), observation)).toBe(false);
    expect(isCartPole(env('CartPole-v1'), undefined)).toBe(false);
  });

  it('has words for those who do not see it', () => {
    expect(cartPoleText(state)).toBe(
      'cart 1 m right of the middle, moving left at 2 m/s; pole 5.7° to the right, turning right at 3 rad/s',
    );
  });
});
