import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { startCli } from './run-cli.ts';

/** A server with the demo fleet for the tests of one block. */
export const useDemoServer = (place: { readonly folder: string }): { readonly url: string } =>
  useServer(place, ['--demo']);

/** A server for the tests of one block; its data is in that folder, except for the demo fleet's. */
export function useServer(place: { readonly folder: string }, options: readonly string[]): { readonly url: string } {
  const found = { url: '' };
  let server: ChildProcessWithoutNullStreams;
  beforeAll(async () => {
    const fixed = ['--port', '0', '--no-harvest', '--log-level', 'error'];
    server = startCli(['serve', ...fixed, '--data-dir', join(place.folder, 'data'), ...options]);
    const line = await new Promise<string>((resolve) =>
      server.stdout.once('data', (text: Buffer) => resolve(text.toString())),
    );
    found.url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? '';
  });
  afterAll(async () => {
    const closed = new Promise((resolve) => server.once('close', resolve));
    server.kill('SIGTERM');
    await closed;
  });
  return found;
}

interface ReportDocument {
  readonly tables: readonly {
    readonly name: string;
    readonly rows: readonly (readonly unknown[])[];
  }[];
}

/** The rows of one table of a report in JSON. */
export function rowsOf(out: string, table: string): readonly (readonly unknown[])[] {
  return (JSON.parse(out) as ReportDocument).tables.find(({ name }) => name === table)?.rows ?? [];
}
