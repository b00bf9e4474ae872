// Sound first, and always: how much picture a line carries is measured and followed, step by step, down to sound
// alone (24 kbit/s with all that goes around it) and back. What got worse after a step up is tried again later each
// time.
export interface Measure { level: number; rtt: number; lost: number; kbit: number; sound: boolean }
type Stat = Record<string, number | string | boolean | undefined>;

// kbit/s of the picture; by how much it is made smaller; pictures a second.
const RUNGS = [
  { kbit: 0, down: 4, rate: 0 }, { kbit: 0, down: 4, rate: 0 }, { kbit: 120, down: 4, rate: 12 }, { kbit: 450, down: 2, rate: 20 }, { kbit: 1400, down: 1, rate: 25 },
] as const;
export const RATE_MOST = 25;
const SOUND = 32000;
const SOUND_ALONE = 14000; // with longer packets: some 24 kbit/s on the line
const UP_AFTER = 3; // good looks
const DOWN_AFTER = 2; // bad ones
const WAIT_MAX = 20; // looks: a line that became good has its picture back within a minute
const SOON = 8; // looks
const SETTLE = 4; // looks until what the line is thought to carry has grown with what is sent
const FRESH_MS = 8000; // the other side reports every five seconds at least; older words tell of a line that was

export class Ladder {
  level = 2;
  most = 4; // no more than this is sent, however good the line
  rate: number = RATE_MOST; // pictures a second at most
  private up = 0; // looks since the last step up
  private good = 0;
  private bad = 0;
  private wait = UP_AFTER;
  private looks = 0;
  private before = new Map<string, number>();
  last: Measure = { level: 2, rtt: 0, lost: 0, kbit: 0, sound: true };

  constructor(private readonly pc: RTCPeerConnection) {}

  private grown(key: string, now: unknown): number {
    const v = Number(now ?? 0);
    const was = this.before.get(key);
    this.before.set(key, v);
    return was === undefined || v < was ? 0 : v - was;
  }

  // One look at the line, every two seconds.
  async look(): Promise<Measure> {
    const all: Stat[] = [];
    (await this.pc.getStats()).forEach((s: Stat) => all.push(s));
    const now = Math.max(0, ...all.map((s) => Number(s.timestamp ?? 0)));
    let lost = 0, rtt = 0, bytes = 0, got = 0, missed = 0, tight = false, sound = 0, room = Infinity;
    for (const s of all) {
      const k = String(s.id);
      if (s.type === 'remote-inbound-rtp') {
        // Of a picture that stopped no new report comes: its last one would keep it stopped.
        if (now - Number(s.timestamp ?? 0) > FRESH_MS) continue;
        lost = Math.max(lost, Number(s.fractionLost ?? 0));
        rtt = Math.max(rtt, Number(s.roundTripTime ?? 0));
      } else if (s.type === 'inbound-rtp') {
        bytes += this.grown(`${k}b`, s.bytesReceived);
        const n = this.grown(`${k}p`, s.packetsReceived);
        if (s.kind === 'audio') sound += n;
        got += n;
        missed += this.grown(`${k}l`, s.packetsLost);
      } else if (s.type === 'outbound-rtp') {
        bytes += this.grown(`${k}b`, s.bytesSent);
        if (s.kind === 'video') tight ||= s.qualityLimitationReason === 'bandwidth';
      } else if (s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded') {
        rtt = Math.max(rtt, Number(s.currentRoundTripTime ?? 0));
        if (s.availableOutgoingBitrate !== undefined) room = Number(s.availableOutgoingBitrate) / 1000;
      }
    }
    const here = got + missed > 0 ? missed / (got + missed) : 0;
    this.step(Math.max(lost, 0), rtt, tight, room);
    await this.apply();
    this.last = { level: this.level, rtt: Math.round(rtt * 1000), lost: Math.round(Math.max(lost, here) * 1000), kbit: Math.round(bytes * 8 / 2000), sound: sound > 0 };
    return this.last;
  }

  private step(lost: number, rtt: number, tight: boolean, room: number): void {
    if (++this.looks < 2) return;
    const need = RUNGS[this.level]?.kbit ?? 0;
    const poor = lost > 0.08 || rtt > 1.5 || (this.up >= SETTLE && room < need * 0.6);
    this.bad = poor ? this.bad + 1 : 0;
    this.good = !poor && !(tight && this.level > 2) && lost < 0.03 ? this.good + 1 : 0;
    this.up++;
    if (this.level > this.most) this.level = this.most;
    if (this.level > 1 && this.bad >= DOWN_AFTER) {
      this.level = room < 90 || lost > 0.2 ? 1 : this.level - 1;
      this.bad = 0;
      this.good = 0;
      // Worse soon after a step up: that step is tried later each time. Else the line itself became worse.
      this.wait = this.up < SOON ? Math.min(this.wait * 2, WAIT_MAX) : UP_AFTER;
    } else if (this.level < this.most && this.good >= this.wait) {
      this.level += 1;
      this.up = 0;
      this.good = 0;
    } else if (this.level === 4 && this.good > 30) this.wait = UP_AFTER;
  }

  private async apply(): Promise<void> {
    const rung = RUNGS[this.level] ?? RUNGS[1];
    for (const sender of this.pc.getSenders()) {
      if (!sender.track) continue;
      const p = sender.getParameters();
      const e = p.encodings?.[0] as (RTCRtpEncodingParameters & { adaptivePtime?: boolean }) | undefined;
      if (!e) continue;
      const key = `${sender.track.kind}${this.level}${sender.track.contentHint}${this.rate}`;
      if ((sender as { done?: string }).done === key) continue;
      if (sender.track.kind === 'audio') {
        e.maxBitrate = this.level > 1 ? SOUND : SOUND_ALONE;
        e.adaptivePtime = this.level <= 1;
        e.priority = 'high';
        e.networkPriority = 'high';
      } else {
        const text = sender.track.contentHint === 'detail';
        e.active = rung.kbit > 0;
        if (rung.kbit > 0) {
          e.maxBitrate = rung.kbit * 1000;
          e.scaleResolutionDownBy = text ? 1 : rung.down;
          e.maxFramerate = Math.min(rung.rate, this.rate, text ? 8 : this.rate);
        }
      }
      await sender.setParameters(p).then(() => { (sender as { done?: string }).done = key; }, () => undefined);
    }
  }
}
