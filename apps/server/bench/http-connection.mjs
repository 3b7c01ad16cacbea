/** A keep-alive connection of HTTP/1.1 with next to no cost of its own, so that a load test measures the server. */
import { connect as connectSocket } from 'node:net';

const headerEnd = Buffer.from('\r\n\r\n');

/** One request at a time; further ones wait. Answers must have a content-length. */
export function connect(port, host = '127.0.0.1') {
  const waiting = [];
  let current = null;
  let received = Buffer.alloc(0);
  let socket = null;

  const open = () => {
    socket = connectSocket({ port, host, noDelay: true });
    received = Buffer.alloc(0);
    socket.on('data', (piece) => {
      received = received.length === 0 ? piece : Buffer.concat([received, piece]);
      takeAnswer();
    });
    socket.on('close', () => {
      socket = null;
      const lost = current;
      current = null;
      // The server closes idle connections; what was asked at that very moment is asked again.
      if (lost !== null) waiting.unshift(lost);
      if (waiting.length > 0) sendNext();
    });
    socket.on('error', () => undefined);
  };

  const takeAnswer = () => {
    const at = received.indexOf(headerEnd);
    if (at < 0) return;
    const head = received.toString('latin1', 0, at);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    const end = at + headerEnd.length + length;
    if (received.length < end) return;
    const answer = { status: Number(head.slice(9, 12)), text: received.toString('utf8', at + headerEnd.length, end) };
    received = received.subarray(end);
    const { resolve } = current;
    current = null;
    resolve(answer);
    if (waiting.length > 0) sendNext();
  };

  const sendNext = () => {
    if (current !== null) return;
    if (socket === null) open();
    current = waiting.shift();
    socket.write(current.bytes);
  };

  return {
    send({ method, path, body, headers = {}, isCompressed = false }) {
      const lines = [`${method} ${path} HTTP/1.1`, 'host: 127.0.0.1'];
      for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
      if (isCompressed) lines.push('content-encoding: gzip');
      if (body !== undefined) lines.push('content-type: application/json', `content-length: ${body.length}`);
      const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
      const bytes = body === undefined ? head : Buffer.concat([head, body]);
      return new Promise((resolve) => {
        waiting.push({ bytes, resolve });
        sendNext();
      });
    },
    close: () => socket?.destroy(),
  };
}
