// The program's time of day, moved by a test while it runs: tests/faults/clock.c, loaded before the C library.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from './program.mjs';

export class Clock {
  constructor(build) {
    const shim = path.join(ROOT, 'build', build, 'tests', 'faults_clock.so');
    this.without = build === 'asan' || build === 'tsan' ? 'sanitizers come first' : fs.existsSync(shim) ? '' : `${path.relative(ROOT, shim)} is not built`;
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-clock-'));
    this.file = path.join(this.dir, 'moved');
    this.fd = fs.openSync(this.file, 'w');
    this.move(0);
    this.env = this.without ? {} : { LD_PRELOAD: shim, CLOCK_MOVED: this.file }; // of the program
  }

  // So many seconds from the true time.
  move(seconds) {
    fs.writeSync(this.fd, String(seconds).padEnd(24), 0); // in its place, all at once: the program keeps the file open
  }

  remove() {
    fs.closeSync(this.fd);
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}
