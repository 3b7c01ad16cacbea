import { describe, expect, it } from 'vitest';
import { createEarlyAnswers } from './early-answers.ts';

const never = new AbortController().signal;

/** A backend that answers each address with its text, and a clock that stands until it is moved. */
function startEarly(answer: (address: string) => Promise<Response> = async (address) => new Response(address)) {
  const asked: string[] = [];
  const clock = { nowMs: 0 };
  const early = createEarlyAnswers({
    fetch: (address) => {
      asked.push(address);
      return answer(address);
    },
    nowMs: () => clock.nowMs,
  });
  return { early, asked, clock };
}

describe('answers that were asked for early', () => {
  it('are there for whoever comes first, and for nobody else', async () => {
    const { early, asked } = startEarly();
    await early.ask('/session');
    expect(await (await early.take('/session', never))?.text()).toBe('/api/v1/session');
    expect(await early.take('/session', never)).toBeNull();
    expect(asked).toEqual(['/api/v1/session']);
  });

  it('are awaited while they are on their way', async () => {
    const { early } = startEarly();
    void early.ask('/hosts');
    expect(await (await early.take('/hosts', never))?.text()).toBe('/api/v1/hosts');
  });

  it('are of no use when nobody asked, when they are refusals or when none came', async () => {
    const { early } = startEarly(async (address) => {
      if (address.endsWith('/gone')) throw new TypeError('no connection');
      return new Response('log in', { status: 401 });
    });
    void early.ask('/refused');
    void early.ask('/gone');
    expect(await early.take('/never-asked', never)).toBeNull();
    expect(await early.take('/refused', never)).toBeNull();
    expect(await early.take('/gone', never)).toBeNull();
  });

  it('grow old', async () => {
    const { early, clock } = startEarly();
    await early.ask('/hosts');
    clock.nowMs = 5_001;
    expect(await early.take('/hosts', never)).toBeNull();
  });

  it('are not waited for longer than the taker waits', async () => {
    const { early } = startEarly(() => new Promise(() => undefined));
    const taker = new AbortController();
    void early.ask('/cube');
    const taken = early.take('/cube', taker.signal);
    taker.abort();
    expect(await taken).toBeNull();
  });
});
