// Looks for secrets in the memory of a running process, where a core file would have them: proc(5), pages that are in
// memory and whose mapping is not left out of core files (VmFlags "dd").
import fs from 'node:fs';

const PAGE = 4096n;
const PRESENT = 0xc0; // of a pagemap entry's last byte: in memory, or on the swap
const AT_ONCE = 64;   // pages

function mappings(pid) {
  const list = [];
  for (const line of fs.readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)$/.exec(line);
    if (head) list.push({ from: BigInt(`0x${head[1]}`), to: BigInt(`0x${head[2]}`), rights: head[3], name: head[4], flags: [] });
    else if (line.startsWith('VmFlags:')) list[list.length - 1].flags = line.slice(8).trim().split(' ');
  }
  return list;
}

// The bytes of a mapping that are there, in pieces of AT_ONCE pages at most that share their edges.
function* pieces(pid, map, mem) {
  const entries = Buffer.alloc(Number((map.to - map.from) / PAGE) * 8);
  const pagemap = fs.openSync(`/proc/${pid}/pagemap`, 'r');
  const got = fs.readSync(pagemap, entries, 0, entries.length, Number(map.from / PAGE) * 8);
  fs.closeSync(pagemap);
  const here = (i) => i * 8 < got && (entries[i * 8 + 7] & PRESENT) !== 0;
  for (let i = 0; i * 8 < got; i++) {
    if (!here(i)) continue;
    let n = 1;
    while (n < AT_ONCE && here(i + n)) n++;
    const b = Buffer.alloc(n * Number(PAGE));
    let read = 0;
    try {
      read = fs.readSync(mem, b, 0, b.length, Number(map.from + BigInt(i) * PAGE));
    } catch (e) {
      if (e.code !== 'EIO' && e.code !== 'EFAULT') throw e;
    }
    yield b.subarray(0, read);
    if (n === AT_ONCE && here(i + n)) i += n - 2;
    else i += n - 1;
  }
}

// secrets: {name: Buffer}. Gives {dumped: [names found where a core file has them], kept: [names found elsewhere]}.
export function secretsIn(pid, secrets) {
  const found = { dumped: new Set(), kept: new Set() };
  const mem = fs.openSync(`/proc/${pid}/mem`, 'r');
  for (const map of mappings(pid)) {
    if (!map.rights.startsWith('r') || /^\[v/.test(map.name)) continue;
    const place = map.flags.includes('dd') ? found.kept : found.dumped;
    for (const bytes of pieces(pid, map, mem)) {
      for (const [name, secret] of Object.entries(secrets)) if (bytes.includes(secret)) place.add(name);
    }
  }
  fs.closeSync(mem);
  return { dumped: [...found.dumped].sort(), kept: [...found.kept].sort() };
}
