/**
 * The one import of zod. In a browser its compiled validators are switched off: they need `new Function`, which the
 * Content-Security-Policy of CPU Atlas forbids, and zod's own probing for it would be reported as a violation.
 */
import { z } from 'zod';

if ('document' in globalThis) z.config({ jitless: true });

export { z };
