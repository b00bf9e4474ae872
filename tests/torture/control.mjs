// Says to a program built with -DFAULTS=ON which call shall fail (torture/fault.c), and reads how many there were.
import { createHash } from 'node:crypto';
import fs from 'node:fs';

export const KINDS = ['memory', 'disk', 'database', 'pages', 'heap'];
// A number of 1..n that follows from the seed and words alone.
export const choose = (seed, n, ...words) => 1 + createHash('sha256').update([seed, ...words].join()).digest().readUInt32LE(0) % n;

const AT = { kind: 0, forever: 4, at: 8, failed: 16, seen: 24 };
const SIZE = AT.seen + 8 * KINDS.length;
const PLACE = 16 + 4 * 8; // its name, call and functions
const ALL = SIZE + 8 + PLACE * (1 << 14); // with the places, after the words that ask for them

export class Control {
  constructor(file) {
    this.file = file;
    fs.writeFileSync(file, '');
    fs.truncateSync(file, ALL);
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

  // Counts begin anew, nothing fails. With a depth the first call of each place is kept too, a place being so many
  // functions of the program, from the innermost outward.
  count(depth = 0) {
    const b = Buffer.alloc(depth > 0 ? ALL : SIZE);
    if (depth > 0) b.writeUInt32LE(depth, SIZE);
    fs.writeSync(this.fd, b, 0, b.length, 0);
  }

  // Asks for no more places; gives those there were by their calls: {name, kind, at, where: [...]}.
  places() {
    const b = Buffer.alloc(ALL - SIZE);
    fs.readSync(this.fd, b, 0, b.length, SIZE);
    fs.writeSync(this.fd, Buffer.alloc(8), 0, 8, SIZE);
    if (b.readUInt32LE(4) > 0) throw new Error('more places than there is room for');
    const found = [];
    for (let i = 8; i < b.length; i += PLACE) {
      const call = b.readBigUInt64LE(i + 8);
      if (call === 0n) continue;
      const where = Array.from({ length: (PLACE - 16) / 4 }, (_, k) => b.readUInt32LE(i + 16 + 4 * k)).filter((at) => at > 0);
      found.push({ name: String(b.readBigUInt64LE(i)), kind: KINDS[Number(call >> 56n)], at: Number(call & 0xffffffffffffffn), where });
    }
    return found.sort((x, y) => x.at - y.at);
  }

  remove() {
    fs.closeSync(this.fd);
    fs.rmSync(this.file);
  }
}
