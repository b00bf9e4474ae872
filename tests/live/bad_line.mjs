// A bad line between one person and everything else: TCP to the program and UDP or TCP to the relay share so many kbit/s each
// way, lose some of what is UDP, and are cut when the test says so. In this process, for not every kernel can shape and lose.
import dgram from 'node:dgram';
import net from 'node:net';
import { ADDRESS } from './net.mjs';

const QUEUE_MS = 1500; // what waits longer is lost (UDP) or makes the sender wait (TCP)
const OVERHEAD = 28; // bytes of IP and UDP that a packet has on a real line

class Way {
  constructor(line) {
    this.line = line;
    this.free = 0; // when the last byte is through
  }

  // How long something of so many bytes is under way, in ms.
  take(bytes) {
    const now = performance.now();
    const wait = Math.max(this.free - now, 0);
    this.free = now + wait + (this.line.kbit ? ((bytes + OVERHEAD) * 8) / this.line.kbit : 0);
    return this.free - now;
  }

  get late() {
    return this.free - performance.now() > QUEUE_MS;
  }
}

export class BadLine {
  constructor() {
    this.kbit = 0; // 0: as fast as it goes
    this.loss = 0; // of 1
    this.open = true;
    this.out = new Way(this);
    this.in = new Way(this);
    this.ends = new Set();
    this.sockets = new Set();
  }

  // A TCP port of the line that leads to another.
  async tcp(port, host = '127.0.0.1') {
    const server = net.createServer((near) => {
      near.on('error', () => {});
      if (!this.open) return near.destroy();
      const far = net.connect(port, host);
      const pair = [near, far];
      this.sockets.add(pair);
      const end = () => { near.destroy(); far.destroy(); this.sockets.delete(pair); };
      for (const s of pair) s.setNoDelay(true).on('error', end).on('close', end);
      const carry = (from, to, way) => from.on('data', (d) => {
        const after = way.take(d.length);
        setTimeout(() => to.writable && to.write(d), after);
        if (way.late) {
          from.pause();
          setTimeout(() => from.resume(), after - QUEUE_MS / 2);
        }
      });
      carry(near, far, this.out);
      carry(far, near, this.in);
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    this.ends.add(server);
    return server.address().port;
  }

  // A UDP port of the line that leads to another.
  async udp(port, host) {
    const near = dgram.createSocket('udp4');
    const ways = new Map(); // who came, the socket that speaks for them
    near.on('message', (d, from) => {
      const who = `${from.address}:${from.port}`;
      let far = ways.get(who);
      if (!far) {
        far = dgram.createSocket('udp4');
        far.bind(0, ADDRESS);
        ways.set(who, far);
        this.ends.add(far);
        far.on('message', (back) => this.datagram(back, this.in, () => near.send(back, from.port, from.address)));
      }
      this.datagram(d, this.out, () => far.send(d, port, host));
    });
    await new Promise((done) => near.bind(0, ADDRESS, done));
    this.ends.add(near);
    return near.address().port;
  }

  datagram(d, way, send) {
    if (!this.open || Math.random() < this.loss || (this.kbit && way.late)) return;
    setTimeout(() => { try { send(); } catch { /* it was closed */ } }, way.take(d.length));
  }

  cut() {
    this.open = false;
    for (const pair of this.sockets) pair.forEach((s) => s.destroy());
  }

  mend() {
    this.open = true;
  }

  stop() {
    this.cut();
    for (const e of this.ends) e.close();
  }
}
