import type { DecodedMessage, Decoding } from '@cpu-atlas/core';
import { decodeLimits, decodeText } from '@cpu-atlas/core/decode';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { printable } from '../output/table.ts';
import type { Paint, Terminal } from '../output/terminal.ts';
import { writeAnswered, type AnsweredAs } from '../output/write-answer.ts';
import { readLimitedFile } from '../sources/limited-file.ts';

export interface DecodeOptions {
  readonly terminal: Terminal;
  /** `-`: standard input. */
  readonly file: string;
  readonly format: AnsweredAs;
}

const bytesPerCharacter = 4;

/** Tells what an error text means. 0: something was recognised, 3: nothing was. */
export async function decode({ terminal, file, format }: DecodeOptions): Promise<ExitCode> {
  const decoding = decodeText(await readLimitedFile(file, decodeLimits.characters * bytesPerCharacter));
  const answer = {
    table: () => formatDecoding(decoding, terminal.paint),
    json: () => `${JSON.stringify(decoding, null, 1)}\n`,
    report: async () => (await import('../output/answer-reports.ts')).reportDecoding(decoding),
  };
  await writeAnswered(terminal, answer, format);
  return decoding.messages.length === 0 ? exitCodes.unknown : exitCodes.yes;
}

function formatDecoding({ messages, otherLines }: Decoding, paint: Paint): string {
  if (messages.length === 0) return 'Nothing in this text is known to Atlas.\n';
  const rest = otherLines === 0 ? '' : paint.dim(`${otherLines} other lines were not recognised.\n`);
  return `${messages.map((message) => formatMessage(message, paint)).join('\n')}${rest}`;
}

function formatMessage({ source, line, text, meaning, features, remedies }: DecodedMessage, paint: Paint): string {
  const listed = features.map(({ role, name, bit, description }) =>
    [`  ${role} ${paint.strong(printable(name))}`, bit ?? '', paint.dim(description)]
      .filter((part) => part !== '')
      .join('  '),
  );
  return [
    paint.dim(`${source}, line ${line}: ${printable(text)}`),
    meaning,
    ...listed,
    ...remedies.map((remedy) => `  → ${remedy}`),
    '',
  ].join('\n');
}
