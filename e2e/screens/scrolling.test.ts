import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeScreens } from '../testing/screen-bench.ts';

interface Difference {
  /** Of 255, the largest of all pixels and colours. */
  readonly most: number;
  /** Of all pixels, those that differ. */
  readonly share: number;
}

interface Step {
  readonly left: number;
  readonly top: number;
}

/** Scrolls there and back step by step, then in jumps, and compares what is painted at both ends. */
async function compareStepsWithJumps(
  page: Page,
  step: Step,
): Promise<{ readonly there: Difference; readonly back: Difference; readonly moved: Difference }> {
  return page.evaluate(async ({ left, top }) => {
    const scroller = document.querySelector('.grid-scroller');
    const pixelsAt = async (at: number) => {
      scroller?.scrollTo({ left: left * at, top: top * at, behavior: 'instant' });
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      const canvas = [...document.querySelectorAll('canvas')].find(({ style }) => style.opacity === '1');
      return canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? new Uint8ClampedArray();
    };
    const walk = async (from: number, to: number) => {
      for (let at = from; at !== to; at += Math.sign(to - from)) await pixelsAt(at);
      return pixelsAt(to);
    };
    const compare = (a: Uint8ClampedArray, b: Uint8ClampedArray) => {
      const differences = a.map((value, at) => Math.abs(value - (b[at] ?? 0)));
      return {
        most: differences.reduce((most, value) => Math.max(most, value), 0),
        share: differences.filter((value) => value > 0).length / (a.length || 1),
      };
    };
    const steps = 12;
    const there = await walk(0, steps);
    const back = await walk(steps, 0);
    const jumped = { there: await pixelsAt(steps), back: await pixelsAt(0) };
    return {
      there: compare(there, jumped.there),
      back: compare(back, jumped.back),
      moved: compare(jumped.there, jumped.back),
    };
  }, step);
}

describeScreens('scrolling a matrix', (bench) => {
  // A short step moves the picture and paints a strip; a jump as far as the window is high or wide paints it whole.
  it.each([
    { way: 'down', step: { left: 0, top: 60 }, deviceScaleFactor: 1 },
    { way: 'across', step: { left: 60, top: 0 }, deviceScaleFactor: 1 },
    { way: 'both ways', step: { left: 60, top: 60 }, deviceScaleFactor: 1 },
    { way: 'down at two pixels a pixel', step: { left: 0, top: 45 }, deviceScaleFactor: 2 },
  ])(
    '$way step by step looks like a picture painted whole',
    async ({ step, deviceScaleFactor }) => {
      const { page, complaints } = await bench.open('/pivot?deprecated=1', {
        viewport: { width: 760, height: 520 },
        deviceScaleFactor,
      });
      const { there, back, moved } = await compareStepsWithJumps(page, step);
      expect(moved.share).toBeGreaterThan(0.01);
      // What lies across the edge of a strip, a line or the rim of a glyph, is smoothed a little otherwise there: nobody sees it.
      for (const { most, share } of [there, back]) {
        expect(most).toBeLessThanOrEqual(64);
        expect(share).toBeLessThan(0.001);
      }
      expect(complaints).toEqual([]);
    },
    60_000,
  );
});
