// A media server (Janus) and a relay (coturn) of a test: configured as the program writes it, started and stopped here.
import { spawn, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { until } from '../lib/until.mjs';
import { ADDRESS } from './net.mjs';

const running = new Set();
process.on('exit', () => { for (const c of running) c.kill('SIGKILL'); });

// Starts a program; its words are kept for a failure.
function begin(words) {
  const c = spawn(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  const it = { child: c, said: '', over: false };
  running.add(c);
  for (const s of [c.stdout, c.stderr]) s.on('data', (d) => { it.said = (it.said + d).slice(-20000); });
  it.ended = new Promise((done) => { c.once('exit', () => { it.over = true; running.delete(c); done(); }); });
  return it;
}

export class Media {
  // exe: of the program. number: which server of several on this machine. recordings: it may record. loopback: the relay may reach this machine.
  constructor(exe, number = 0, recordings = false) {
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-media-'));
    this.port = 18088 + number * 10;
    this.turnPort = 13478 + number * 10;
    const r = spawnSync(exe, ['media', 'conf', this.dir, '--address', ADDRESS, '--janus-port', String(this.port), '--media-port',
      String(20000 + number * 2000), '--turn-port', String(this.turnPort), '--loopback', 'true',
      ...(recordings ? ['--recordings', path.join(this.dir, 'recordings')] : [])], { encoding: 'utf8' });
    if (r.status !== 0) throw new Error(`media conf: ${r.stdout}${r.stderr}`);
    this.file = path.join(this.dir, 'media-server');
    this.settings = Object.fromEntries(fs.readFileSync(path.join(this.dir, 'consilium.conf'), 'utf8').trim().split('\n').map((l) => l.split(' = ')));
    this.secrets = Object.fromEntries(fs.readFileSync(this.file, 'utf8').split('\n').filter((l) => l.includes(' = ')).map((l) => l.split(' = ')));
  }

  async janusStart() {
    this.janus = begin(['janus', '-F', path.join(this.dir, 'janus')]);
    await until('Janus answers', async () => {
      if (this.janus.over) throw new Error(`Janus ended: ${this.janus.said}`);
      return this.admin({ janus: 'get_status' }).then((r) => r.janus === 'success', () => false);
    });
    return this;
  }

  // Dies as a crash does.
  async janusKill() {
    this.janus.child.kill('SIGKILL');
    await this.janus.ended;
  }

  // more: further words of its command line.
  async turnStart(more = []) {
    this.turn = begin(['turnserver', '-c', path.join(this.dir, 'turnserver.conf'), ...more]);
    await until('the relay listens', () => {
      if (this.turn.over) throw new Error(`the relay ended: ${this.turn.said}`);
      return spawnSync('ss', ['-ltn'], { encoding: 'utf8' }).stdout.includes(`${ADDRESS}:${this.turnPort}`);
    });
    return this;
  }

  // A user of the relay for a while, as the program makes them.
  turnUser(transport) {
    const username = `${Math.floor(Date.now() / 1000) + 600}:test`;
    const credential = createHmac('sha1', this.settings.turn_secret).update(username).digest('base64');
    return { urls: `turn:${ADDRESS}:${this.turnPort}?transport=${transport}`, username, credential };
  }

  async admin(message) {
    const r = await fetch(this.secrets.admin_url, { method: 'POST', body: JSON.stringify({ transaction: 't', admin_secret: this.secrets.admin_secret, ...message }) });
    return r.json();
  }

  // Rooms there now.
  async rooms() {
    const r = await this.admin({ janus: 'message_plugin', plugin: 'janus.plugin.videoroom', request: { request: 'list', admin_key: this.secrets.room_key } });
    return r.response.list;
  }

  async stop() {
    for (const it of [this.janus, this.turn]) {
      if (it && !it.over) {
        it.child.kill('SIGTERM');
        const late = setTimeout(() => it.child.kill('SIGKILL'), 5000);
        await it.ended;
        clearTimeout(late);
      }
    }
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}
