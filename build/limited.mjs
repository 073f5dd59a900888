/** Runs a program for a limited time. */
import { spawn } from 'node:child_process';

/**
 * Runs a program in a process group of its own, so that a time-out ends its children too. Never rejects: `code` is `timeout` after
 * a time-out, and 127 when the program cannot be started.
 */
export function runLimited(program, args, { cwd, env, seconds }) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    let late = false;
    child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (err = (err + text).slice(-20_000)));
    const timer = setTimeout(() => {
      late = true;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch (error) {
        if (error.code !== 'ESRCH') throw error;
      }
    }, seconds * 1000);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: late ? 'timeout' : code, out, err, seconds: (performance.now() - started) / 1000 });
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ code: 127, out, err: error.message, seconds: 0 });
    });
  });
}

/** The JSON document that a command printed; undefined when it printed none. */
export function documentOf({ out }) {
  try {
    return JSON.parse(out);
  } catch {
    return undefined;
  }
}

/** What a command said went wrong: the errors among its diagnostics, else the last words on its standard error. */
export function complaintOf({ code, err }, document) {
  const said = document?.diagnostics?.filter(({ severity }) => severity === 'error') ?? [];
  if (said.length > 0) return said.map(({ code: name, message }) => `${name} ${message}`).join('; ');
  const lines = err.trim().split('\n');
  return lines.find((line) => /Error/.test(line)) || `exit ${code}: ${lines.at(-1)}`;
}
