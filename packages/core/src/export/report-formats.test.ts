import { describe, expect, it } from 'vitest';
import { reportFormats, type TextReportFormat } from './report-formats.ts';
import type { Report, ReportValue } from './report.ts';

const rows: readonly (readonly ReportValue[])[] = [
  ['EPYC-Milan', { status: 'filtered', filtered: 3 }, 4, true],
  ['=HYPERLINK("x")', { status: 'runnable', filtered: 0 }, -1, false],
  ['a|b, <c> "d"\ne', { status: 'stale', filtered: 0 }, 0, null],
];

const report: Report = {
  title: 'Models & hosts',
  facts: [{ name: 'QEMU', value: '10.0.13 (Debian)' }],
  tables: [
    {
      name: 'Models',
      columns: [
        { key: 'model', head: 'Model', kind: 'text' },
        { key: 'host:a', head: 'node-a', kind: 'outcome' },
        { key: 'count', head: 'n', kind: 'number' },
        { key: 'enforce', head: 'enforce', kind: 'flag' },
      ],
      rows,
    },
  ],
  remarks: ['kernel-irqchip=on, the default'],
};

const write = (format: TextReportFormat): string => [...reportFormats[format].write(report)].join('');

describe('a report', () => {
  it.each(Object.keys(reportFormats) as TextReportFormat[])('as %s is the same byte for byte each time', (format) => {
    expect(write(format)).toBe(write(format));
    expect(write(format)).toContain('10.0.13');
  });

  it('as CSV quotes what needs it and disarms formulas, not numbers', () => {
    expect(write('csv').split('\r\n')).toEqual([
      'Model,node-a,n,enforce',
      'EPYC-Milan,filtered 3,4,yes',
      `"'=HYPERLINK(""x"")",runnable,-1,no`,
      '"a|b, <c> ""d""\ne",stale,0,',
      '',
      'report,Models & hosts',
      'QEMU,10.0.13 (Debian)',
      'remark,"kernel-irqchip=on, the default"',
      '',
    ]);
  });

  it('as Markdown draws outcomes and lets no name become markup', () => {
    const text = write('md');
    expect(text).toContain('| EPYC-Milan | ◐ 3 | 4 | yes |');
    expect(text).toContain('| a\\|b, \\<c\\> "d" e | ? | 0 |  |');
    expect(text).toContain('● runs as defined');
  });

  it('as JSON is one document with typed values', () => {
    expect(JSON.parse(write('json'))).toMatchObject({
      schema: 'cpu-atlas/report/1',
      tables: [{ name: 'Models', rows: JSON.parse(JSON.stringify(rows)) }],
    });
  });

  it('as HTML escapes names, and carries words beside each glyph', () => {
    const text = write('html');
    expect(text).toContain('a|b, &lt;c&gt; &quot;d&quot;');
    expect(text).not.toContain('<c>');
    expect(text).toContain('<td class="outcome filtered" title="filtered 3">◐ 3</td>');
  });

  it('of 100,000 rows is written piece by piece', () => {
    function* many(): Generator<readonly ReportValue[]> {
      for (let at = 0; at < 100_000; at++) yield [`m${at}`, at];
    }
    const columns = [
      { key: 'a', head: 'a', kind: 'text' },
      { key: 'b', head: 'b', kind: 'number' },
    ] as const;
    let pieces = 0;
    let longest = 0;
    for (const piece of reportFormats.html.write({ ...report, tables: [{ name: 'x', columns, rows: many() }] })) {
      pieces += 1;
      longest = Math.max(longest, piece.length);
    }
    expect(pieces).toBeGreaterThan(100_000);
    expect(longest).toBeLessThan(10_000);
  });
});
