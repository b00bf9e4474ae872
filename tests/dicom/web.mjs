// The DICOMweb client for JavaScript (npm dicomweb-client), as an application of others uses it: stores, searches,
// retrieves. It speaks through XMLHttpRequest, which Node has not: what of it the client uses stands here.
import { createRequire } from 'node:module';
import { dicomFile } from '../lib/dicom.mjs';
import { Place } from './place.mjs';

class Xhr {
  open(method, url) {
    Object.assign(this, { method, url, asked: {}, readyState: 1, responseType: '' });
  }

  setRequestHeader(name, value) {
    this.asked[name] = value;
  }

  getResponseHeader(name) {
    return this.reply.headers.get(name);
  }

  getAllResponseHeaders() {
    return [...this.reply.headers].map(([k, v]) => `${k}: ${v}`).join('\r\n');
  }

  async send(data) {
    this.reply = await fetch(this.url, { method: this.method, headers: this.asked, body: data });
    this.status = this.reply.status;
    const bytes = await this.reply.arrayBuffer();
    const text = () => Buffer.from(bytes).toString();
    this.response = this.responseType === 'arraybuffer' ? bytes : this.responseType === 'json' ? (bytes.byteLength ? JSON.parse(text()) : null) : text();
    this.readyState = 4;
    this.onloadstart?.();
    this.onreadystatechange?.();
    this.onloadend?.();
  }
}

const N = 3;
const PIXELS = '\x01\x02\x03\x04';
const exact = (b) => b.buffer.slice(b.byteOffset, b.byteOffset + b.length);

export async function web(t) {
  const require = createRequire(import.meta.url);
  globalThis.XMLHttpRequest = Xhr;
  const { api } = require('dicomweb-client');
  const place = await Place.open(t.build);
  const client = new api.DICOMwebClient({ url: `${place.program.base}/dicom-web`, headers: { Authorization: place.auth.authorization }, verbose: false, errorInterceptor: () => {} });
  const uid = '1.2.3201';
  const of = { studyInstanceUID: uid, seriesInstanceUID: `${uid}.1`, sopInstanceUID: `${uid}.1.2` };
  const sent = Array.from({ length: N }, (_, i) => dicomFile({ uid, n: i + 1, id: 'WEB1', name: 'Client^Web' }));
  const same = (a, b) => Buffer.from(a).equals(b);
  const steps = {
    storeInstances: async () => { await client.storeInstances({ datasets: sent.map(exact) }); return true; },
    searchForStudies: async () => (await client.searchForStudies({ queryParams: { PatientID: 'WEB1' } }))[0]?.['0020000D'].Value[0] === uid,
    'searchForStudies that finds nothing': async () => ((await client.searchForStudies({ queryParams: { PatientID: 'NOBODY' } })) ?? []).length === 0,
    searchForSeries: async () => (await client.searchForSeries(of)).length === 1,
    searchForInstances: async () => (await client.searchForInstances(of)).length === N,
    retrieveStudyMetadata: async () => (await client.retrieveStudyMetadata(of)).length === N,
    retrieveSeriesMetadata: async () => (await client.retrieveSeriesMetadata(of)).length === N,
    retrieveInstanceMetadata: async () => (await client.retrieveInstanceMetadata(of))[0]['00080018'].Value[0] === of.sopInstanceUID,
    retrieveInstance: async () => same(await client.retrieveInstance(of), sent[1]),
    retrieveSeries: async () => (await client.retrieveSeries(of)).filter((b) => sent.some((s) => same(b, s))).length === N,
    retrieveStudy: async () => (await client.retrieveStudy(of)).length === N,
    retrieveInstanceFrames: async () => same((await client.retrieveInstanceFrames({ ...of, frameNumbers: [1] }))[0], Buffer.from(PIXELS, 'latin1')),
    retrieveInstanceRendered: async () => Buffer.from((await client.retrieveInstanceRendered({ ...of, mediaTypes: [{ mediaType: 'image/png' }] }))[0]).toString('latin1', 1, 4) === 'PNG',
    retrieveInstanceThumbnail: async () => Buffer.from((await client.retrieveInstanceThumbnail({ ...of, mediaTypes: [{ mediaType: 'image/jpeg' }] }))[0]).readUInt16BE(0) === 0xffd8,
    'retrieveInstance of nothing fails': async () => client.retrieveInstance({ ...of, sopInstanceUID: '1.2.9' }).then(() => false, (e) => e.status === 404),
  };
  for (const [name, step] of Object.entries(steps)) {
    let why = 'another answer';
    const fine = await step().catch((e) => { why = `${e.status ?? ''} ${e.message}`; return false; });
    t.check(`dicomweb-client: ${name}`, fine, why);
  }
  await place.close();
}
