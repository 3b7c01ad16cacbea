import { z } from './zod.ts';

/** A time that a view shows. */
export const asOfSchema = z.iso
  .datetime({ offset: true, error: 'must be a time such as 2026-11-22T13:00:00Z' })
  .describe('As of that time, RFC 3339; left out: now');
