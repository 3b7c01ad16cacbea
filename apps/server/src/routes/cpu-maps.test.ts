import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

describe('CPU maps of libvirt', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(async () => server.close());

  it('lists releases, oldest first, and nothing else of the folder', async () => {
    const { json } = await server.app.inject('/api/v1/cpu-maps');
    expect(json()).toEqual({ releases: ['9.0.0', '11.3.0'] });
  });

  it('gives the map of a release', async () => {
    const { statusCode, json } = await server.app.inject('/api/v1/cpu-maps/11.3.0');
    expect(statusCode).toBe(200);
    expect(json().models.map(({ name }: { readonly name: string }) => name)).toContain('EPYC-Milan-v2');
  });

  it.each([
    ['a release that it does not have', '8.0.0', 404],
    ['something that is no release', '..%2f..%2fpackage.json', 400],
  ])('refuses %s', async (_, release, status) => {
    expect((await server.app.inject(`/api/v1/cpu-maps/${release}`)).statusCode).toBe(status);
  });
});
