export type { CallCommand, Program } from './call-command.ts';
export { serveLines, type Lines } from './serve.ts';
export { openPage, type OpenPage, type Opening } from './open-page.ts';
