// Whether a server answers, for container health checks: node health.mjs URL. The certificate is not looked at, since
// this only ever asks the container's own address.
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';

const url = new URL(process.argv[2] ?? 'http://127.0.0.1:4280/healthz');
const get = url.protocol === 'https:' ? getHttps : getHttp;
const request = get(url, { rejectUnauthorized: false, timeout: 2_500 }, (response) => {
  response.resume();
  process.exitCode = response.statusCode === 200 ? 0 : 1;
});
request.on('timeout', () => request.destroy(new Error('no answer in time')));
request.on('error', (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
