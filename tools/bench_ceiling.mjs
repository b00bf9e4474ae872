// What the driver of tools/bench_dicom.mjs can take at most: a server that only sends. node tools/bench_ceiling.mjs FOLDER
// Every instance is the first file of the folder, every series all of them, out of memory; nothing is looked up or recorded.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const folder = process.argv[2];
const BOUNDARY = 'ce111n6';
const files = fs.readdirSync(folder).sort().map((n) => fs.readFileSync(path.join(folder, n)));
const body = (some) => [...some.flatMap((f) => [Buffer.from(`\r\n--${BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n`), f]), Buffer.from(`\r\n--${BOUNDARY}--\r\n`)];
const [one, all] = [body(files.slice(0, 1)), body(files)];
const size = (parts) => parts.reduce((n, p) => n + p.length, 0);

const server = http.createServer(async (req, res) => {
  const parts = req.url.includes('/instances/') ? one : all;
  res.writeHead(200, { 'content-type': `multipart/related; type="application/dicom"; boundary=${BOUNDARY}`, 'content-length': size(parts) });
  for (const p of parts) {
    if (!res.write(p)) await new Promise((done) => { res.once('drain', done); });
  }
  res.end();
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
