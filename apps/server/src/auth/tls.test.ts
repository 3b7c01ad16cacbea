import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type SecureVersion, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServerMaker, type ServerMaker } from './tls.ts';

const limits = { requestTimeoutMs: 5_000, connectionTimeoutMs: 5_000, keepAliveTimeoutMs: 1_000 };
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const reason = hasOpenssl ? '' : ' (skipped: there is no openssl on this machine)';

const directory = mkdtempSync(join(tmpdir(), 'cpu-atlas-tls-'));
const files = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') };
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function writeCertificate(name: string, { certFile, keyFile } = files): void {
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', keyFile];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', certFile, '-days', '1', ...subject], { stdio: 'ignore' });
}

describe.skipIf(!hasOpenssl)(`TLS${reason}`, () => {
  let maker: ServerMaker;
  let port: number;
  let stop: () => void;
  beforeAll(async () => {
    writeCertificate('first');
    maker = createServerMaker(files, limits);
    const server = maker.make((_, response) => void response.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
    stop = () => {
      server.closeAllConnections();
      server.close();
    };
  });
  afterAll(() => stop());

  /** Name in the certificate and protocol of a new connection, or the fault. */
  const shake = async (version?: SecureVersion): Promise<string> =>
    new Promise((resolve) => {
      const versions = version === undefined ? {} : { minVersion: version, maxVersion: version };
      // Old versions need old ciphers, so that the refusal is the server's.
      const ciphers = version === undefined ? {} : { ciphers: 'DEFAULT@SECLEVEL=0' };
      const socket: TLSSocket = connect({
        host: '127.0.0.1',
        port,
        rejectUnauthorized: false,
        ...versions,
        ...ciphers,
      });
      socket.on('secureConnect', () => {
        resolve(`${String(socket.getPeerCertificate().subject.CN)} ${socket.getProtocol() ?? ''}`);
        socket.destroy();
      });
      socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    });

  it('serves a client that trusts the certificate', async () => {
    const body = await new Promise<string>((resolve, reject) => {
      const asked = request({ host: 'localhost', port, ca: readFileSync(files.certFile), agent: false }, (response) =>
        response.setEncoding('utf8').on('data', resolve),
      );
      asked.on('error', reject).end();
    });
    expect(body).toBe('hello');
  });

  it.each([
    ['TLSv1.3', 'first TLSv1.3'],
    ['TLSv1.2', 'first TLSv1.2'],
    ['TLSv1.1', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
    ['TLSv1', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
  ] as const)('%s: %s', async (version, outcome) => expect(await shake(version)).toBe(outcome));

  it('shows a renewed certificate after it was read again, and keeps the old one when the new one is broken', async () => {
    writeCertificate('second');
    expect(await shake()).toBe('first TLSv1.3');
    maker.reload();
    expect(await shake()).toBe('second TLSv1.3');
    writeFileSync(files.certFile, 'not a certificate');
    expect(() => maker.reload()).toThrow('cannot be used');
    expect(await shake()).toBe('second TLSv1.3');
  });

  it('refuses files that are missing or do not belong together', () => {
    const other = { certFile: join(directory, 'other.pem'), keyFile: join(directory, 'other-key.pem') };
    writeCertificate('other', other);
    writeCertificate('third');
    expect(() => createServerMaker({ ...files, keyFile: other.keyFile }, limits)).toThrow('cannot be used');
    expect(() => createServerMaker({ ...files, keyFile: join(directory, 'none') }, limits)).toThrow('ENOENT');
  });
});
