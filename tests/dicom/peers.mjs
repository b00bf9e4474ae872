// Real peers of the storage service: dcmtk's echoscu and storescu; and ones that stall or send what is none of it.
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { dicomFile } from '../lib/dicom.mjs';
import { ROOT } from '../lib/program.mjs';
import { Place, TITLE } from './place.mjs';

const SAID = path.join(ROOT, 'tests/fuzz/dicom_dimse_fuzz/store');
const SILENCE_S = 2;
const AT_ONCE = 4;
const MANY = 12;

function write(dir, n, uid) {
  fs.mkdirSync(dir, { recursive: true });
  for (let i = 1; i <= n; i++) fs.writeFileSync(path.join(dir, `${i}.dcm`), dicomFile({ uid, n: i }));
}

// Who may: known titles under our name, from their address.
async function titles(t, place) {
  const cases = [[TITLE, 'CONSILIUM', 0, ''], ['NEAR', 'CONSILIUM', 0, ''], ['AWAY', 'CONSILIUM', 1, 'Calling AE Title Not Recognized'],
    ['NOBODY', 'CONSILIUM', 1, 'Calling AE Title Not Recognized'], [TITLE, 'OTHER', 1, 'Called AE Title Not Recognized']];
  for (const [calling, called, code, word] of cases) {
    const r = await place.scu('echoscu', [], calling, called);
    t.check(`echoscu from ${calling} to ${called} is ${code ? 'rejected' : 'answered'}`, (r.code === 0) === (code === 0) && r.said.includes(word), r.said);
  }
  const r = await place.scu('storescu', ['+sd', t.folder], 'NOBODY');
  t.check('storescu from an unknown title is rejected', r.code !== 0 && r.said.includes('Rejected'), r.said);
}

async function counted(t, place, name, uid, n) {
  const r = await place.get(`/studies/${uid}/instances`);
  const have = r.status === 200 ? JSON.parse(r.body).length : 0;
  t.check(name, have === n, `${have} instances of ${n}`);
}

async function sending(t, place) {
  write(path.join(t.folder, 'all', 'deep'), MANY, '1.2.3101');
  let r = await place.scu('storescu', ['+sd', '+r', path.join(t.folder, 'all')]);
  t.check('storescu +sd +r', r.code === 0, r.said);
  await counted(t, place, 'a folder of files is a study', '1.2.3101', MANY);
  for (const pdu of ['4096', '131072']) {
    r = await place.scu('storescu', ['--max-pdu', pdu, '+sd', '+r', path.join(t.folder, 'all')]);
    t.check(`the same again with --max-pdu ${pdu}`, r.code === 0, r.said);
  }
  r = await place.scu('storescu', ['--repeat', '3', '+sd', '+r', path.join(t.folder, 'all')]);
  t.check('the same over and over', r.code === 0, r.said);
  const folders = Array.from({ length: AT_ONCE }, (_, i) => path.join(t.folder, `at-once-${i}`));
  folders.forEach((f, i) => write(f, MANY, `1.2.32${i}`));
  const all = await Promise.all(folders.map((f) => place.scu('storescu', ['+sd', f])));
  t.check(`${AT_ONCE} associations at once`, all.every((x) => x.code === 0), all.map((x) => x.said).join(''));
  for (const i of folders.keys()) await counted(t, place, `study ${i} of them is whole`, `1.2.32${i}`, MANY);
  const changed = path.join(t.folder, 'changed.dcm');
  fs.writeFileSync(changed, dicomFile({ uid: '1.2.3101', n: 1, pixels: '\x09\x09\x09\x09' }));
  r = await place.scu('storescu', ['-v', changed]);
  t.check('other bytes under a known UID are refused by C-STORE', r.code !== 0 || /0111|Warning|Duplicate/.test(r.said), r.said);
}

// Sends bytes and waits until the other side ends it; seconds it took, and what came.
function talk(port, bytes, limit_s) {
  return new Promise((done) => {
    const began = performance.now();
    const parts = [];
    const s = net.connect(port, '127.0.0.1', () => s.write(bytes));
    const end = () => { clearTimeout(timer); s.destroy(); done({ seconds: (performance.now() - began) / 1000, bytes: Buffer.concat(parts) }); };
    const timer = setTimeout(end, limit_s * 1000);
    s.on('data', (d) => parts.push(d));
    s.on('end', end);
    s.on('error', end);
  });
}

async function rude(t, place) {
  const near = (r, s) => r.seconds >= s * 0.8 && r.seconds < s + 4;
  const [silent, nonsense] = await Promise.all([talk(place.dicomPort, Buffer.alloc(0), 10), talk(place.dicomPort, Buffer.from('GET / HTTP/1.1\r\n\r\n'), 10)]);
  t.check('who says nothing is cut off', near(silent, SILENCE_S), `${silent.seconds} s`);
  t.check('who says nonsense is cut off at once', nonsense.seconds < SILENCE_S && nonsense.bytes[0] === 7, `${nonsense.seconds} s, ${nonsense.bytes.toString('hex')}`);
  const whole = fs.readFileSync(SAID); // an association with one image of study 1.2.3
  const cut = await talk(place.dicomPort, whole.subarray(0, whole.length - 60), 10);
  t.check('who stalls in the middle of an image is cut off', near(cut, SILENCE_S), `${cut.seconds} s`);
  const r = await place.get('/studies/1.2.3');
  t.check('and nothing of it is filed', r.status === 404, String(r.status));
  const echo = await place.scu('echoscu', []);
  t.check('others are served after that', echo.code === 0, echo.said);
}

export async function peers(t) {
  if (!t.dcmtk) {
    t.left('echoscu and storescu', 'dcmtk is not installed');
    return;
  }
  const place = await Place.open(t.build, ['--dicom-silence', String(SILENCE_S)]);
  t.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-dicom-'));
  try {
    write(t.folder, 1, '1.2.3100');
    await titles(t, place);
    await sending(t, place);
    await rude(t, place);
  } finally {
    fs.rmSync(t.folder, { recursive: true });
  }
  await place.close();
}
