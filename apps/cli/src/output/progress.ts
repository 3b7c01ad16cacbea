import type { Terminal } from './terminal.ts';

/** Says on stderr how far something is, once it has taken more than a second. */
export interface Progress {
  update(text: string): void;
  /** Wipes the line. */
  end(): void;
}

const quietMs = 1_000;
const redrawMs = 100;
/** A log gets a line now and then, not a moving one. */
const logMs = 5_000;

export function startProgress(
  { err, isErrTerminal }: Pick<Terminal, 'err' | 'isErrTerminal'>,
  nowMs: () => number,
): Progress {
  const startMs = nowMs();
  let lastMs = startMs + quietMs - (isErrTerminal ? redrawMs : 0);
  let isShown = false;
  return {
    update(text) {
      const now = nowMs();
      if (now - startMs < quietMs || now - lastMs < (isErrTerminal && isShown ? redrawMs : isShown ? logMs : 0)) return;
      lastMs = now;
      isShown = true;
      err.write(isErrTerminal ? `\r\u001B[K${text}` : `${text}\n`);
    },
    end() {
      if (isShown && isErrTerminal) err.write('\r\u001B[K');
    },
  };
}
