/** JSON in which what fits into a line stands in one. */
export function render(value, indent = '') {
  const flat = JSON.stringify(value);
  if (typeof value !== 'object' || value === null || flat.length + indent.length <= 140) return flat;
  const inner = `${indent}  `;
  if (Array.isArray(value)) return `[\n${value.map((item) => inner + render(item, inner)).join(',\n')}\n${indent}]`;
  const lines = Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${render(item, inner)}`);
  return `{\n${lines.join(',\n')}\n${indent}}`;
}
