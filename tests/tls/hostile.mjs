// Peers that mean no good, or know no better, at the port that speaks HTTPS: nothing hangs, nothing stays behind, others are served.
import fs from 'node:fs';
import net from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { until } from '../lib/until.mjs';

const HALF = 300;
const DEAF = 12;
const MIB_MORE = 200;
const RUBBISH = [Buffer.from('\x80\x2e\x01\x03\x01 an old hello', 'latin1'), Buffer.from('SSH-2.0-x\r\n'), Buffer.alloc(4000), Buffer.from('\x16\x03\x01\xff\xffaaaa', 'latin1'),
  Buffer.from('\x16\x03\x03\x00\x02\x01\x00', 'latin1'), Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')];

// What came on a raw connection until it ended.
function raw(port, bytes) {
  return new Promise((done) => {
    let got = Buffer.alloc(0);
    const s = net.connect(port, '127.0.0.1', () => s.end(bytes));
    s.on('data', (d) => { got = Buffer.concat([got, d]); });
    s.on('error', () => {});
    s.on('close', () => done(got.toString('latin1')));
  });
}

// The same socket, each byte sent by itself.
function dripping(socket) {
  const d = new Duplex({
    read() {},
    write(chunk, _encoding, next) {
      for (const b of chunk) socket.write(Buffer.of(b));
      next();
    },
    final(next) { socket.end(); next(); },
  });
  socket.setNoDelay(true);
  socket.on('data', (b) => d.push(b));
  socket.on('end', () => d.push(null));
  socket.on('error', (e) => d.destroy(e));
  return d;
}

export async function hostile(p, own, ask, is) {
  const pid = p.child.pid;
  const files = () => fs.readdirSync(`/proc/${pid}/fd`).length;
  const memory = () => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) >> 10;
  const processor = () => { const f = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' '); return Number(f[11]) + Number(f[12]); };
  const serves = async () => (await ask('/healthz', { agent: false })).status;
  await until('all others have gone', () => files() < 80);
  const quiet = { files: files(), memory: memory() };

  const told = await raw(p.port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  is('plain HTTP is told so', [told.startsWith('HTTP/1.1 400 '), told.endsWith('write https:// in front of its name')], [true, true]);
  for (const bytes of RUBBISH) is('rubbish ends in no answer of a page', (await raw(p.port, bytes)).includes('HTTP/1.1 200'), false);

  // Handshakes that stop in the middle, and peers that ask for much and read nothing.
  const open = [];
  for (let i = 0; i < HALF; i++) {
    const s = net.connect(p.port, '127.0.0.1', () => { if (i % 3 > 0) s.write(i % 3 > 1 ? '\x16' : Buffer.from('\x16\x03\x01\x02\x00\x01', 'latin1')); });
    s.on('error', () => {});
    open.push(s);
  }
  const deaf = [];
  for (let i = 0; i < DEAF; i++) {
    const s = tls.connect(own({}), () => {
      s.pause();
      for (let k = 0; k < 40; k++) s.write('GET /fhir/metadata HTTP/1.1\r\nHost: localhost\r\n\r\n');
    });
    s.on('error', () => {});
    deaf.push(s);
  }
  await until('they are there', () => files() > quiet.files + HALF);
  for (let i = 0; i < 20; i++) is('others are served beside them', await serves(), 200);
  // All answers that fit are under way: from then on it waits, and does not turn round and round.
  let looked = { at: performance.now(), worked: processor() };
  await until('it comes to rest', () => {
    if (performance.now() - looked.at < 1000) return false;
    const rests = processor() - looked.worked < 15;
    looked = { at: performance.now(), worked: processor() };
    return rests;
  }, { within: 60 });
  for (const s of [...open, ...deaf]) s.destroy();

  // Byte by byte, to the answer.
  const line = await new Promise((done) => { const s = net.connect(p.port, '127.0.0.1', () => done(s)); });
  const slow = tls.connect({ socket: dripping(line), servername: 'localhost', ca: own({}).ca });
  let got = '';
  slow.on('data', (d) => { got += d; });
  slow.on('error', (e) => { got += e.message; });
  slow.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  await until('byte by byte is answered', () => got.endsWith('ok\n'));
  line.destroy();

  // TLS 1.2, and the handshake once more.
  const twice = await new Promise((done) => {
    const s = tls.connect(own({ maxVersion: 'TLSv1.2' }), () => {
      const late = setTimeout(() => done('nothing'), 10000);
      const over = (how) => { clearTimeout(late); s.destroy(); done(how); };
      s.on('close', () => over('closed'));
      s.on('error', () => over('refused'));
      s.renegotiate({}, (e) => over(e ? 'refused' : 'done'));
    });
  });
  is('no second handshake', ['refused', 'closed'].includes(twice), true);

  // Gone in the middle of each thing, without a word.
  for (let i = 0; i < 60; i++) {
    await new Promise((done) => {
      const s = tls.connect(own({}), () => {
        s.write(['GET /', 'GET /sign-in HTTP/1.1\r\nHost: localhost\r\n\r\n', 'POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\nabc'][i % 3], () => {
          if (i % 2) s.socket?.resetAndDestroy?.();
          s.destroy();
          done();
        });
      });
      s.on('error', done);
    });
  }
  await until('nothing of them stays', () => files() <= quiet.files + 2, { within: 90 });
  is('memory is given back', memory() - quiet.memory < MIB_MORE, true);
  is('and all are served', await serves(), 200);
}
