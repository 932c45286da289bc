import { expect, it, vi } from 'vitest';

import { PluginLink, type PluginStep } from './plugin_link';

const ABOUT = {
  environment: 'wide-v0',
  actionNames: [],
  observationNames: [],
  observationUnits: [],
  reducedMotion: false,
};
const step = (at: number): PluginStep => ({ step: at, end: 9, fields: {}, attribution: null });
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

/** A frame that keeps what it is told, and says what it is told to say. */
function frame() {
  const heard: { kind: string; step?: PluginStep; text?: string }[] = [];
  let port!: MessagePort;
  const events = { ready: vi.fn(), shown: vi.fn(), error: vi.fn() };
  const window = {
    postMessage: (_: unknown, __: unknown, ports: MessagePort[]) => {
      [port] = ports as [MessagePort];
      port.onmessage = ({ data }) => heard.push(data);
    },
  } as unknown as Window;
  const link = new PluginLink(window, 'text of the module', ABOUT, events);
  return { link, heard, events, say: (data: unknown) => port.postMessage(data) };
}

it('sends the module when asked, and steps once it is ready, the newest only', async () => {
  const { link, heard, events, say } = frame();
  link.show(step(1));
  link.show(step(2));
  say({ kind: 'waiting' });
  await settled();
  expect(heard.map(({ kind }) => kind)).toEqual(['module']);
  expect(heard[0]!.text).toBe('text of the module');
  say({ kind: 'ready' });
  await settled();
  expect(events.ready).toHaveBeenCalled();
  expect(heard.at(-1)!.step!.step).toBe(2);
  link.show(step(3));
  link.show(step(4));
  await settled();
  expect(heard).toHaveLength(2);
  say({ kind: 'shown', step: 2 });
  await settled();
  expect(events.shown).toHaveBeenCalledWith(2);
  expect(heard.at(-1)!.step!.step).toBe(4);
  link.close();
});

it('hears errors, cut short, and nothing else', async () => {
  const { link, events, say } = frame();
  for (const odd of [null, 7, 'module', { kind: 'eval', text: 'x' }, { kind: 'shown', step: '3' }]) say(odd);
  say({ kind: 'error', message: 'x'.repeat(9000) });
  await settled();
  expect(events.shown).not.toHaveBeenCalled();
  expect(events.error.mock.calls[0]![0]).toHaveLength(500);
  link.close();
});
