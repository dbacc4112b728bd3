// Starts `errand dev` on free ports with a fresh data folder, for the whole run or for a test of its own, and ends it:
// also when a test fails, and when this program is interrupted.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

/** Where the programs of one `errand dev` are, and how to end them. */
export interface Errand {
  web: string;
  tenant: string;
  stop: () => Promise<void>;
}

/** Starts `errand dev`; `more` are further environment variables, made from the web server's port. */
export async function startErrand(name: string, more: (web: number) => Record<string, string> = () => ({})): Promise<Errand> {
  const [web, api, tenant] = [await freePort(), await freePort(), await freePort()];
  const data = mkdtempSync(path.join(tmpdir(), 'errand-end2end-'));
  const logFile = path.join(import.meta.dirname, 'test-results', `${name}.log`);
  mkdirSync(path.dirname(logFile), { recursive: true });
  const log = createWriteStream(logFile);
  const program = spawn(process.env.ERRAND_BIN ?? path.join(root, 'target/debug/errand'), ['dev'], {
    cwd: root,
    env: {
      ...process.env,
      ERRAND_DATA: data,
      ERRAND_WEB__LISTEN: `127.0.0.1:${web}`,
      ERRAND_API__LISTEN: `127.0.0.1:${api}`,
      ERRAND_TENANT__LISTEN: `127.0.0.1:${tenant}`,
      LEPTOS_OUTPUT_NAME: 'errand',
      LEPTOS_SITE_ROOT: process.env.LEPTOS_SITE_ROOT ?? path.join(root, 'target/site'),
      ...more(web),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  program.stdout.pipe(log, { end: false });
  program.stderr.pipe(log, { end: false });
  let ended: string | undefined;
  program.once('error', (error) => (ended ??= error.message));
  program.once('exit', (code, signal) => (ended ??= `it ended with ${code ?? signal}`));
  const kill = () => program.kill('SIGKILL');
  process.once('exit', kill);

  const stop = async () => {
    if (ended === undefined) {
      program.kill('SIGTERM');
      const patience = setTimeout(kill, 10_000);
      await once(program, 'exit');
      clearTimeout(patience);
    }
    process.removeListener('exit', kill);
    log.end();
    rmSync(data, { recursive: true, force: true });
  };

  const errand = { web: `http://localhost:${web}`, tenant: `http://localhost:${tenant}`, stop };
  const deadline = Date.now() + 60_000;
  while (!(await isHealthy(errand.web))) {
    if (ended !== undefined || Date.now() > deadline) {
      await stop();
      throw new Error(`errand did not start: ${ended ?? 'no answer from /health in 60 s'}. Its log: ${logFile}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return errand;
}

export default async function start(): Promise<() => Promise<void>> {
  // A program that is running already can be tested instead.
  if (process.env.ERRAND_WEB_URL && process.env.ERRAND_TENANT_URL) return async () => {};

  const errand = await startErrand('errand');
  process.env.ERRAND_WEB_URL = errand.web;
  process.env.ERRAND_TENANT_URL = errand.tenant;
  return errand.stop;
}
