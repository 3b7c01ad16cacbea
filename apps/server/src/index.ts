export { createServer, type ServerOptions } from './build-server.ts';
export { isLoopback, startServer, webDirectory, type RunningServer, type StartOptions } from './start-server.ts';
