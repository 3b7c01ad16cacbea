import type { Token } from '@cpu-atlas/contract';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { NewTokenRequest, TokenPlace } from '../options/token-options.ts';
import { reportTokens } from '../output/answer-reports.ts';
import { formatTable, printable } from '../output/table.ts';
import { write, type Terminal } from '../output/terminal.ts';
import { writeAnswered, type AnsweredAs } from '../output/write-answer.ts';
import { openTokenBook, type TokenBook } from './token-book.ts';

interface TokenCommand {
  readonly terminal: Terminal;
  readonly place: TokenPlace;
  readonly format: 'table' | 'json';
}

/** Prints the secret alone on stdout, so that a script can put it into a file; what people want to know goes to stderr. */
export async function createToken(
  { terminal, place, format }: TokenCommand,
  request: NewTokenRequest,
): Promise<ExitCode> {
  return withBook(place, async (book) => {
    const created = await book.create(request);
    if (format === 'json') {
      await write(terminal.out, `${JSON.stringify(created)}\n`);
      return;
    }
    await write(terminal.out, `${created.secret}\n`);
    const { id, role, expiresAt } = created.token;
    const end = expiresAt === null ? 'until it is revoked' : `until ${expiresAt}`;
    terminal.err.write(printable(`Token ${id} (${role}), ${end}. The secret is shown this once.`) + '\n');
  });
}

export async function listTokens(
  { terminal, place }: Omit<TokenCommand, 'format'>,
  format: AnsweredAs,
): Promise<ExitCode> {
  return withBook(place, async (book) => {
    const tokens = await book.list();
    const answer = {
      table: () => formatTokens(tokens),
      json: () => `${JSON.stringify({ items: tokens })}\n`,
      report: () => reportTokens(tokens),
    };
    await writeAnswered(terminal, answer, format);
  });
}

export async function revokeToken({ terminal, place }: TokenCommand, id: string): Promise<ExitCode> {
  return withBook(place, async (book) => {
    await book.revoke(id);
    terminal.err.write(printable(`Token ${id} is revoked.`) + '\n');
  });
}

async function withBook(place: TokenPlace, work: (book: TokenBook) => Promise<void>): Promise<ExitCode> {
  const book = await openTokenBook(place);
  try {
    await work(book);
    return exitCodes.yes;
  } finally {
    await book.close();
  }
}

function formatTokens(tokens: readonly Token[]): string {
  const rows = tokens.map(({ id, state, role, name, host, createdAt, expiresAt, lastUsedAt }) => [
    ...[id, state, role, name, host ?? '-'],
    ...[createdAt, expiresAt ?? 'never', lastUsedAt ?? 'never'],
  ]);
  return formatTable([['ID', 'STATE', 'ROLE', 'NAME', 'HOST', 'CREATED', 'ENDS', 'LAST USED'], ...rows]);
}
