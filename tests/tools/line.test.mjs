// The ladder of pictures (web/room_line.ts) over a made-up connection: what a line carries, look by look.
import assert from 'node:assert/strict';
import test from 'node:test';
import * as esbuild from 'esbuild';

const built = await esbuild.build({ entryPoints: ['web/room_line.ts'], bundle: true, format: 'esm', write: false });
const { Ladder } = await import(`data:text/javascript;base64,${Buffer.from(built.outputFiles[0].text).toString('base64')}`);

const LOOK_MS = 2000;

// A connection that says of itself what the test says: loss and time of sound and picture, room in kbit/s.
class Line {
  now = 1000000;
  loss = 0;
  rtt = 0.05;
  room = 3000;
  reported = { audio: null, video: null };
  senders = ['audio', 'video'].map((kind) => {
    let set = { encodings: [{}] };
    return { track: { kind, contentHint: '' }, getParameters: () => structuredClone(set), setParameters: async (p) => { set = p; } };
  });

  get picture() {
    return this.senders[1].getParameters().encodings[0].active !== false;
  }

  getSenders() {
    return this.senders;
  }

  async getStats() {
    this.now += LOOK_MS;
    const report = { id: 'r', type: 'remote-inbound-rtp', fractionLost: this.loss, roundTripTime: this.rtt, timestamp: this.now };
    this.reported.audio = { ...report, id: 'a', kind: 'audio' };
    if (this.picture) this.reported.video = { ...report, id: 'v', kind: 'video' }; // who gets no picture reports none
    return new Map([...Object.values(this.reported).filter(Boolean),
      { id: 'p', type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: this.rtt, availableOutgoingBitrate: this.room * 1000, timestamp: this.now },
    ].map((s) => [s.id, s]));
  }
}

async function looks(ladder, n) {
  for (let i = 0; i < n; i++) await ladder.look();
}

test('a good line has the whole picture', async () => {
  const line = new Line();
  const ladder = new Ladder(line);
  await looks(ladder, 12);
  assert.equal(ladder.level, 4);
});

test('a line that became bad carries sound alone, and has its picture back when it is good again', async () => {
  const line = new Line();
  const ladder = new Ladder(line);
  await looks(ladder, 6);
  Object.assign(line, { loss: 0.3, rtt: 1.8, room: 30 });
  await looks(ladder, 5);
  assert.equal(ladder.level, 1);
  assert.equal(line.picture, false);
  await looks(ladder, 20);
  assert.equal(ladder.level, 1, 'a bad line stays at sound');
  Object.assign(line, { loss: 0, rtt: 0.05 });
  await looks(ladder, 8); // the last report of the picture, of the bad time, stands until here
  assert.ok(ladder.level > 1, `level ${ladder.level}`);
  line.room = 3000; // grows with what is sent
  await looks(ladder, 12);
  assert.equal(ladder.level, 4);
});

test('a line that never carries a picture is tried less and less often', async () => {
  const line = new Line();
  const ladder = new Ladder(line);
  line.room = 30;
  await looks(ladder, 10);
  let shown = 0;
  for (let i = 0; i < 200; i++) {
    await ladder.look();
    shown += line.picture ? 1 : 0;
  }
  assert.ok(shown < 60, `${shown} of 200 looks`);
});
