import { AtlasError } from '@cpu-atlas/core';

/** What went wrong, in the words of the backend or of the core; what every error notice shows. */
export interface Fault {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly where?: string | undefined;
  readonly remedy?: string | undefined;
}

/** A fault on its way through a promise. */
export class FaultError extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(`${fault.code}: ${fault.detail}`);
    this.name = 'FaultError';
    this.fault = fault;
  }
}

/** Whatever was thrown, as a fault to show. */
export function faultOf(thrown: unknown): Fault {
  if (thrown instanceof FaultError) return thrown.fault;
  if (thrown instanceof AtlasError) {
    return {
      code: thrown.code,
      title: thrown.message,
      detail: thrown.message,
      where: thrown.where,
      remedy: thrown.remedy,
    };
  }
  return {
    code: 'INTERNAL',
    title: 'A defect in CPU Atlas',
    detail: thrown instanceof Error ? thrown.message : String(thrown),
    remedy: 'load the page again; if it stays, report it with this text',
  };
}

/**
 * A problem document (RFC 9457) of the backend as a fault; null when the body is none.
 * Source: problemSchema of @cpu-atlas/contract.
 */
export function readProblem(body: unknown): Fault | null {
  if (typeof body !== 'object' || body === null) return null;
  const field = (name: string): string | undefined => {
    const value: unknown = Reflect.get(body, name);
    return typeof value === 'string' ? value : undefined;
  };
  const code = field('code');
  const title = field('title');
  if (code === undefined || title === undefined) return null;
  return { code, title, detail: field('detail') ?? title, where: field('where'), remedy: field('remedy') };
}
