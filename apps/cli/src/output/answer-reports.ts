import type { Token } from '@cpu-atlas/contract';
import type { Decoding, FeatureVerdict, Report, Resolution } from '@cpu-atlas/core';
import { guestFacts, openRemarks, refusalRemarks, textColumns } from './report-parts.ts';

/** One row for each feature that a message names; a message that names none has one row. */
export function reportDecoding({ messages, otherLines }: Decoding): Report {
  const rows = messages.flatMap(({ source, line, text, layer, meaning, features, remedies }) => {
    const told = [source, String(line), layer, text];
    const rest = [meaning, remedies.join('; ')];
    if (features.length === 0) return [[...told, '', '', '', ...rest]];
    return features.map(({ name, role, bit }) => [...told, name, role, bit ?? 'unknown', ...rest]);
  });
  return {
    title: `${messages.length} messages`,
    facts: [],
    tables: [
      {
        name: 'Messages',
        columns: textColumns({
          ...{ source: 'Of', line: 'Line', layer: 'Layer', text: 'Text' },
          ...{ feature: 'Feature', role: 'Role', bit: 'Bit', meaning: 'Meaning', remedies: 'What to do' },
        }),
        rows,
      },
    ],
    remarks: otherLines === 0 ? [] : [`${otherLines} other lines were not recognised.`],
  };
}

/** One row for each feature that the model or the argument asks for, or that was withheld. */
export function reportResolution(resolution: Resolution, features: readonly FeatureVerdict[]): Report {
  const { cpu, machine, status, enforce, refusal, warnings } = resolution;
  return {
    title: `${cpu} on ${machine}`,
    facts: [
      { name: 'CPU', value: cpu },
      ...guestFacts(resolution),
      { name: 'Status', value: status },
      { name: 'With enforce', value: enforce },
    ],
    tables: [
      {
        name: 'Features',
        columns: textColumns({
          ...{ feature: 'Feature', bit: 'Bit', state: 'State', requested: 'Asked for', supported: 'To be had' },
          ...{ layer: 'Layer', evidence: 'Evidence', remedy: 'What to do' },
        }),
        rows: features.map(({ name, bit, state, requested, supported, blocker }) => [
          ...[name, bit, state, requested, supported],
          ...[blocker?.layer ?? '', blocker?.evidence ?? '', blocker?.remedy ?? ''],
        ]),
      },
    ],
    remarks: [
      ...refusalRemarks(refusal),
      ...warnings.map((warning) => `QEMU warns: ${warning}`),
      ...openRemarks(resolution),
    ],
  };
}

/** Who may open a server, without secrets. */
export function reportTokens(tokens: readonly Token[]): Report {
  return {
    title: `${tokens.length} tokens`,
    facts: [],
    tables: [
      {
        name: 'Tokens',
        columns: textColumns({
          ...{ id: 'Id', state: 'State', role: 'Role', name: 'Name', host: 'Host' },
          ...{ createdAt: 'Created', expiresAt: 'Ends', lastUsedAt: 'Last used' },
        }),
        rows: tokens.map(({ id, state, role, name, host, createdAt, expiresAt, lastUsedAt }) => [
          ...[id, state, role, name, host ?? ''],
          ...[createdAt, expiresAt ?? 'never', lastUsedAt ?? 'never'],
        ]),
      },
    ],
    remarks: [],
  };
}
