import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { QmpClient, type QmpClientOptions } from './qmp-client.ts';
import { qmpRefusalOf } from './qmp-fault.ts';
import type { QmpEvent } from './qmp-message.ts';

interface Command {
  readonly execute: string;
  readonly arguments?: unknown;
  readonly id: number;
}

const greeting =
  '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 0, "major": 10}, "package": ""}, "capabilities": []}}\n';

/** The other end of a client, in this process: what it heard, and what it says. */
function wire(highWaterMark?: number) {
  const readable = new PassThrough();
  const writable = new PassThrough(highWaterMark === undefined ? {} : { highWaterMark });
  const heard: Command[] = [];
  let text = '';
  const hear = (): readonly Command[] => {
    text += String(writable.read() ?? '');
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    heard.push(...lines.map((line) => JSON.parse(line) as Command));
    return heard;
  };
  const say = (message: unknown): void => void readable.write(`${JSON.stringify(message)}\n`);
  return { readable, writable, hear, say };
}

async function connect(options: QmpClientOptions = {}, highWaterMark?: number) {
  const end = wire(highWaterMark);
  const connecting = QmpClient.connect(end, options);
  end.readable.write(greeting);
  await vi.waitFor(() => expect(end.hear()).toHaveLength(1), { interval: 1 });
  end.say({ return: {}, id: 1 });
  return { ...end, client: await connecting };
}

const died = (what: string) => expect.objectContaining({ code: 'QEMU_DIED', message: expect.stringContaining(what) });

describe('connecting', () => {
  test('reads the version and leaves the negotiation mode', async () => {
    const { client, hear } = await connect();
    expect(client.greeting.version).toEqual({ major: 10, minor: 0, micro: 0, package: '' });
    expect(hear()).toEqual([{ execute: 'qmp_capabilities', id: 1 }]);
  });

  test('no greeting within the limit is QEMU_TIMEOUT', async () => {
    const connecting = QmpClient.connect(wire(), { timeoutMs: 20 });
    await expect(connecting).rejects.toMatchObject({
      code: 'QEMU_TIMEOUT',
      message: expect.stringContaining('greeting'),
    });
  });

  test('an end before the greeting is QEMU_DIED', async () => {
    const end = wire();
    const connecting = QmpClient.connect(end);
    end.readable.end();
    await expect(connecting).rejects.toEqual(died('closed the QMP stream'));
  });

  test('a refused negotiation is QMP_ERROR', async () => {
    const end = wire();
    const connecting = QmpClient.connect(end);
    end.readable.write(greeting);
    await vi.waitFor(() => expect(end.hear()).toHaveLength(1), { interval: 1 });
    end.say({ error: { class: 'GenericError', desc: 'no' }, id: 1 });
    await expect(connecting).rejects.toMatchObject({ code: 'QMP_ERROR', where: 'qmp_capabilities' });
  });
});

describe('commands', () => {
  test('replies are matched by id, whatever their order', async () => {
    const { client, say } = await connect();
    const answers = Promise.all([client.execute('a'), client.execute('b'), client.execute('c')]);
    for (const id of [4, 2, 3]) say({ return: `answer ${id}`, id });
    await expect(answers).resolves.toEqual(['answer 2', 'answer 3', 'answer 4']);
    expect(client.inFlight).toBe(0);
  });

  test('a refusal is QMP_ERROR with the command, the class and the sentence', async () => {
    const { client, say } = await connect();
    const asked = client.execute('qom-get', { path: '/x' });
    say({ error: { class: 'DeviceNotFound', desc: 'no /x' }, id: 2 });
    const error: unknown = await asked.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'QMP_ERROR', where: 'qom-get', message: 'DeviceNotFound: no /x' });
    expect(qmpRefusalOf(error)).toEqual({ class: 'DeviceNotFound', desc: 'no /x' });
    expect(qmpRefusalOf(new Error('other'))).toBeNull();
  });

  test('a late reply to a command that was given up is dropped; the connection goes on', async () => {
    const { client, say } = await connect();
    await expect(client.execute('slow', {}, { timeoutMs: 10 })).rejects.toMatchObject({
      code: 'QEMU_TIMEOUT',
      where: 'slow',
    });
    const next = client.execute('next');
    say({ return: 'late', id: 2 });
    say({ return: 'on time', id: 3 });
    await expect(next).resolves.toBe('on time');
  });

  test('ten thousand commands in flight keep to what the pipe takes', async () => {
    const { client, writable, hear, say } = await connect({}, 16 * 1024);
    const count = 10_000;
    const answers = Promise.all(Array.from({ length: count }, (_, i) => client.execute('echo', { i })));
    expect(client.inFlight).toBe(count);
    expect(writable.writableLength + writable.readableLength).toBeLessThan(256 * 1024);
    let answered = 1;
    while (answered <= count) {
      const heard = hear();
      for (; answered < heard.length; answered++) say({ return: heard[answered]?.arguments, id: heard[answered]?.id });
      await turn();
    }
    await expect(answers).resolves.toEqual(Array.from({ length: count }, (_, i) => ({ i })));
  });

  test('a reply of 5 MB in small pieces arrives whole and soon', async () => {
    const { client, readable } = await connect();
    const asked = client.execute('big');
    const value = Array.from({ length: 50_000 }, (_, i) => ({
      name: `property-${i}`,
      type: 'bool',
      description: 'x'.repeat(50),
    }));
    const line = Buffer.from(`${JSON.stringify({ return: value, id: 2 })}\n`);
    const started = performance.now();
    for (let at = 0; at < line.length; at += 4096) readable.write(line.subarray(at, at + 4096));
    await expect(asked).resolves.toHaveLength(value.length);
    expect(line.length).toBeGreaterThan(5_000_000);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('events', () => {
  test('reach the listeners in order, between replies, until they stop listening', async () => {
    const { client, say } = await connect();
    const seen: string[] = [];
    const stop = client.onEvent((event: QmpEvent) => seen.push(event.name));
    say({ event: 'STOP' });
    const asked = client.execute('a');
    say({ event: 'RESUME', data: {} });
    say({ return: {}, id: 2 });
    await asked;
    stop();
    say({ event: 'SHUTDOWN' });
    await turn();
    expect(seen).toEqual(['STOP', 'RESUME']);
    expect(client.events.map((event) => event.name)).toEqual(['STOP', 'RESUME', 'SHUTDOWN']);
  });

  test('only the latest are kept', async () => {
    const { client, say } = await connect({ keptEvents: 3 });
    for (let i = 0; i < 10; i++) say({ event: `E${i}` });
    await turn();
    expect(client.events.map((event) => event.name)).toEqual(['E7', 'E8', 'E9']);
  });
});

describe('a peer that breaks the rules', () => {
  test.each([
    { name: 'garbage', bytes: 'Segmentation fault\n', says: 'is not JSON' },
    { name: 'a reply to nothing', bytes: '{"return": {}, "id": 99}\n', says: 'was not sent' },
    {
      name: 'a refusal without id',
      bytes: '{"error": {"class": "GenericError", "desc": "?"}}\n',
      says: 'was not sent',
    },
    { name: 'a reply with an id of text', bytes: '{"return": {}, "id": "2"}\n', says: 'was not sent' },
    { name: 'a line over the limit', bytes: 'x'.repeat(5000), says: 'longer than 4096 bytes' },
  ])('$name ends the connection with QMP_PROTOCOL for all that wait', async ({ bytes, says }) => {
    const { client, readable, say } = await connect({ lineLimitBytes: 4096 });
    const waiting = [client.execute('a'), client.execute('b')];
    readable.write(bytes);
    say({ return: {}, id: 2 });
    for (const [i, answer] of waiting.entries()) {
      await expect(answer).rejects.toMatchObject({
        code: 'QMP_PROTOCOL',
        where: 'ab'[i],
        message: expect.stringContaining(says),
      });
    }
    await expect(client.execute('c')).rejects.toMatchObject({ code: 'QMP_PROTOCOL', where: 'c' });
  });

  test('empty lines are nothing', async () => {
    const { client, readable, say } = await connect();
    const asked = client.execute('a');
    readable.write('\n\r\n');
    say({ return: 1, id: 2 });
    await expect(asked).resolves.toBe(1);
  });

  test('a second greeting is nothing', async () => {
    const { client, readable, say } = await connect();
    const asked = client.execute('a');
    readable.write(greeting);
    say({ return: 1, id: 2 });
    await expect(asked).resolves.toBe(1);
  });
});

describe('the end', () => {
  test('in the middle of a reply says so', async () => {
    const { client, readable } = await connect();
    const asked = client.execute('a');
    readable.end('{"return": {"half');
    await expect(asked).rejects.toEqual(died('in the middle of a reply'));
  });

  test('is explained by whoever knows', async () => {
    const explainEnd = vi.fn(() => Promise.reject(new Error('lost')));
    const { client, readable } = await connect({ explainEnd });
    const asked = client.execute('a');
    readable.end();
    await expect(asked).rejects.toEqual(died('the QMP stream ended'));
    expect(explainEnd).toHaveBeenCalledExactlyOnceWith({ inMidReply: false });
  });

  test.each(['readable', 'writable'] as const)('an error of the %s stream never throws', async (side) => {
    const end = await connect();
    const asked = end.client.execute('a');
    end[side].destroy(new Error('EPIPE'));
    end.readable.destroy();
    await expect(asked).rejects.toEqual(died('closed the QMP stream'));
  });

  test('close() rejects what waits and leaves no listener, timer or event behind', async () => {
    const { client, readable, writable } = await connect();
    const asked = client.execute('a');
    client.close();
    client.close();
    await expect(asked).rejects.toEqual(died('Atlas closed the connection'));
    await expect(client.execute('b')).rejects.toEqual(died('Atlas closed the connection'));
    expect(client.inFlight).toBe(0);
    expect(['data', 'close'].map((name) => readable.listenerCount(name))).toEqual([0, 0]);
    expect(writable.listenerCount('drain')).toBe(0);
  });
});
