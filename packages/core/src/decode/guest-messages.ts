import { listAbiLevels } from '../plan/abi-level.ts';
import type { MessageReader, ReadMessage } from './decoding.ts';
import { featureNamed } from './named-features.ts';

/** What a workload in the guest needs, by the message in which it says so. */
interface Need {
  readonly pattern: RegExp;
  readonly read: (match: RegExpExecArray) => ReadMessage;
}

/** Features of an x86-64 level and of those below, without what every 64-bit CPU has. */
function upTo(level: string): readonly string[] {
  return listAbiLevels()
    .filter((record) => record.level > 1 && record.level <= Number(level))
    .flatMap(({ adds }) => adds);
}

const needs: readonly Need[] = [
  {
    pattern: /CPU does not support x86-64-v([234])|CPU ISA level is lower than required/i,
    read: ([, level = '2']) => ({
      layer: 'guest-cpu',
      meaning: `A program in the guest was built for x86-64-v${level}, and the CPU that the VM was given lacks at least one of its features. The host may well have them.`,
      features: upTo(level).map((name) => featureNamed(name, 'required')),
      remedies: [
        `Give the VM a model of level v${level} (QEMU: x86-64-v${level} exists in Proxmox; in QEMU ${level === '2' ? 'Nehalem, Opteron_G4 or newer' : level === '3' ? 'Haswell, EPYC or newer' : 'Skylake-Server, EPYC-Genoa or newer'}). kvm64, qemu64 and Proxmox’s x86-64-v1 are below v2.`,
        'Atlas shows the level of each model on each host, and which bits are short.',
      ],
    }),
  },
  {
    pattern: /requires? (?:a )?CPU with (AVX2?|SSE4\.[12]|AES|POPCNT)\b/i,
    read: ([, wanted = 'AVX']) => ({
      layer: 'guest-cpu',
      meaning: `A program in the guest needs ${wanted.toUpperCase()}, and the CPU that the VM was given does not show it.`,
      features: [
        featureNamed(wanted.toLowerCase(), 'required'),
        ...(/^avx/i.test(wanted) ? [featureNamed('xsave', 'required')] : []),
      ],
      remedies: [
        'Give the VM a model that has it (from SandyBridge or Opteron_G4 on for AVX), or host where the VM never migrates.',
      ],
    }),
  },
  {
    pattern: /\bIllegal instruction\b|\btrap invalid opcode\b|\bSIGILL\b/,
    read: () => ({
      layer: 'guest-cpu',
      meaning:
        'A program used an instruction that the guest’s CPU does not have. After a live migration it can also be one that the guest saw before and lost.',
      features: [],
      remedies: ['Compare the guest CPU on both hosts in Atlas; give the VM a named model that both can enforce.'],
    }),
  },
];

export const guestMessages: MessageReader = {
  source: 'guest',
  read: (line) => {
    for (const { pattern, read } of needs) {
      const match = pattern.exec(line);
      if (match !== null) return read(match);
    }
    return null;
  },
};
