import type { FeatureVerdict, Resolution } from '@cpu-atlas/core';
import { groupByLayer, inState, writeEnforce, writeHeadline } from './explanation.ts';

/** What is on the pane, to be written down. */
export interface ExplainedCell {
  readonly host: string;
  readonly qemu: string;
  readonly snapshotTaken: string;
  readonly commandLine: string;
  readonly link: string;
  readonly resolution: Resolution;
  readonly features: readonly FeatureVerdict[];
}

/** For a terminal, a mail, a ticket without markup. */
export function writeText(cell: ExplainedCell): string {
  const { resolution } = cell;
  const blocked = groupByLayer(inState(cell.features, 'filtered')).flatMap(({ title, alike }) => [
    '',
    `${title}:`,
    ...alike
      .flatMap(({ features }) => features)
      .flatMap(({ name, bit, blocker }) => [
        `  ${name} (${bit})`,
        ...(blocker === undefined ? [] : [`    ${blocker.evidence}`, `    -> ${blocker.remedy}`]),
      ]),
  ]);
  return lines([
    `${resolution.cpu} on ${resolution.machine}, ${resolution.accel}, host ${cell.host}, QEMU ${cell.qemu}`,
    writeHeadline(resolution, cell.features),
    `enforce ${writeEnforce(resolution.enforce)}`,
    cell.commandLine,
    ...(resolution.refusal === undefined ? [] : ['', resolution.refusal.message, `-> ${resolution.refusal.remedy}`]),
    ...blocked,
    ...(resolution.warnings.length === 0
      ? []
      : ['', 'QEMU prints:', ...resolution.warnings.map((line) => `  ${line}`)]),
    '',
    `Snapshot of ${cell.snapshotTaken}. ${cell.link}`,
  ]);
}

/** For a ticket, a wiki, a pull request. */
export function writeMarkdown(cell: ExplainedCell): string {
  const { resolution } = cell;
  const blocked = groupByLayer(inState(cell.features, 'filtered')).flatMap(({ layer, alike }) =>
    alike
      .flatMap(({ features }) => features)
      .map(({ name, bit, blocker }) =>
        tableRow([`\`${name}\``, `\`${bit}\``, layer, blocker?.evidence ?? '', blocker?.remedy ?? '']),
      ),
  );
  return lines([
    `### ${resolution.cpu} on ${resolution.machine} (${resolution.accel}, ${cell.host}, QEMU ${cell.qemu})`,
    '',
    `${writeHeadline(resolution, cell.features)} \`enforce\` ${writeEnforce(resolution.enforce)}.`,
    '',
    fence(cell.commandLine),
    ...(resolution.refusal === undefined ? [] : ['', fence(resolution.refusal.message), '', resolution.refusal.remedy]),
    ...(blocked.length === 0
      ? []
      : ['', tableRow(['Filtered', 'Bit', 'Layer', 'Evidence', 'Remedy']), '|---|---|---|---|---|', ...blocked]),
    ...(resolution.warnings.length === 0 ? [] : ['', 'QEMU prints:', '', fence(resolution.warnings.join('\n'))]),
    '',
    `Snapshot of ${cell.snapshotTaken}. [Open in CPU Atlas](${cell.link})`,
  ]);
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

function fence(text: string): string {
  return `\`\`\`\n${text}\n\`\`\``;
}

function lines(parts: readonly string[]): string {
  return `${parts.join('\n')}\n`;
}
