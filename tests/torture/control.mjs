// Says to a program built with -DFAULTS=ON which call shall fail (torture/fault.c), and reads how many there were.
import { createHash } from 'node:crypto';
import fs from 'node:fs';

export const KINDS = ['memory', 'disk', 'database', 'pages', 'heap'];
// A number of 1..n that follows from the seed and words alone.
export const choose = (seed, n, ...words) => 1 + createHash('sha256').update([seed, ...words].join()).digest().readUInt32LE(0) % n;

const AT = { kind: 0, forever: 4, at: 8, failed: 16, seen: 24 };
const SIZE = AT.seen + 8 * KINDS.length;

export class Control {
  constructor(file) {
    this.file = file;
    fs.writeFileSync(file, Buffer.alloc(SIZE));
    this.fd = fs.openSync(file, 'r+');
    this.env = { FAULTS_CONTROL: file };
  }

  // From now on call number at of a kind fails, and with forever all after it.
  arm(kind, at, forever) {
    const b = Buffer.alloc(SIZE);
    b.writeUInt32LE(Number(forever), AT.forever);
    b.writeBigUInt64LE(BigInt(at), AT.at);
    fs.writeSync(this.fd, b, 0, SIZE, 0);
    b.writeUInt32LE(KINDS.indexOf(kind) + 1, AT.kind);
    fs.writeSync(this.fd, b, 0, 4, AT.kind); // last: what stands beside it holds then
  }

  // Nothing fails any more; gives {failed, memory, disk...}: calls since the last arm or count.
  disarm() {
    const b = Buffer.alloc(SIZE);
    fs.writeSync(this.fd, b, 0, 4, AT.kind);
    fs.readSync(this.fd, b, 0, SIZE, 0);
    return Object.fromEntries([['failed', Number(b.readBigUInt64LE(AT.failed))],
      ...KINDS.map((k, i) => [k, Number(b.readBigUInt64LE(AT.seen + 8 * i))])]);
  }

  // Counts begin anew, nothing fails.
  count() {
    fs.writeSync(this.fd, Buffer.alloc(SIZE), 0, SIZE, 0);
  }

  remove() {
    fs.closeSync(this.fd);
    fs.rmSync(this.file);
  }
}
