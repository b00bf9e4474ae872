// A media server of a crash test: it answers as Janus does over HTTP, carries nothing, and writes made-up files where it is
// told to record; it outlives the program. Half the files of a session that nobody ends stay unfinished, as after its own death.
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { until } from '../lib/until.mjs';

const POLL_MS = 500;
const FIRST_BYTES = 1500; // more than the head alone
const MORE_BYTES = 700;
const ENDED = { error: { code: 458, reason: 'No such session' } };

export class Media {
  // begins(folder): called as a room begins to be recorded.
  static async listen(begins) {
    const m = new Media();
    m.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-recorded-'));
    m.recordings = path.join(m.dir, 'recordings');
    fs.mkdirSync(m.recordings);
    Object.assign(m, { begins, ids: 0, polls: 0, sessions: new Map(), rooms: new Map(), written: [] });
    m.server = http.createServer((q, r) => {
      const parts = [];
      q.on('data', (d) => parts.push(d));
      q.on('end', () => m.answer(q, r, parts.length ? JSON.parse(Buffer.concat(parts)) : null));
    });
    await new Promise((done) => { m.server.listen(0, '127.0.0.1', done); });
    const base = `http://127.0.0.1:${m.server.address().port}`;
    m.file = path.join(m.dir, 'media-server');
    fs.writeFileSync(m.file, `api_url = ${base}/janus\napi_secret = api\nadmin_url = ${base}/admin\nadmin_secret = admin\nroom_key = key\n`);
    return m;
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
    fs.rmSync(this.dir, { recursive: true, force: true });
  }

  answer(q, r, body) {
    const send = (what) => r.end(JSON.stringify(what));
    const [, at, session, handle] = q.url.split('?')[0].split('/');
    if (at === 'admin') return send(body.janus === 'message_plugin' ? { janus: 'success', response: this.room(body.request) } : { janus: 'success' });
    const s = this.sessions.get(Number(session));
    if (session && !s) return send(ENDED);
    if (q.method === 'GET') return this.poll(s, send);
    return send({ janus: 'success', ...this.said(s, Number(handle), body) });
  }

  // What happened, or that nothing did.
  poll(s, send) {
    const give = () => { this.polls += 1; clearTimeout(timer); s.wake = () => {}; send(s.events.length ? s.events.splice(0) : [{ janus: 'keepalive' }]); };
    const timer = setTimeout(give, s.events.length ? 0 : POLL_MS);
    s.wake = give;
  }

  said(s, handle, body) {
    const id = () => ({ data: { id: ++this.ids } });
    if (body.janus === 'create') {
      for (const old of this.sessions.keys()) this.leave(old);
      this.sessions.set(this.ids + 1, { events: [], wake: () => {} });
      return id();
    }
    if (body.janus === 'attach') return id();
    if (body.janus === 'detach') for (const room of this.rooms.values()) this.out(room, handle, true);
    if (body.body?.request === 'join') {
      const { room: number, id: feed } = body.body;
      const room = this.rooms.get(number);
      const data = room ? { videoroom: 'joined', room: number, id: feed, private_id: feed, publishers: [] } : { videoroom: 'event', error_code: 426 };
      if (room) room.people.set(handle, { feed, files: [] });
      if (room?.folder) this.begin(room, room.people.get(handle));
      s.events.push({ janus: 'event', sender: handle, plugindata: { plugin: 'janus.plugin.videoroom', data } });
      s.wake();
    }
    return {};
  }

  // A session that ended by itself takes its people out.
  leave(session) {
    this.sessions.delete(session);
    for (const room of this.rooms.values()) for (const handle of [...room.people.keys()]) this.out(room, handle, this.written.length % 2 === 0);
    this.rooms.clear();
  }

  room({ request, room: number, record, rec_dir: made, new_rec_dir: named }) {
    if (request === 'create') this.rooms.set(number, { number, people: new Map(), folder: '', named: '' });
    const room = this.rooms.get(number);
    if (!room) return { error_code: 426 };
    room.named = made ?? named ?? room.named;
    if (request === 'create' || request === 'enable_recording') this.record(room, record);
    if (request === 'destroy') {
      for (const handle of [...room.people.keys()]) this.out(room, handle, true);
      this.rooms.delete(number);
    }
    return {};
  }

  record(room, on) {
    const before = room.folder;
    room.folder = on ? room.named : '';
    for (const p of room.people.values()) {
      if (on && !before) this.begin(room, p);
      if (!on) this.end(p, true);
    }
  }

  // A file for the sound of a person, one for the picture.
  begin(room, p) {
    this.begins(path.basename(room.folder));
    for (const kind of ['audio-0', 'video-1']) {
      const name = `videoroom-${room.number}-user-${p.feed}-${process.hrtime.bigint()}-${kind}.mjr`;
      const f = { folder: room.folder, name, bytes: randomBytes(FIRST_BYTES), open: true };
      fs.writeFileSync(path.join(f.folder, `${name}.tmp`), f.bytes);
      this.written.push(f);
      p.files.push(f);
    }
  }

  end(p, whole) {
    for (const f of p.files.splice(0)) {
      const more = randomBytes(MORE_BYTES);
      const at = path.join(f.folder, `${f.name}.tmp`);
      fs.appendFileSync(at, more);
      f.sha = createHash('sha256').update(f.bytes).update(more).digest('hex');
      if (whole) fs.renameSync(at, path.join(f.folder, f.name));
      f.open = false;
    }
  }

  out(room, handle, whole) {
    const p = room.people.get(handle);
    if (p) this.end(p, whole);
    room.people.delete(handle);
  }

  // The program has gone on for a while: it has asked twice what happened.
  awhile() {
    const before = this.polls;
    return until('the program asks what happened', () => this.polls >= before + 2);
  }

  writing() { return this.written.some((f) => f.open); }
}
