// A ZIP of stored files, for tests: members [[name, bytes]].
import zlib from 'node:zlib';

// The checksum of ZIP stands at the end of gzip too.
function crc(bytes) {
  const packed = zlib.gzipSync(bytes, { level: 1 });
  return packed.readUInt32LE(packed.length - 8);
}

export function zipFile(members) {
  const parts = [];
  const list = [];
  let at = 0;
  for (const [name, bytes] of members) {
    const n = Buffer.from(name);
    const head = Buffer.alloc(26);
    [20, 0x800, 0, 0, 0x21].forEach((v, i) => head.writeUInt16LE(v, i * 2));
    head.writeUInt32LE(crc(bytes), 10);
    head.writeUInt32LE(bytes.length, 14);
    head.writeUInt32LE(bytes.length, 18);
    head.writeUInt16LE(n.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(at, 10);
    parts.push(Buffer.from('PK\x03\x04'), head, n, bytes);
    list.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), head, place, n]));
    at += 30 + n.length + bytes.length;
  }
  const directory = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, directory, end]);
}
