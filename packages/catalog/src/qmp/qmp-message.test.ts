import { expect, test } from 'vitest';
import { parseQmpMessage } from './qmp-message.ts';

test.each([
  {
    name: 'a greeting gives the version and the package',
    line: '{"QMP": {"version": {"qemu": {"micro": 13, "minor": 0, "major": 10}, "package": "Debian"}, "capabilities": ["oob"]}}',
    message: {
      kind: 'greeting',
      greeting: { version: { major: 10, minor: 0, micro: 13, package: 'Debian' }, capabilities: ['oob'] },
    },
  },
  {
    name: 'a return keeps its id, whatever the value',
    line: '{"return": null, "id": 7}\r',
    message: { kind: 'return', id: 7, value: null },
  },
  {
    name: 'a refusal keeps class and sentence apart',
    line: '{"id": 1, "error": {"class": "CommandNotFound", "desc": "The command x has not been found"}}',
    message: {
      kind: 'refusal',
      id: 1,
      refusal: { class: 'CommandNotFound', desc: 'The command x has not been found' },
    },
  },
  {
    name: 'an event without data has none',
    line: '{"timestamp": {"seconds": 2, "microseconds": 500000}, "event": "STOP"}',
    message: { kind: 'event', event: { name: 'STOP', data: {}, timestampMs: 2500 } },
  },
  {
    name: 'an event of a host without clock has no time',
    line: '{"timestamp": {"seconds": -1, "microseconds": -1}, "event": "STOP", "data": {"a": "}]"}}',
    message: { kind: 'event', event: { name: 'STOP', data: { a: '}]' }, timestampMs: null } },
  },
  {
    name: 'brackets and escaped quotes inside strings are no nesting',
    line: `{"return": "${'[{\\"'.repeat(500)}", "id": 2}`,
    message: { kind: 'return', id: 2, value: '[{"'.repeat(500) },
  },
])('$name', ({ line, message }) => {
  expect(parseQmpMessage(Buffer.from(line))).toEqual(message);
});

test.each([
  { name: 'no JSON', line: 'qemu: hello', says: 'is not JSON' },
  { name: 'half a reply', line: '{"return": {"a"', says: 'is not JSON' },
  { name: 'an unfinished string', line: '{"return": "abc\\', says: 'is not JSON' },
  { name: 'a number', line: '42', says: 'is not a JSON object' },
  { name: 'a list', line: '[{"return": 1}]', says: 'is not a JSON object' },
  { name: 'null', line: 'null', says: 'is not a JSON object' },
  { name: 'an object of another protocol', line: '{"jsonrpc": "2.0"}', says: 'is no greeting, event or reply' },
  { name: 'a greeting without version', line: '{"QMP": {}}', says: 'is a greeting without a version' },
  {
    name: 'a greeting with a version of text',
    line: '{"QMP": {"version": {"qemu": "10"}}}',
    says: 'without a version',
  },
  { name: 'nesting without measure', line: `{"return": ${'['.repeat(1_000_000)}`, says: 'nested more than 128 levels' },
])('$name is QMP_PROTOCOL', ({ line, says }) => {
  const parse = (): unknown => parseQmpMessage(Buffer.from(line));
  expect(parse).toThrow(expect.objectContaining({ code: 'QMP_PROTOCOL', message: expect.stringContaining(says) }));
});

test('the fault shows no more than the beginning of a long line', () => {
  const parse = (): unknown => parseQmpMessage(Buffer.from('x'.repeat(100_000)));
  expect(parse).toThrow(expect.objectContaining({ message: expect.stringMatching(/^.{1,400}$/) }));
});
