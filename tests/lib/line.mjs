// A bad line: a TCP proxy before the program that is slow and is cut when the test says so.
import net from 'node:net';

export class Line {
  constructor(program) {
    this.program = program;
    this.open = true;
    this.sent = 0; // bytes towards the program
    this.bytesPerSecond = 0; // 0: as fast as it goes
    this.pairs = new Set();
  }

  async start() {
    this.server = net.createServer((near) => {
      near.on('error', () => {});
      if (!this.open) return near.destroy();
      const far = net.connect(this.program.port, '127.0.0.1');
      const pair = [near, far];
      this.pairs.add(pair);
      const end = () => { near.destroy(); far.destroy(); this.pairs.delete(pair); };
      for (const s of pair) s.on('error', end).on('close', end);
      near.on('data', (d) => {
        this.sent += d.length;
        far.write(d);
        if (!this.bytesPerSecond) return;
        near.pause();
        setTimeout(() => near.resume(), (d.length / this.bytesPerSecond) * 1000);
      });
      far.pipe(near);
    });
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.base = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  cut() {
    this.open = false;
    for (const pair of this.pairs) pair.forEach((s) => s.destroy());
  }

  mend() {
    this.open = true;
  }

  stop() {
    this.cut();
    this.server.close();
  }
}
