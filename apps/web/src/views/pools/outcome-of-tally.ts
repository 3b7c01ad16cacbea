import type { Outcome } from '../../matrix/cell.ts';

/** Hosts by answer. */
export interface HostTally {
  readonly answer: 'yes' | 'no' | 'unknown';
  readonly yes: number;
  readonly no: number;
  readonly unknown: number;
  readonly total: number;
}

/** The glyph of an answer about several hosts: half a disc where it is yes on some and no on others. */
export function outcomeOfTally({ answer, yes }: Pick<HostTally, 'answer' | 'yes'>): Outcome {
  if (answer === 'yes') return 'runs';
  if (answer === 'unknown') return 'unknown';
  return yes > 0 ? 'filtered' : 'refused';
}
