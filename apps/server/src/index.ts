export type { JoinOptions } from './services.ts';
export { createServer, type ServerOptions } from './build-server.ts';
export { isLoopback, startServer, webDirectory, type RunningServer, type StartOptions } from './start-server.ts';
export { createTokenDesk } from './auth/token-desk.ts';
export { describeToken } from './routes/tokens.ts';
export { openStore } from './store/open-store.ts';
