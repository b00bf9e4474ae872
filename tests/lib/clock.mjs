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
    this.move(0);
    this.env = this.without ? {} : { LD_PRELOAD: shim, CLOCK_MOVED: this.file }; // of the program
  }

  // So many seconds from the true time.
  move(seconds) {
    fs.writeFileSync(`${this.file}.new`, String(seconds));
    fs.renameSync(`${this.file}.new`, this.file);
  }

  remove() {
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}
