/** docs/proof.md from what was measured. The layout depends on nothing but the results. */

import { countOf, ms, number, skippedOf, sum, table } from './tables.mjs';

/** Names of more tests are for readers of the file itself. */
const listed = 40;

/** @returns the page, and whether nothing differed, failed or could not be told */
export function writePage({ speed, live, recorded, faults }, about) {
  const lines = addUp(recorded.tallies);
  const launched = live.runs.filter(({ leftOut }) => leftOut === undefined);
  const unexplained = sum(lines, ({ different, known }) => different - known);
  const liveDifferent = sum(launched, ({ different }) => different);
  const untold = sum(launched, ({ couldNotTell }) => couldNotTell);
  const failed = sum([...recorded.files, ...faults.files], ({ tests }) => countOf(tests, 'failed'));
  const text = [
    '# Proof',
    '',
    about.quick
      ? 'A quick run, which shows that this page can be made. It proves nothing.'
      : 'What Atlas says, held against real QEMUs and against libvirt. `npm run proof` made this page; edit nothing here.',
    '',
    table(
      ['In short', 'Cells', 'Different', 'Left out'],
      [
        [
          'recorded answers of real QEMUs',
          number(sum(lines, ({ compared }) => compared)),
          `${unexplained}, and ${sum(lines, ({ known }) => known)} known`,
          number(sum(lines, ({ leftOut }) => leftOut)),
        ],
        [
          'QEMUs that were launched for this page',
          number(sum(launched, ({ cells }) => cells)),
          `${liveDifferent}, and ${untold} that could not be told`,
          number(sum(launched, ({ of, cells }) => of - cells)),
        ],
      ],
    ),
    '',
    `CPU Atlas ${about.version} at ${about.commit}, Node ${about.node}, ${about.cpu}.`,
    '',
    '## How exact: recorded answers',
    '',
    made(recorded),
    'Each line is a real QEMU on a real host, asked once and written down. *Launches* are equal in every bit of the feature words,',
    'filtered and unavailable features with their order, levels, identity, warnings and refusals; *definitions* in the unavailable',
    'features with their order; *expansions* and *flags switched* in every property that QEMU tells; *guest CPUIDs* in every',
    'register of every leaf that KVM is handed. *Known* differ for a reason that the test names.',
    '',
    ...recordedSection(lines, recorded),
    '## How exact: launched now',
    '',
    made(live),
    'A sample of all models on all machine types, spread by a hash of their names: the same cells each time. A cell that QEMU',
    'refuses is equal when Atlas refuses it, too. *Left out* is the rest of all cells.',
    '',
    ...liveSection(live),
    '## How fast',
    '',
    made(speed),
    `Medians of ${speed.rounds} rounds, both sides in one run. Load of the machine: ${speed.machine.loadBefore.toFixed(1)} before, ${speed.machine.loadAfter.toFixed(1)} after.`,
    '',
    table(
      ['Question', 'Atlas', 'Atlas ms', 'The other', 'Its ms', 'Ratio'],
      speed.rows.map(({ question, atlas, other }) => [
        question,
        atlas.how,
        ms(atlas.ms),
        other.how,
        ms(other.ms),
        ratioOf(atlas.ms, other.ms),
      ]),
    ),
    '',
    ...speed.skipped.map(({ what, why }) => `Left out: ${what}: ${why}.\n`),
    '## What it survived',
    '',
    made(faults),
    table(
      ['Tests', 'Passed', 'Failed', 'Skipped', 'Took'],
      faults.files.map(({ file, tests, seconds }) => [
        `\`${file}\``,
        countOf(tests, 'passed'),
        countOf(tests, 'failed'),
        skippedOf(tests),
        `${seconds} s`,
      ]),
    ),
    '',
    ...faults.files
      .filter(({ tests }) => tests.length <= listed)
      .flatMap(({ file, tests }) => [
        `\`${file}\``,
        '',
        ...tests.map(({ name, status }) => `- ${status === 'passed' ? '' : `**${status}** `}${name}`),
        '',
      ]),
  ].join('\n');
  return { text: `${text.trimEnd()}\n`, isClean: unexplained + liveDifferent + untold + failed === 0 };
}

const made = ({ command, at }) => `\`${command}\`, ${at} UTC\n`;
const ratioOf = (own, other) =>
  other >= own ? `${number(Math.round(other / own))}× faster` : `${(own / other).toFixed(1)}× slower`;

/** Tallies of one key in one line, in a fixed order. */
function addUp(tallies) {
  const byKey = new Map();
  for (const { of, accel, host, what, compared, different, known = 0, leftOut } of tallies) {
    const key = JSON.stringify([of, accel, host, what]);
    const line = byKey.get(key) ?? {
      of,
      accel,
      host,
      what,
      compared: 0,
      different: 0,
      known: 0,
      leftOut: 0,
      why: new Set(),
    };
    line.compared += compared;
    line.different += different;
    line.known += known;
    line.leftOut += leftOut?.count ?? 0;
    if (leftOut !== undefined && leftOut.count > 0) line.why.add(leftOut.why);
    byKey.set(key, line);
  }
  const order = (a, b) =>
    a.of.localeCompare(b.of, 'en', { numeric: true }) ||
    String(a.accel).localeCompare(String(b.accel)) ||
    a.host.localeCompare(b.host, 'en') ||
    a.what.localeCompare(b.what, 'en');
  return [...byKey.values()].sort(order);
}

function recordedSection(lines, { files }) {
  const cases = files.filter(({ file }) => file.includes('libvirt-b') || file.includes('libvirt-compare'));
  const skipped = sum(files, ({ tests }) => skippedOf(tests));
  const reasons = new Set(lines.flatMap(({ why }) => [...why]));
  return [
    ...(lines.length === 0
      ? ['The recordings are not on this machine: nothing was compared.']
      : [
          table(
            ['QEMU', 'Accelerator', 'Host', 'What', 'Cells', 'Equal', 'Different', 'Known', 'Left out'],
            lines.map((line) => [
              line.of,
              line.accel ?? '–',
              line.host,
              line.what,
              number(line.compared),
              number(line.compared - line.different),
              line.different - line.known,
              line.known,
              line.leftOut,
            ]),
          ),
        ]),
    '',
    ...(reasons.size === 0 ? [] : [`Left out: ${[...reasons].join('; ')}.`, '']),
    ...(cases.length === 0
      ? []
      : [
          "libvirt's own cases, each with its two recorded releases:",
          '',
          table(
            ['Tests', 'Passed', 'Failed', 'Skipped'],
            cases.map(({ file, tests }) => [
              `\`${file}\``,
              countOf(tests, 'passed'),
              countOf(tests, 'failed'),
              skippedOf(tests),
            ]),
          ),
          '',
        ]),
    ...(skipped === 0 ? [] : [`${skipped} tests of recordings were skipped.`, '']),
  ];
}

function liveSection({ runs }) {
  const launched = runs.filter(({ leftOut }) => leftOut === undefined);
  return [
    table(
      ['QEMU', 'Accelerator', 'Cells', 'Equal', 'Different', 'Not told', 'Runnable, filtered, refused', 'Left out'],
      launched.map((run) => [
        run.qemu,
        run.accel,
        number(run.cells),
        number(run.equal),
        run.different,
        run.couldNotTell,
        `${run.runnable}, ${run.filtered}, ${run.refused}`,
        number(run.of - run.cells),
      ]),
    ),
    '',
    ...runs.flatMap(({ qemu, accel, leftOut }) =>
      leftOut === undefined ? [] : [`Left out: ${qemu}, ${accel}: ${leftOut}.`, ''],
    ),
    ...launched.flatMap(({ qemu, accel, differing }) => differing.map((line) => `- ${qemu} ${accel} ${line}\n`)),
  ];
}
