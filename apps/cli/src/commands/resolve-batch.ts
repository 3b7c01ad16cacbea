import type { Readable } from 'node:stream';
import { limits, parseBatchLine, type BatchLine } from '@cpu-atlas/contract';
import { AtlasError } from '@cpu-atlas/core';
import type { Answerer } from '../answerer.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { write, type Terminal } from '../output/terminal.ts';

export interface BatchOptions {
  readonly input: Readable;
  readonly terminal: Pick<Terminal, 'out'>;
  readonly answerer: Answerer;
  /** For lines that name none. */
  readonly snapshot: string | undefined;
  readonly catalog: string | undefined;
  readonly isExplained: boolean;
}

/**
 * Answers one JSON request a line with one JSON answer a line, in order. A line that cannot be answered gets its fault
 * on its own line; the others are answered all the same, and the exit code tells at the end.
 */
export async function resolveBatch({ input, terminal, answerer, ...defaults }: BatchOptions): Promise<ExitCode> {
  let code: ExitCode = exitCodes.yes;
  let number = 0;
  for await (const lines of readLines(input)) {
    let answers = '';
    for (const line of lines) {
      number += 1;
      if (line.text.trim() === '' && !line.isTooLong) continue;
      const { text, isFault } = await answerLine(line, number, answerer, defaults);
      if (isFault) code = exitCodes.input;
      answers += `${text}\n`;
    }
    // Handed on whenever the input pauses, so that a program that asks one by one gets its answers one by one.
    if (answers !== '' && !(await write(terminal.out, answers))) return code;
  }
  return code;
}

interface Line {
  readonly text: string;
  readonly isTooLong: boolean;
}

type Defaults = Pick<BatchOptions, 'snapshot' | 'catalog' | 'isExplained'>;

async function answerLine(
  line: Line,
  number: number,
  answerer: Answerer,
  defaults: Defaults,
): Promise<{ readonly text: string; readonly isFault: boolean }> {
  const source = `stdin line ${number}`;
  const parsed: BatchLine = line.isTooLong
    ? { kind: 'fault', id: undefined, error: tooLong(source) }
    : parseBatchLine(line.text, source);
  if (parsed.kind === 'fault') return fault(parsed.id, parsed.error);
  const { id, request, snapshot = defaults.snapshot, catalog = defaults.catalog } = parsed.value;
  try {
    const { resolution, features } = await answerer.answer({
      snapshot,
      catalog,
      request,
      isExplained: defaults.isExplained,
    });
    return { text: JSON.stringify({ id, ...resolution, features }), isFault: false };
  } catch (cause) {
    return fault(id, cause instanceof AtlasError ? atLine(cause, source) : defect(source, cause));
  }
}

/** The resolver knows a place within the request; the reader of a batch also needs the line. */
function atLine({ code, message, where, remedy, cause }: AtlasError, source: string): AtlasError {
  return new AtlasError(code, message, { where: where === undefined ? source : `${source}: ${where}`, remedy, cause });
}

function fault(
  id: unknown,
  { code, where, message, remedy }: AtlasError,
): { readonly text: string; readonly isFault: true } {
  return { text: JSON.stringify({ id: id ?? null, error: { code, where, message, remedy } }), isFault: true };
}

function tooLong(where: string): AtlasError {
  return new AtlasError('REQUEST_TOO_LARGE', `the line has more than ${limits.batchLineBytes} bytes`, {
    where,
    remedy: 'name snapshot and catalog by their paths',
  });
}

function defect(where: string, cause: unknown): AtlasError {
  return new AtlasError('INTERNAL', 'a defect in CPU Atlas', { where, remedy: 'report it with this line', cause });
}

/** The complete lines of each chunk that arrives. A line beyond the limit is cut off and marked; memory stays bounded. */
async function* readLines(input: Readable): AsyncGenerator<readonly Line[]> {
  input.setEncoding('utf8');
  let rest = '';
  let isTooLong = false;
  for await (const chunk of input) {
    const parts = (rest + String(chunk)).split('\n');
    rest = parts.pop() ?? '';
    const lines = parts.map((text, at): Line => ({
      text,
      isTooLong: (at === 0 && isTooLong) || text.length > limits.batchLineBytes,
    }));
    if (parts.length > 0) isTooLong = false;
    if (rest.length > limits.batchLineBytes) {
      isTooLong = true;
      rest = '';
    }
    if (lines.length > 0) yield lines;
  }
  if (rest !== '' || isTooLong) yield [{ text: rest, isTooLong }];
}
