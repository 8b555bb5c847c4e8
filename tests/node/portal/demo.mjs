// A demo of its own for a run, stopped and cleared away after it.
import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { settings, startProvider } from './provider.mjs';

/** Starts `BINARY demo` on a free port, gives its own account of itself (`demo.json`) to the work, and stops it. */
export async function withDemo(binary, work) {
  const data = await mkdtemp(join(tmpdir(), 'chengxin-portal-'));
  const folder = join(data, 'demo');
  let gateway;
  let provider;
  try {
    // A browser that does nothing else asks faster than a person may: the second start has limits too wide to matter.
    gateway = await start(binary, folder);
    const { demo } = gateway;
    // Who logs in by an account's name is who has the demo's token of that name.
    const accounts = Object.fromEntries(Object.entries(demo.tokens).map(([name, token]) => [name, claims(token)]));
    // Before the gateway's own port is free for a moment.
    provider = await startProvider(accounts, demo.url);
    await stop(gateway, folder);
    const limits = join(folder, 'policies', 'limits.toml');
    const wider = (await readFile(limits, 'utf8')).replaceAll(/^(requests_per_minute|burst|cost_per_minute|cost_burst) = .*$/gm, '$1 = 1_000_000');
    await writeFile(limits, wider);
    await appendFile(join(folder, 'chengxin.toml'), settings(provider.issuer));
    gateway = await start(binary, folder, new URL(demo.url).host);
    return await work({ ...gateway.demo, folder });
  } finally {
    if (gateway) await stop(gateway, folder);
    await provider?.close();
    await rm(data, { recursive: true, force: true });
  }
}

function claims(token) {
  const { role, department, supervisor, organization, subject } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
  return { role, department, supervisor, organization, subject };
}

async function stop({ process: child }, folder) {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode === null && child.kill('SIGTERM')) {
    const late = setTimeout(() => child.kill('SIGKILL'), 60_000);
    await ended;
    clearTimeout(late);
  }
  await rm(join(folder, 'demo.json'), { force: true });
}

async function start(binary, folder, listen = '127.0.0.1:0') {
  const child = spawn(binary, ['demo', '--data', folder, '--listen', listen], { stdio: ['ignore', 'ignore', process.env.CHENGXIN_TEST_LOUD ? 'inherit' : 'ignore'] });
  const deadline = Date.now() + 120_000;
  for (;;) {
    try {
      const demo = JSON.parse(await readFile(join(folder, 'demo.json'), 'utf8'));
      if ((await fetch(`${demo.url}/health/ready`)).ok) return { process: child, demo };
    } catch {
      // Not yet.
    }
    if (child.exitCode !== null) throw new Error(`the demo ended with ${child.exitCode}`);
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error('the demo has not started within two minutes');
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** How the browser is started: by its own binary, and quiet. */
export const BROWSER = {
  executablePath: process.env.CHENGXIN_TEST_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
};
