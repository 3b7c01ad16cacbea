import { featureListSchema, type FeatureSummary } from '@cpu-atlas/contract';
import type { Report } from '@cpu-atlas/core';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { textColumns } from '../output/report-parts.ts';
import { writeTold } from '../output/write-report.ts';
import { openHubClient } from '../sources/hub-client.ts';
import { factsOf, type FleetQuestion } from './fleet.ts';

export interface FeatureFilter {
  readonly search?: string;
  readonly catalog?: string;
}

const featuresOfPage = 1_000;

/** Lists the CPU features that a QEMU of a server knows. @throws what the server answers with, HUB_UNREACHABLE */
export async function listFeatures(
  question: FleetQuestion,
  { search = '', catalog }: FeatureFilter,
): Promise<ExitCode> {
  const hub = openHubClient(question.hub, question.signal);
  const query = new URLSearchParams({ limit: '1' });
  if (catalog !== undefined) query.set('catalog', catalog);
  const { catalog: used } = await hub.ask(featureListSchema, `features?${query}`);
  // All pages of the catalog that answered, should the server get another one meanwhile.
  const all = new URLSearchParams({ limit: String(featuresOfPage), catalog: used.hash });
  const features = await hub.list(featureListSchema, 'features', all);
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = features.filter((feature) => words.every((word) => textOf(feature).includes(word)));
  const facts = [...factsOf(question), { name: 'QEMU', value: used.version }, { name: 'Catalog', value: used.hash }];
  await writeTold(question.terminal, reportFeatures(found, facts), question.format);
  return exitCodes.yes;
}

function textOf({ name, aliases, word, bits, facts }: FeatureSummary): string {
  const known = facts === null ? [] : [facts.description, facts.linux ?? '', facts.libvirt ?? ''];
  return [name, ...aliases, word, ...bits, ...known].join('\n').toLowerCase();
}

/** What is known of each feature; null where this CPU Atlas knows nothing of it. */
function reportFeatures(features: readonly FeatureSummary[], facts: Report['facts']): Report {
  const columns = textColumns({
    ...{ name: 'Feature', bits: 'Bits', description: 'What it is', aliases: 'Also', linux: 'Linux' },
    ...{ libvirt: 'libvirt', requires: 'Needs', migratable: 'Migratable', autoenabled: 'Auto-enabled' },
    ...{ pool: 'In a pool', source: 'Source' },
  });
  const rows = features.map(({ name, bits, aliases, facts: known }) => [
    ...[name, bits.join(' '), known?.description ?? null, aliases.join(' '), known?.linux ?? null],
    ...[known?.libvirt ?? null, known?.requires.map(({ feature }) => feature).join(' ') ?? null],
    ...[known?.isMigratable ?? null, known?.isAutoenabled ?? null, known?.pool ?? null, known?.source ?? null],
  ]);
  return { title: `${features.length} features`, facts, tables: [{ name: 'Features', columns, rows }], remarks: [] };
}
