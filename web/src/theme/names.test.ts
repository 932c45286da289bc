import { expect, it } from 'vitest';

import { endsOf } from './names';

it('keeps the end of a long name, from a separator where there is one', () => {
  expect(endsOf('cartpole-dqn')).toEqual(['cartpole-dqn', '']);
  expect(endsOf('CartPole-v1__ppo__lr_3e-4__seed_3')).toEqual(['CartPole-v1__ppo__lr', '_3e-4__seed_3']);
  expect(endsOf('lunarlander-continuous-ppo')).toEqual(['lunarlander-continuous', '-ppo']);
  expect(endsOf('abcdefghijklmnopqrstuvwxyz')).toEqual(['abcdefghijklmnop', 'qrstuvwxyz']);
  expect(endsOf('')).toEqual(['', '']);
});

it('gives back the whole name, and cuts no character in two', () => {
  for (const name of ['🦆'.repeat(30), 'a run with spaces and more', 'x'.repeat(19), 'é'.repeat(18)]) {
    const [head, tail] = endsOf(name);
    expect(head + tail).toBe(name);
    // Half of a character cannot be written in an address.
    expect(() => encodeURIComponent(head)).not.toThrow();
  }
});
