import { baselineResultSchema, planResultSchema, type BaselineResult, type PlanResult } from '@cpu-atlas/contract';
import { decodeCube, pivotCube, type Cube } from '@cpu-atlas/core';
import { expect } from 'vitest';

const catalog = '10.0.13';
const machine = 'pc-q35-10.0';

type PlanOf<Kind extends PlanResult['kind']> = Extract<PlanResult, { readonly kind: Kind }>;

/** What a hub answers about many hosts at one moment. */
export interface FleetAnswers {
  readonly cube: Cube;
  readonly choices: PlanOf<'choices'>;
  readonly pools: PlanOf<'pools'>;
  readonly baseline: BaselineResult;
}

/** Asks a hub about its whole fleet, with one QEMU for all. */
export async function askFleet(hub: string): Promise<FleetAnswers> {
  const api = `${hub}/api/v1`;
  const cube = decodeCube(new Uint8Array(await readBody(await fetch(`${api}/cube?catalog=${catalog}`))));
  const hosts = cube.hosts.ids.filter((id) => id.startsWith('fault-'));
  const post = async (path: string, body: object): Promise<unknown> => {
    const headers = { 'content-type': 'application/json' };
    const request = JSON.stringify({ hosts, catalog, machine, ...body });
    const reply = await fetch(`${api}${path}`, { method: 'POST', headers, body: request });
    return JSON.parse(Buffer.from(await readBody(reply)).toString());
  };
  return {
    cube,
    choices: planOf('choices', planResultSchema.parse(await post('/plans', { kind: 'choices', limit: 512 }))),
    pools: planOf('pools', planResultSchema.parse(await post('/plans', { kind: 'pools' }))),
    baseline: baselineResultSchema.parse(await post('/baselines', {})),
  };
}

/** Fails where `during` promises more than `before`, of which `missing` hosts are silent. */
export function expectNoWider(before: FleetAnswers, during: FleetAnswers, missing: readonly string[]): void {
  expectCubeNoWider(before.cube, during.cube, missing);
  expectChoicesNoWider(before.choices, during.choices, missing.length);
  expectPoolsNoWider(before.pools, during.pools, missing);
  expect(during.baseline).toMatchObject({ outcome: 'unknown' });
  expect(
    during.baseline.vendors.filter(({ cpu }) => cpu !== null && cpu !== undefined).map(({ vendor }) => vendor),
  ).toEqual(during.baseline.vendors.filter(({ answering, hosts }) => answering === hosts).map(({ vendor }) => vendor));
}

function expectCubeNoWider(before: Cube, during: Cube, missing: readonly string[]): void {
  expect(during.hosts.ids).toEqual(before.hosts.ids);
  const silent = during.hosts.ids.filter((_, at) => during.hosts.freshness[at] !== 0);
  expect(silent.sort()).toEqual([...missing].sort());
  const [was, is] = [countCells(before), countCells(during)];
  expect([...is.keys()]).toEqual([...was.keys()]);
  const wider = [...is].filter(([cell, counts]) => {
    const of = was.get(cell);
    if (of === undefined) return true;
    const isMore = counts.runnable > of.runnable || counts.filtered > of.filtered || counts.refused > of.refused;
    return isMore || counts.total !== of.total || counts.unknown < of.unknown;
  });
  expect(wider).toEqual([]);
  // No cell that a silent host takes part in is without an unknown.
  expect([...is].filter(([, { unknown, offered }]) => offered && unknown < missing.length)).toEqual([]);
}

/** Of each model on each machine type: on how many hosts it comes out how. */
function countCells(cube: Cube) {
  const pivot = pivotCube(cube, { rows: 'model', columns: 'machine' });
  const { rows, columns, runnable, filtered, refused, unknown, notOffered } = pivot;
  const cells = rows.flatMap((row, r) =>
    columns.map((column, c) => {
      const at = r * columns.length + c;
      const of = (counts: Uint32Array): number => counts[at] ?? 0;
      const counted = {
        ...{ runnable: of(runnable), filtered: of(filtered), refused: of(refused), unknown: of(unknown) },
        offered: of(notOffered) === 0,
        total: of(runnable) + of(filtered) + of(refused) + of(unknown) + of(notOffered),
      };
      return [`${row.members.join()} on ${column.members.join()}`, counted] as const;
    }),
  );
  return new Map(cells);
}

function expectChoicesNoWider(before: PlanOf<'choices'>, during: PlanOf<'choices'>, missing: number): void {
  const was = new Map(before.choices.map((choice) => [choice.model, choice]));
  const wider = during.choices.filter(({ model, plain, proof }) => {
    const of = was.get(model);
    if (of === undefined) return true;
    const isSure = proof.answer === 'yes' || plain.answer === 'yes';
    const isMore = plain.yes > of.plain.yes || proof.total !== of.proof.total || proof.unknown < missing;
    return isSure || isMore;
  });
  expect(wider).toEqual([]);
}

function expectPoolsNoWider(before: PlanOf<'pools'>, during: PlanOf<'pools'>, missing: readonly string[]): void {
  expect(before.unknown).toEqual([]);
  expect(during.unknown.map(({ host }) => host.id).sort()).toEqual([...missing].sort());
  const placed = during.choices.flatMap(({ pools }) => pools.flatMap(({ hosts }) => hosts));
  expect(placed.filter((host) => missing.includes(host))).toEqual([]);
}

function planOf<Kind extends PlanResult['kind']>(kind: Kind, result: PlanResult): PlanOf<Kind> {
  if (!isKind(result, kind)) throw new Error(`asked for ${kind}, got ${result.kind}`);
  return result;
}

function isKind<Kind extends PlanResult['kind']>(result: PlanResult, kind: Kind): result is PlanOf<Kind> {
  return result.kind === kind;
}

async function readBody(reply: Response): Promise<ArrayBuffer> {
  const body = await reply.arrayBuffer();
  if (!reply.ok) throw new Error(`${reply.url} was answered ${reply.status}: ${Buffer.from(body).toString()}`);
  return body;
}
