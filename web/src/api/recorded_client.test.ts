import { describe, expect, it } from 'vitest';

import { encodeColumns } from '../../testing/encode_columns';
import { isSeries } from './series';
import { columnNamed, doubles } from './columns';
import { RecordBook } from './record_book';
import { RecordedClient } from './recorded_client';
import type { RecordEntry, ReportHead } from './report';

const HEAD: ReportHead = {
  title: 't',
  note: '',
  version: '0',
  made_us: 0,
  command: '',
  runs: ['r/1'],
  episodes: [
    {
      run: 'r/1',
      episode: 4,
      from: 10,
      to: 20,
      steps: 30,
      explanations: [{ method: 'saliency', target: 'action', layer: null, kept: null }],
      features: [],
    },
  ],
  group_by: ['all'],
  groups: [['r/1', 'r/2']],
  buckets: 4,
  left_out: [],
};

const floats = (name: string, ...values: number[]) => ({
  name,
  dtype: 'float64',
  shape: [values.length],
  data: Float64Array.from(values),
});

/** A report of these answers, packed as the server packs them. */
async function report(answers: [string, Record<string, string>, ArrayBuffer | object][]) {
  const entries: RecordEntry[] = [];
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (const [path, query, answer] of answers) {
    const raw =
      answer instanceof ArrayBuffer
        ? new Uint8Array(answer)
        : new TextEncoder().encode(JSON.stringify(answer));
    entries.push({ path, query, chunk: chunks.length, offset: 0, bytes: raw.length });
    const packed = new Blob([raw]).stream().pipeThrough(new CompressionStream('deflate-raw'));
    chunks.push(new Uint8Array(await new Response(packed).arrayBuffer()));
  }
  return new RecordedClient(HEAD, new RecordBook(entries, (chunk) => chunks[chunk]!));
}

const EPISODE = '/api/runs/r/1/episodes/4';

describe('RecordedClient', () => {
  it('gives steps out of a whole episode, and no others', async () => {
    const ten = Array.from({ length: 10 }, (_, i) => 10 + i);
    const client = await report([
      [`${EPISODE}/fields`, { names: 'reward' }, encodeColumns([floats('reward', ...ten)], { first: 10 })],
      [`${EPISODE}/fields`, { names: 'value' }, encodeColumns([floats('value', ...ten)], { first: 10 })],
    ]);
    const some = await client.fields('r/1', 4, ['value', 'reward', 'lives'], { from: 8, to: 13 });
    expect(some.first).toBe(10);
    expect([...doubles(columnNamed(some.columns, 'reward'))]).toEqual([10, 11, 12]);
    expect([...doubles(columnNamed(some.columns, 'value'))]).toEqual([10, 11, 12]);
    expect(some.errors.lives).toMatchObject({ code: 'not_in_report' });
    const all = await client.fields('r/1', 4, ['reward']);
    expect(columnNamed(all.columns, 'reward').rows).toBe(10);
    await expect(client.fields('r/1', 5, ['reward'])).rejects.toMatchObject({ code: 'not_in_report' });
  });

  it('puts blocks of attributions together', async () => {
    const block = (from: number, to: number) => {
      const steps = Array.from({ length: to - from }, (_, i) => from + i);
      const row = (name: string) => floats(name, ...steps);
      const values = {
        name: 'values',
        dtype: 'int8',
        shape: [steps.length, 2],
        data: Int8Array.from(steps.flatMap((s) => [s, -s])),
      };
      return encodeColumns(
        [values, row('scale'), row('at_input'), floats('completeness_error'), row('entry')],
        { first: from },
      );
    };
    const query = (from: number, to: number) => ({
      method: 'saliency',
      target: 'action',
      from: String(from),
      to: String(to),
    });
    const client = await report([
      [`${EPISODE}/attribution`, query(10, 14), block(10, 14)],
      [`${EPISODE}/attribution`, query(14, 20), block(14, 20)],
    ]);
    const asked = { method: 'saliency', target: 'action' };
    const found = await client.explanations.attribution('r/1', 4, asked, { from: 12, to: 16 });
    expect([found.first, found.rows]).toEqual([12, 4]);
    expect([...found.values]).toEqual([12, -12, 13, -13, 14, -14, 15, -15]);
    expect([...found.scale]).toEqual([12, 13, 14, 15]);
    // A table asks for floats; where the report has bytes only it reads those.
    const exact = await client.explanations.attribution(
      'r/1',
      4,
      { ...asked, as: 'float32' },
      { from: 19, to: 24 },
    );
    expect([exact.first, exact.rows, exact.values[0]]).toEqual([19, 1, 19]);
    const other = client.explanations.attribution(
      'r/1',
      4,
      { ...asked, target: 'value' },
      { from: 12, to: 13 },
    );
    await expect(other).rejects.toMatchObject({ code: 'not_in_report' });
  });

  it('cuts a curve to the range that is zoomed to', async () => {
    const n = [0, 1, 2, 3];
    const whole = ['time_us', 'step', 'min', 'max', 'mean', 'last'].map((name) => floats(`0/${name}`, ...n));
    const counts = ['count', 'not_finite'].map((name) => ({
      name: `0/${name}`,
      dtype: 'uint32',
      shape: [4],
      data: Uint32Array.from(n),
    }));
    const header = {
      series: [{ run: 'r/1', axis: 'global_step', tag: 'x', count: 9, first_step: 0, last_step: 3 }],
    };
    const client = await report([
      [
        '/api/series',
        { run: 'r/1', axis: 'global_step', tag: 'x' },
        encodeColumns([...whole, ...counts], header),
      ],
    ]);
    const query = { run: 'r/1', axis: 'global_step', tag: 'x' } as const;
    const [all, part, absent] = await client.series([
      query,
      { ...query, from: 1, to: 3 },
      { ...query, tag: 'y' },
    ]);
    expect([isSeries(all!), isSeries(part!), isSeries(absent!)]).toEqual([true, true, false]);
    expect(part).toMatchObject({
      total: 9,
      extent: [0, 3],
      step: Float64Array.of(1, 2),
      count: Uint32Array.of(1, 2),
    });
  });

  it('gives the mean of a group, and of no other runs', async () => {
    const axis = { axis: 'global_step', tag: 'x' } as const;
    const step = [0, 1, 2, 3];
    const columns = ['step', 'time_us', 'min', 'max', 'mean', 'last', 'low', 'high'].map((name) =>
      floats(`0/${name}`, ...step),
    );
    const counts = { name: '0/count', dtype: 'uint32', shape: [4], data: Uint32Array.of(2, 2, 2, 1) };
    const header = {
      series: [{ runs: ['r/1', 'r/2'], ...axis, count: 8, first_step: 0, last_step: 3 }],
    };
    const client = await report([
      ['/api/series', { group: '0', ...axis }, encodeColumns([...columns, counts], header)],
    ]);
    const [both, part, one, other] = await client.series([
      { ...axis, runs: ['r/2', 'r/1'] },
      { ...axis, runs: ['r/1', 'r/2'], from: 1, to: 3 },
      { ...axis, runs: ['r/1'] },
      { ...axis, runs: ['r/1', 'r/3'] },
    ]);
    expect([both, part, one, other].map((answer) => isSeries(answer!))).toEqual([true, true, false, false]);
    expect(both).toMatchObject({ low: Float64Array.of(0, 1, 2, 3), notFinite: null });
    expect(part).toMatchObject({ step: Float64Array.of(1, 2), high: Float64Array.of(1, 2) });
  });

  it('says of episodes that are not in it that they were not recorded', async () => {
    const table = encodeColumns([
      floats('episode', 3, 4, 5),
      { name: 'recorded', dtype: 'bool', shape: [3], data: Uint8Array.of(1, 1, 1) },
    ]);
    const client = await report([['/api/runs/r/1/episodes', {}, table]]);
    const episodes = await client.episodes('r/1');
    expect([...columnNamed(episodes, 'recorded').data]).toEqual([0, 1, 0]);
    const later = await client.episodes('r/1', { from: 4 });
    expect([...columnNamed(later, 'episode').data]).toEqual([4, 5]);
  });

  it('knows the films that it carries, and no others', async () => {
    const extra = (name: string) => JSON.stringify({ video: name, video_blob: 'ab', mood: 1 });
    const table = encodeColumns([
      floats('episode', 3, 4),
      { name: 'recorded', dtype: 'bool', shape: [2], data: Uint8Array.of(0, 0) },
      { name: 'extra', dtype: 'text', shape: [2], data: [extra('three'), extra('four')] },
    ]);
    const client = await report([
      ['/api/runs/r/1/episodes', {}, table],
      [`${EPISODE}/film`, {}, { name: 'four', bytes: 3, frames: 9, first_step: 0 }],
      [`${EPISODE}/film.mp4`, {}, Uint8Array.of(1, 2, 3).buffer],
    ]);
    const episodes = await client.episodes('r/1');
    // Its steps were not recorded: that the report has the episode does not make them so.
    expect([...columnNamed(episodes, 'recorded').data]).toEqual([0, 0]);
    const said = columnNamed(episodes, 'extra').text!.map((text) => JSON.parse(text!) as object);
    expect(said).toEqual([
      { video: 'three', mood: 1 },
      { video: 'four', video_blob: 'ab', mood: 1 },
    ]);
    expect(await client.film('r/1', 4)).toMatchObject({ frames: 9 });
    const file = await fetch(client.filmAddress('r/1', 4));
    expect([...new Uint8Array(await file.arrayBuffer())]).toEqual([1, 2, 3]);
    await expect(client.film('r/1', 3)).rejects.toMatchObject({ code: 'not_in_report' });
  });

  it('has no answer to what was not recorded, and writes nothing', async () => {
    const client = await report([['/api/runs/r/1/notes', {}, { title: 'x' }]]);
    expect((await client.notes('r/1')).value).toEqual({ title: 'x' });
    await expect(client.run('r/1')).rejects.toMatchObject({ code: 'not_in_report', status: 404 });
    const notes = { title: null, description: '', tags: [], episodes: {} };
    await expect(client.putNotes('r/1', notes, '')).rejects.toMatchObject({ code: 'not_in_report' });
  });
});
