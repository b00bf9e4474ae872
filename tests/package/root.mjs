// A small Debian in a folder, to install a package in: debootstrap from the mirror that apt of this machine is told
// to use, made once and kept in build/. Commands in it see /proc and the network of this machine, nothing else.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ROOT } from '../lib/program.mjs';

const KEPT = path.join(ROOT, 'build/package-root');
const MINUTES = 60000;

// The lines of apt's sources, old style and new, as {uri, suite}.
function sources() {
  const files = ['/etc/apt/sources.list', ...(fs.existsSync('/etc/apt/sources.list.d') ? fs.readdirSync('/etc/apt/sources.list.d').map((f) => `/etc/apt/sources.list.d/${f}`) : [])];
  const found = [];
  for (const f of files.filter((x) => fs.existsSync(x))) {
    const text = fs.readFileSync(f, 'utf8');
    if (f.endsWith('.list')) for (const m of text.matchAll(/^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s/gm)) found.push({ uri: m[1], suite: m[2] });
    if (f.endsWith('.sources')) {
      for (const part of text.split(/\n\s*\n/)) {
        const field = (name) => (new RegExp(`^${name}:\\s*(.+)$`, 'm').exec(part)?.[1] ?? '').split(/\s+/).filter(Boolean);
        for (const uri of field('URIs')) for (const suite of field('Suites')) found.push({ uri, suite });
      }
    }
  }
  return found;
}

const run = (words, options = {}) => spawnSync(words[0], words.slice(1), { encoding: 'utf8', maxBuffer: 1 << 26, timeout: 10 * MINUTES, ...options });
const has = (program) => run(['sh', '-c', `command -v ${program}`]).status === 0;

// Why no Debian can be made here; empty when it can.
function hindrance(mirror) {
  if (process.getuid() !== 0) return 'only root makes a Debian in a folder';
  if (!has('debootstrap')) return 'debootstrap is not installed';
  if (!mirror) return 'apt of this machine names no mirror of Debian';
  if (run(['unshare', '-m', 'mount', '-t', 'proc', 'proc', '/proc']).status !== 0) return 'this machine lets nobody mount /proc';
  return '';
}

// packages: what is in it beside the base. Gives {dir} of a fresh copy, or {why} there is none.
export function makeRoot(packages) {
  const suite = /^VERSION_CODENAME=(\w+)$/m.exec(fs.readFileSync('/etc/os-release', 'utf8'))?.[1];
  const mirror = sources().find((s) => s.suite === suite)?.uri;
  const why = hindrance(mirror);
  if (why) return { why };
  const wanted = [...packages].sort().join(',');
  const note = path.join(KEPT, 'packages');
  const base = path.join(KEPT, 'base');
  if (!fs.existsSync(note) || fs.readFileSync(note, 'utf8') !== wanted) {
    fs.rmSync(KEPT, { recursive: true, force: true });
    fs.mkdirSync(KEPT, { recursive: true });
    const r = run(['debootstrap', '--variant=minbase', `--include=${wanted}`, suite, base, mirror]);
    if (r.status !== 0) {
      return { why: `debootstrap ended with ${r.status ?? r.signal}: ${`${r.stdout}${r.stderr}`.trim().split('\n').slice(-3).join(' / ').replaceAll(mirror, 'the mirror')}` };
    }
    fs.rmSync(path.join(base, 'var/cache/apt'), { recursive: true, force: true });
    fs.writeFileSync(note, wanted);
  }
  const dir = path.join(KEPT, 'run');
  fs.rmSync(dir, { recursive: true, force: true });
  if (run(['cp', '-a', '--reflink=auto', base, dir]).status !== 0) return { why: 'it could not be copied' };
  return { dir };
}

const ENV = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive', HOME: '/root' };
const inside = (dir, as, command) => ['unshare', '-m', 'sh', '-c', 'mount -t proc proc "$0/proc" && exec chroot $1 "$0" sh -c "$2"', dir, as ? `--userspec=${as}` : '--groups=', command];

// A command of the shell in it, to its end: {status, text}.
export function inRoot(dir, command, { as = '', input } = {}) {
  const r = run(inside(dir, as, command), { env: ENV, input });
  return { status: r.status, text: `${r.stdout}${r.stderr}` };
}

// One that goes on: {child, ended}.
export function startInRoot(dir, command, as) {
  const child = spawn('unshare', inside(dir, as, `exec ${command}`).slice(1), { env: ENV, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  child.stdout.on('data', (d) => said.push(d));
  child.stderr.on('data', (d) => said.push(d));
  const ended = new Promise((done) => { child.once('exit', (code, signal) => done(code ?? signal)); });
  process.on('exit', () => child.kill('SIGKILL'));
  return { child, ended, text: () => Buffer.concat(said).toString('utf8') };
}
