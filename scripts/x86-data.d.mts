export interface X86Data {
  readonly words: readonly object[];
  readonly features: readonly object[];
  readonly edges: readonly object[];
  readonly conflicts: readonly object[];
  readonly findings: readonly string[];
}

export function readX86Data(directory: string): X86Data;
