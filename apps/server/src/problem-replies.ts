import { problemSchema } from '@cpu-atlas/contract';

type ProblemReplies = Readonly<
  Record<
    number,
    {
      readonly description: string;
      readonly content: Readonly<Record<string, { readonly schema: typeof problemSchema }>>;
    }
  >
>;

/** The statuses with which a route answers a problem document, for its schema. */
export function problemReplies(...statuses: readonly number[]): ProblemReplies {
  const content = { 'application/problem+json': { schema: problemSchema } };
  return Object.fromEntries(statuses.map((status) => [status, { description: 'Problem (RFC 9457)', content }]));
}
