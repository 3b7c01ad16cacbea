/**
 * Reads and checks `data/x86`: the feature words, one file of feature bits a word, and QEMU's dependencies among them.
 * Every finding names file and record; all findings are told at once.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const registers = ['EAX', 'EBX', 'ECX', 'EDX'];
const releasePattern = /^\d+\.\d+$/;
const longestDescription = 110;

const wordKeys = {
  required: { key: 'string', kind: 'string', title: 'string', source: 'string' },
  optional: { leaf: 'string', subleaf: 'number|null', register: 'string', index: 'string', since: 'release' },
};
const featureKeys = {
  required: {
    word: 'string',
    bit: 'number',
    name: 'string|null',
    aliases: 'array',
    description: 'string',
    requires: 'array',
    migratable: 'boolean',
    autoenabled: 'boolean',
    pool: 'string',
    source: 'string',
  },
  optional: {
    linux: 'string|null',
    libvirt: 'string|null',
    component: 'string',
    followsFeatures: 'array',
    since: 'release',
  },
};
const requirementKeys = {
  required: { feature: 'string', why: 'string', enforcedBy: 'string' },
  optional: { since: 'release' },
};
const edgeKeys = {
  required: { whenMissing: 'string|array', clears: 'object', reason: 'string', source: 'string' },
  optional: { since: 'release' },
};
const conflictKeys = {
  required: { features: 'array', effect: 'string', reason: 'string', source: 'string' },
  optional: { since: 'release' },
};

/**
 * @param {string} directory `data/x86`
 * @returns {{ words: object[], features: object[], edges: object[], conflicts: object[], findings: string[] }}
 *   features in word order, then bit order; `findings` is empty when all is well
 */
export function readX86Data(directory) {
  const findings = [];
  const words = readJson(join(directory, 'words.json'), findings) ?? [];
  const known = checkWords(words, findings);
  const features = readFeatures(join(directory, 'features'), words, findings);
  checkFeatures(features, known, findings);
  const { edges = [], conflicts = [] } = readJson(join(directory, 'dependencies.json'), findings) ?? {};
  const names = new Set(features.flatMap(({ record }) => (record.name === null ? [] : [record.name])));
  checkRequirements(features, names, findings);
  checkEdges(edges, names, known, findings);
  checkConflicts(conflicts, names, findings);
  if (findings.length === 0) checkMirror(features, edges, findings);
  return { words, features: features.map(({ record }) => record), edges, conflicts, findings };
}

function checkWords(words, findings) {
  const known = new Map();
  words.forEach((word, index) => {
    const where = `words.json: record ${index} (${word.key})`;
    checkShape(word, wordKeys, where, findings);
    const key = keyOf(word, where, findings);
    if (key !== word.key) findings.push(`${where}: the key should be ${key}`);
    if (known.has(word.key)) findings.push(`${where}: the word is listed twice`);
    known.set(word.key, { index, width: word.kind === 'msr' ? 64 : 32 });
  });
  return known;
}

function keyOf(word, where, findings) {
  if (word.kind === 'msr') return `msr.${hexDigits(word.index)}`;
  if (word.kind !== 'cpuid') findings.push(`${where}: kind is cpuid or msr`);
  if (!registers.includes(word.register)) findings.push(`${where}: register is one of ${registers.join(', ')}`);
  const subleaf = word.subleaf === null ? '' : `.${Number(word.subleaf).toString(16)}`;
  return `${hexDigits(word.leaf)}${subleaf}.${word.register}`;
}

function hexDigits(text) {
  return Number(text).toString(16);
}

/** One file a word, named after it; a word without a file has no known bit. */
function readFeatures(directory, words, findings) {
  const files = new Set(readdirSync(directory));
  const features = [];
  for (const { key } of words) {
    const file = `${key}.json`;
    if (!files.delete(file)) {
      findings.push(`features/${file}: there is no such file; a word without known bits has []`);
      continue;
    }
    (readJson(join(directory, file), findings) ?? []).forEach((record, index) => {
      const where = `features/${file}: record ${index} (${record.name ?? record.component})`;
      if (record.word !== key) findings.push(`${where}: the word should be ${key}`);
      features.push({ record, where });
    });
  }
  for (const file of files) findings.push(`features/${file}: no word of that name in words.json`);
  return features;
}

function checkFeatures(features, known, findings) {
  const bits = new Set();
  const names = new Map();
  let last = { word: '', bit: -1 };
  for (const { record, where } of features) {
    checkShape(record, featureKeys, where, findings);
    const width = known.get(record.word)?.width ?? 0;
    if (!Number.isInteger(record.bit) || record.bit < 0 || record.bit >= width) {
      findings.push(`${where}: bit ${record.bit} is outside of the word`);
    }
    const bit = `${record.word}/${record.bit}`;
    if (bits.has(bit)) findings.push(`${where}: bit ${bit} is listed twice`);
    if (record.word === last.word && record.bit < last.bit) findings.push(`${where}: records go by bit`);
    last = record;
    bits.add(bit);
    if (record.description.length > longestDescription) findings.push(`${where}: the description is too long`);
    if (!['intersect', 'accumulate'].includes(record.pool)) findings.push(`${where}: pool ${record.pool}`);
    if ((record.name === null) !== (record.component !== undefined)) {
      findings.push(`${where}: a nameless bit, and only that, has a component`);
    }
    checkNames(record, names, where, findings);
  }
}

/** A name or alias belongs to one word; within it, it may hold two bits (`kvmclock`), by equal records of names. */
function checkNames(record, names, where, findings) {
  if (record.name === null) return;
  for (const name of [record.name, ...record.aliases]) {
    const owner = names.get(name);
    if (owner !== undefined && (owner.word !== record.word || owner.name !== record.name)) {
      findings.push(`${where}: ${name} is also a name of ${owner.name} in ${owner.word}`);
    }
    names.set(name, record);
  }
}

function checkRequirements(features, names, findings) {
  const parents = new Map();
  for (const { record, where } of features) {
    for (const requirement of record.requires) {
      checkShape(requirement, requirementKeys, `${where}: requires`, findings);
      if (!names.has(requirement.feature)) findings.push(`${where}: requires the unknown ${requirement.feature}`);
      if (!['qemu', 'architecture'].includes(requirement.enforcedBy)) {
        findings.push(`${where}: enforcedBy ${requirement.enforcedBy}`);
      }
    }
    for (const feature of record.followsFeatures ?? []) {
      if (!names.has(feature)) findings.push(`${where}: follows the unknown ${feature}`);
    }
    if (record.name === null) continue;
    const own = parents.get(record.name) ?? [];
    parents.set(record.name, [...own, ...record.requires.map(({ feature }) => feature)]);
  }
  for (const name of parents.keys()) checkCycle(name, [name], parents, findings);
}

function checkCycle(name, path, parents, findings) {
  for (const parent of parents.get(name) ?? []) {
    if (parent === path[0]) findings.push(`requires: cycle ${[...path, parent].join(' → ')}`);
    else if (!path.includes(parent)) checkCycle(parent, [...path, parent], parents, findings);
  }
}

function checkEdges(edges, names, known, findings) {
  edges.forEach((edge, index) => {
    const where = `dependencies.json: edge ${index} (${edge.whenMissing})`;
    checkShape(edge, edgeKeys, where, findings);
    for (const feature of [edge.whenMissing].flat()) {
      if (!names.has(feature)) findings.push(`${where}: unknown feature ${feature}`);
    }
    if (!known.has(edge.clears?.word)) findings.push(`${where}: unknown word ${edge.clears?.word}`);
    if (!/^(all|0x[0-9a-f]+)$/.test(edge.clears?.mask)) findings.push(`${where}: mask is all or hex digits`);
  });
}

function checkConflicts(conflicts, names, findings) {
  conflicts.forEach((conflict, index) => {
    const where = `dependencies.json: conflict ${index} (${conflict.features})`;
    checkShape(conflict, conflictKeys, where, findings);
    for (const feature of conflict.features) {
      if (!names.has(feature)) findings.push(`${where}: unknown feature ${feature}`);
    }
  });
}

/** What QEMU enforces is written twice, as an edge and at the bit: both must say the same. Any-of edges stand alone. */
function checkMirror(features, edges, findings) {
  for (const { record, where } of features) {
    if (record.name === null) continue;
    const byEdge = edges.filter((edge) => !Array.isArray(edge.whenMissing) && clearsBit(edge, record));
    const fromEdges = byEdge.map((edge) => edge.whenMissing).sort();
    const fromRecord = record.requires.filter((r) => r.enforcedBy === 'qemu').map((r) => r.feature);
    if (fromEdges.join() !== fromRecord.sort().join()) {
      findings.push(`${where}: QEMU enforces [${fromEdges}] by dependencies.json, [${fromRecord}] by the record`);
    }
  }
}

function clearsBit({ clears }, record) {
  if (clears.word !== record.word) return false;
  return clears.mask === 'all' || ((BigInt(clears.mask) >> BigInt(record.bit)) & 1n) === 1n;
}

function checkShape(record, { required, optional }, where, findings) {
  for (const key of Object.keys(required)) {
    if (!(key in record)) findings.push(`${where}: ${key} is missing`);
  }
  for (const [key, value] of Object.entries(record)) {
    const type = required[key] ?? optional[key];
    if (type === undefined) findings.push(`${where}: unknown key ${key}`);
    else if (!type.split('|').some((one) => isOf(value, one))) findings.push(`${where}: ${key} is not ${type}`);
  }
}

function isOf(value, type) {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'release') return typeof value === 'string' && releasePattern.test(value);
  if (type === 'string') return typeof value === 'string' && value !== '';
  return typeof value === type && value !== null;
}

function readJson(path, findings) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    findings.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
