import type { PoolPlan, RankedChoice, Report, ReportFact, ReportTable, WhatIf } from '@cpu-atlas/core';
import { openRemarks, textColumns } from './report-parts.ts';
import { describeObstacle } from './plan-table.ts';
import type { ToldVms } from './plan-vms-table.ts';

type OnMachine<Answer> = Answer & { readonly machine: string };

const onMachine = (machine: string): readonly ReportFact[] => [{ name: 'Machine type', value: machine }];
const whole = (count: number): string => String(count);

/** One row for each model, best first. */
export function reportRanking({
  machine,
  total,
  choices,
}: OnMachine<{ readonly total: number; readonly choices: readonly RankedChoice[] }>): Report {
  const columns = textColumns({
    ...{ model: 'Model', plainYes: 'Hosts as it is', plainTotal: 'Of', cpu: 'CPU', answer: 'Every host starts it' },
    ...{ yes: 'Hosts that start it', no: 'That do not', unknown: 'Not known', level: 'ABI level' },
    ...{ features: 'Features', losses: 'Loses', deciding: 'Deciding host', reason: 'Reason' },
  });
  const rows = choices.map(({ model, plain, line, proof, abiLevel, features, losses }) => [
    ...[model, whole(plain.yes), whole(plain.total), line.cpu, proof.answer],
    ...[whole(proof.yes), whole(proof.no), whole(proof.unknown), whole(abiLevel)],
    ...[features.join(' '), losses.map(({ feature }) => feature).join(' ')],
    ...(proof.deciding === null ? ['', ''] : [proof.deciding.host.name, describeObstacle(proof.deciding.obstacle)]),
  ]);
  return {
    title: `${choices.length} of ${total} models`,
    facts: onMachine(machine),
    tables: [{ name: 'Models', columns, rows }],
    remarks: ['A host of which it is not known counts neither as a yes nor as a no.'],
  };
}

/** One row for each host of each pool of each choice; then those that are in none. */
export function reportPools({ machine, choices, unknown, unfit, contradictions }: OnMachine<PoolPlan>): Report {
  const placed: ReportTable = {
    name: 'Pools',
    columns: textColumns({
      ...{ pools: 'Pools of the choice', kept: 'Features kept', best: 'Is the best', survives: 'Survives a loss' },
      ...{ pool: 'Pool', host: 'Host', vendor: 'Vendor', promised: 'Promised', cut: 'Why apart' },
    }),
    rows: choices.flatMap(({ pools, keptShare, isBest, survivesLoss }) =>
      pools.flatMap(({ hosts, vendor, promised, cut }, at) =>
        hosts.map(({ name }) => [
          ...[whole(pools.length), keptShare.toFixed(4), isBest, survivesLoss],
          ...[whole(at + 1), name, vendor, promised.join(' '), cut?.sentence ?? ''],
        ]),
      ),
    ),
  };
  const beside: ReportTable = {
    name: 'In no pool',
    columns: textColumns({ host: 'Host', answer: 'Fits', reason: 'Reason' }),
    rows: [
      ...unknown.map(({ host, obstacle }) => [host.name, 'unknown', describeObstacle(obstacle)]),
      ...unfit.map(({ host, obstacle }) => [host.name, 'no', describeObstacle(obstacle)]),
    ],
  };
  return {
    title: `${choices.length} choices of pools`,
    facts: onMachine(machine),
    tables: [placed, beside],
    remarks: contradictions.map(({ reason }) => reason),
  };
}

/** What a change does to models, features and VMs, a table each. */
export function reportWhatIf({ machine, models, gained, lost, vms }: OnMachine<WhatIf>): Report {
  const bits = [
    ...gained.map(({ feature, bit }) => ['gained', feature, bit]),
    ...lost.map(({ feature, bit }) => ['lost', feature, bit]),
  ];
  return {
    title: 'What a change would do',
    facts: onMachine(machine),
    tables: [
      {
        name: 'Models',
        columns: textColumns({
          ...{ effect: 'Effect', model: 'Model', before: 'Hosts before', of: 'Of', after: 'Hosts after' },
          ...{ ofAfter: 'Of then', deciding: 'Deciding host', reason: 'Reason' },
        }),
        rows: models.map(({ effect, before, after, deciding }) => [
          ...[effect, after.model, whole(before.yes), whole(before.total), whole(after.yes), whole(after.total)],
          ...(deciding === null ? ['', ''] : [deciding.host.name, describeObstacle(deciding.obstacle)]),
        ]),
      },
      { name: 'Features', columns: textColumns({ effect: 'All hosts', feature: 'Feature', bit: 'Bit' }), rows: bits },
      {
        name: 'VMs',
        columns: textColumns({ effect: 'Effect', vm: 'VM', before: 'Hosts before', after: 'Hosts after', why: 'Why' }),
        rows: vms.map(({ effect, vm, targetsBefore, targetsAfter, obstacles }) => [
          ...[effect, vm.name, whole(targetsBefore), whole(targetsAfter), obstacles.map(describeObstacle).join('; ')],
        ]),
      },
    ],
    remarks: [],
  };
}

/** One row for each VM and each host that it could go to; then what was asked for. */
export function reportVms({ groups, unread, notes, drain, upgrade }: ToldVms): Report {
  const reach: ReportTable = {
    name: 'VMs',
    columns: textColumns({
      ...{ vm: 'VM', cpu: 'CPU', leaves: 'Can leave', to: 'To', answer: 'Can go', trap: 'Trap' },
      ...{ line: 'CPU there', reason: 'Reason' },
    }),
    rows: groups.flatMap(({ vms, canLeave, reach: ways }) =>
      vms.flatMap((vm) =>
        ways.flatMap(({ hosts, answer, trap, line, obstacles }) =>
          hosts.map(({ name }) => [
            ...[vm.name, vm.cpu, canLeave, name, answer, trap, line ?? ''],
            obstacles.map(describeObstacle).join('; '),
          ]),
        ),
      ),
    ),
  };
  const steps = upgrade?.kind === 'order' ? upgrade.steps : [];
  const tables: readonly (ReportTable | null)[] = [
    reach,
    drain === null
      ? null
      : {
          name: 'Drain',
          columns: textColumns({ vm: 'VM', answer: 'Leaves', to: 'To', line: 'CPU there', reason: 'Reason' }),
          rows: [
            ...drain.moves.map(({ vm, to, line, isTrap }) => [vm.name, 'yes', to.name, line, isTrap ? 'a trap' : '']),
            ...drain.stuck.map(({ vm, answer, obstacles }) => [
              ...[vm.name, answer, '', '', obstacles.map(describeObstacle).join('; ')],
            ]),
          ],
        },
    upgrade === null
      ? null
      : {
          name: 'Upgrade',
          columns: textColumns({ step: 'Step', host: 'Host', vm: 'VM that moves first', to: 'To' }),
          rows: steps.flatMap(({ host, moves }, at) =>
            moves.length === 0
              ? [[whole(at + 1), host.name, '', '']]
              : moves.map(({ vm, to }) => [whole(at + 1), host.name, vm.name, to.name]),
          ),
        },
  ];
  return {
    title: `${groups.reduce((sum, { vms }) => sum + vms.length, 0)} VMs`,
    facts: [],
    tables: tables.filter((table) => table !== null),
    remarks: [
      ...unread.map(({ vm, reason }) => `Not read: ${vm.name}: ${reason}`),
      ...openRemarks({ assumptions: notes }),
      ...(upgrade === null || upgrade.kind === 'order'
        ? []
        : [
            `${upgrade.kind === 'none' ? 'No order' : 'Cannot be told'}: ${upgrade.reason}`,
            ...upgrade.stranded.map(({ vm, obstacles }) => `${vm.name}: ${obstacles.map(describeObstacle).join('; ')}`),
          ]),
    ],
  };
}
