/** Reports without a server, for the command line. */
export { buildHostReport, type HostReportRequest } from './build-report.ts';
export { pivotAxes } from './pivot-request.ts';
export { cubeOfHosts } from './pivot-source.ts';
export { nameQemu, type ReportedHost } from './report-host.ts';
export { cutReport, writeReport, type WrittenReport } from './report-stream.ts';
export { compilePolicies, type CompiledPolicies, type PolicyIntent } from './compile-policies.ts';
export { snapshotHash } from '../content-hash.ts';
