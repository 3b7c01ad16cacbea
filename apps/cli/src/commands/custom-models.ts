import {
  customModelContentSchema,
  customModelListSchema,
  parseJsonText,
  parseWith,
  savedCustomModelSchema,
  type SavedCustomModel,
} from '@cpu-atlas/contract';
import type { Report } from '@cpu-atlas/core';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { textColumns } from '../output/report-parts.ts';
import { writeTold } from '../output/write-report.ts';
import { openHubClient, type HubClient } from '../sources/hub-client.ts';
import { readLimitedFile, sourceOf } from '../sources/limited-file.ts';
import { factsOf, type FleetQuestion } from './fleet.ts';

/** As much as a server takes. */
const contentBytes = 256 * 1024;

const hubOf = ({ hub, signal }: FleetQuestion): HubClient => openHubClient(hub, signal);
const pathOf = (name: string): string => `custom-models/${encodeURIComponent(name)}`;

/** Lists the custom models of a server, each in its newest version. */
export async function listCustomModels(question: FleetQuestion): Promise<ExitCode> {
  const { items } = await hubOf(question).ask(customModelListSchema, 'custom-models');
  return tell(question, items, `${items.length} custom models`);
}

/** Tells one, in its newest version or in another. @throws CUSTOM_MODEL_NOT_FOUND */
export async function showCustomModel(question: FleetQuestion, name: string, version?: number): Promise<ExitCode> {
  const path = version === undefined ? pathOf(name) : `${pathOf(name)}?version=${version}`;
  const model = await hubOf(question).ask(savedCustomModelSchema, path);
  return tell(question, [model], `Custom model ${name}, version ${model.version}`);
}

/** Saves what a file, or stdin for `-`, holds. @throws REQUEST_INVALID, FILE_UNREADABLE, ACCESS_DENIED */
export async function saveCustomModel(question: FleetQuestion, name: string, file: string): Promise<ExitCode> {
  const fault = { code: 'REQUEST_INVALID', source: sourceOf(file) } as const;
  const content = parseWith(customModelContentSchema, parseJsonText(await readLimitedFile(file, contentBytes), fault), {
    ...fault,
    remedy: 'write it as {"base": "EPYC-Rome", "features": [{"name": "avx", "isOn": false}]}',
  });
  const saved = await hubOf(question).put(savedCustomModelSchema, pathOf(name), content);
  return tell(question, [saved], `Saved custom model ${name}, version ${saved.version}`);
}

/** Takes one off the list; nothing is printed. @throws CUSTOM_MODEL_NOT_FOUND */
export async function removeCustomModel(question: FleetQuestion, name: string): Promise<ExitCode> {
  await hubOf(question).remove(pathOf(name));
  return exitCodes.yes;
}

async function tell(question: FleetQuestion, models: readonly SavedCustomModel[], title: string): Promise<ExitCode> {
  const report: Report = {
    title,
    facts: factsOf(question),
    tables: [
      {
        name: 'Custom models',
        columns: [
          ...textColumns({ name: 'Name', version: 'Version', base: 'Base', cpu: 'Argument of -cpu' }),
          ...[{ key: 'savedAt', head: 'Saved', kind: 'time' } as const, ...textColumns({ savedBy: 'By' })],
        ],
        rows: models.map(({ model, version, cpu, savedAt, savedBy }) => [
          ...[model.name, String(version), model.base, cpu, savedAt, savedBy],
        ]),
      },
    ],
    remarks: [],
  };
  await writeTold(question.terminal, report, question.format);
  return exitCodes.yes;
}
