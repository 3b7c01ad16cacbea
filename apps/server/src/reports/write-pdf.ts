import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { AtlasError, reportFormats } from '@cpu-atlas/core';
import type { Report, ReportTable } from '@cpu-atlas/core';
import { findChromium } from './find-chromium.ts';

const timeLimitMs = 60_000;
/** More cells than this make more pages than anybody prints, and a Chromium that needs gigabytes. */
const mostCells = 50_000;
/** A page is as wide as its table, and of PDF at most 200 inches. Source: ISO 32000-1, annex C.2 */
const mostColumns = 500;

let running: Promise<unknown> = Promise.resolve();

/**
 * A report as PDF: its HTML, printed by a Chromium that is installed. One at a time, as each takes some 300 MB.
 * @throws PDF_UNAVAILABLE, REPORT_TOO_LARGE
 */
export async function printPdf(report: Report): Promise<Readable> {
  const chromium = await findChromium();
  if (chromium === null) throw unavailable('no Chromium is installed');
  const limited = { ...report, tables: report.tables.map(limitCells) };
  const turn = running.then(() => print(chromium, limited));
  running = turn.catch(() => undefined);
  const bytes = await turn;
  return Readable.from([withoutTimes(bytes)], { objectMode: false });
}

function limitCells(table: ReportTable): ReportTable {
  const { name, columns, rows } = table;
  if (columns.length > mostColumns) throw tooLarge(`${mostColumns} columns`, name);
  return {
    ...table,
    rows: {
      *[Symbol.iterator]() {
        let cells = 0;
        for (const row of rows) {
          cells += columns.length;
          if (cells > mostCells) throw tooLarge(`${mostCells} cells`, name);
          yield row;
        }
      },
    },
  };
}

function tooLarge(limit: string, table: string): AtlasError {
  return new AtlasError('REPORT_TOO_LARGE', `a PDF has at most ${limit} of one table`, {
    where: table,
    remedy: 'choose fewer models, machine types or hosts, or another format',
  });
}

async function print(chromium: string, report: Report): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'cpu-atlas-pdf-'));
  try {
    const [page, printed] = [join(folder, 'report.html'), join(folder, 'report.pdf')];
    await pipeline(Readable.from(reportFormats.html.write(report)), createWriteStream(page));
    await run(chromium, [
      ...['--headless', '--disable-gpu', '--no-first-run', '--disable-extensions', '--no-pdf-header-footer'],
      // What is printed is a file of ours that needs nobody: it reaches nothing.
      ...['--proxy-server=127.0.0.1:9', '--disable-background-networking'],
      // Chromium refuses to start as root with its sandbox.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...[`--user-data-dir=${join(folder, 'profile')}`, `--print-to-pdf=${printed}`, pathToFileURL(page).href],
    ]);
    return await readFile(printed).catch((cause: unknown) => {
      throw unavailable('Chromium ended without a PDF', cause);
    });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'ignore', detached: true });
    // The group, as Chromium is many processes.
    const end = (): void => {
      if (child.pid !== undefined) killGroup(child.pid);
    };
    const timer = setTimeout(() => {
      end();
      reject(unavailable(`Chromium did not print within ${timeLimitMs / 1_000} s`));
    }, timeLimitMs);
    child.once('error', (cause) => {
      clearTimeout(timer);
      reject(unavailable('Chromium cannot be started', cause));
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      end();
      if (code === 0) resolve();
      else reject(unavailable(`Chromium ended with ${code ?? 'a signal'}`));
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}

/** Overwrites the times of the writing with as many other bytes, so that what points into the file stays right. */
function withoutTimes(pdf: Buffer): Buffer {
  const text = pdf.toString('latin1');
  return Buffer.from(
    text.replace(/\/(CreationDate|ModDate) \(D:[^)]*\)/g, (found) => found.replace(/\d/g, '0')),
    'latin1',
  );
}

function unavailable(what: string, cause?: unknown): AtlasError {
  return new AtlasError('PDF_UNAVAILABLE', what, {
    where: 'format',
    remedy: 'install Chromium on the server or name it in CPU_ATLAS_CHROMIUM, or take html',
    cause,
  });
}
