import type { KernelLayer, KvmLayer, Layer, UnknownLayer } from '@cpu-atlas/core';
import { listDirectory, readText, readTextFiles } from './bounded-file.ts';
import type { ProbedHost } from './probed-host.ts';
import { hostPath } from './probed-host.ts';
import { explainUnknown } from './unknown-reasons.ts';

type KvmModules = NonNullable<KvmLayer['modules']>;

/** What files tell of the kernel. */
export interface KernelReading {
  readonly release: string;
  readonly modules: KvmModules;
}

/** Reads the kernel's release and the parameters of its KVM modules. Never rejects. */
export async function collectKernel(host: ProbedHost): Promise<KernelReading | UnknownLayer> {
  if (host.platform !== 'linux') {
    return { unknown: explainUnknown('NOT_LINUX', `this is ${host.platform}, which has no KVM`) };
  }
  const [release, modules] = await Promise.all([
    readText(hostPath(host, '/proc/sys/kernel/osrelease')),
    readKvmModules(host),
  ]);
  if (release !== undefined && release !== '') return { release, modules };
  return { unknown: explainUnknown('PROBE_FAILED', '/proc/sys/kernel/osrelease cannot be read') };
}

/** Joins what files tell with what KVM said. */
export function joinKernel(reading: KernelReading | UnknownLayer, kvm: Layer<KvmLayer>): Layer<KernelLayer> {
  if ('unknown' in reading) return reading;
  const { release, modules } = reading;
  const isBare = 'unknown' in kvm || Object.keys(modules).length === 0;
  return { release, kvm: isBare ? kvm : { ...kvm, modules } };
}

/** Parameters of `kvm` and of the modules that belong to it: kvm_amd, kvm_intel and software ones such as kvm_pvm. */
async function readKvmModules(host: ProbedHost): Promise<KvmModules> {
  const names = (await listDirectory(hostPath(host, '/sys/module'))).filter((name) => /^kvm(_\w+)?$/.test(name));
  const parameters = await Promise.all(
    names.map(async (name) => [name, await readTextFiles(hostPath(host, `/sys/module/${name}/parameters`))] as const),
  );
  return Object.fromEntries(parameters);
}
