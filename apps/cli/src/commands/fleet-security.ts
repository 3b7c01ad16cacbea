import { securityResultSchema, type SecurityResult } from '@cpu-atlas/contract';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { reportGuestSecurity } from '../output/fleet-security-report.ts';
import { writeTold } from '../output/write-report.ts';
import { openHubClient } from '../sources/hub-client.ts';
import { cellQuery, factsOf, type FleetCell, type FleetQuestion } from './fleet.ts';

/**
 * Tells which mitigations a guest has on each host of a server.
 * 0: all that it should have; 1: on a host one is lacking or claimed wrongly, or there is no guest; 3: of a host it is not known.
 */
export async function tellSecurity(question: FleetQuestion, cell: FleetCell): Promise<ExitCode> {
  const query = cellQuery(cell, ['model', 'machine', 'accel', 'kernelIrqchip', 'catalog', 'at']);
  const result = await openHubClient(question.hub, question.signal).ask(securityResultSchema, `security?${query}`);
  await writeTold(question.terminal, reportGuestSecurity(result, factsOf(question, cell.at)), question.format);
  return codeOf(result);
}

const lacking: ReadonlySet<string> = new Set(['should-be-on', 'host-lacks', 'over-claimed']);

function codeOf({ groups }: SecurityResult): ExitCode {
  const verdicts = groups.flatMap(({ security }) =>
    security.kind === 'judged' ? security.flags.map(({ verdict }) => verdict) : [security.kind],
  );
  if (verdicts.some((verdict) => verdict === 'no-guest' || lacking.has(verdict))) return exitCodes.no;
  return groups.length === 0 || verdicts.includes('unknown') ? exitCodes.unknown : exitCodes.yes;
}
