// The way through a media server, in a room of many: one connection for what this page sends ("up"), one for everybody
// it receives ("down"). What both sides tell each other stands in src/work/README.md.
import type { Mail } from './room_mail';
import { Ladder, RATE_MOST, type Measure } from './room_line';
import type { Local } from './room_peer';

interface From { mid: string; kind: string; from: number }
interface Word { do: string; sdp?: string; pc?: 'up' | 'down'; streams?: From[] }
export type ServerState = 'joining' | 'on' | 'mesh' | 'none' | 'error';

const CARE_MS = 4000;
const BATCH_MS = 60;
const ANEW_AFTER = 3; // tries to mend before a new connection
const JOIN_AGAIN = 3; // looks without a welcome
const LOST_MUCH = 100; // per mille received badly: pictures stop
const LOST_LITTLE = 20;
const CALM_MAX = 60; // looks
const POOR_LOOKS = 2;
const MANY = 4; // others: fewer pictures a second, for a small computer draws them all
const MANY_RATE = 12;
const VERY_MANY = 8; // others: small pictures of each

export class Server {
  state: ServerState = 'joining';
  readonly streams = new Map<number, MediaStream>();
  private up: RTCPeerConnection | null = null;
  private down: RTCPeerConnection | null = null;
  private ladder: Ladder | null = null;
  private inward: Ladder | null = null; // only measures
  private from = new Map<string, From>();
  private chain: Promise<unknown> = Promise.resolve();
  private readonly timer: number;
  private tries = 0;
  private waits = 0;
  private pictures = true;
  private calm = 0; // good looks since pictures stopped
  private calmNeeded = 2;
  private poor = 0; // bad looks in a row
  private closed = false;

  constructor(private readonly mail: Mail, private readonly local: Local, private readonly config: () => Promise<RTCConfiguration>, private readonly changed: () => void) {
    this.say({ do: 'join' });
    this.timer = window.setInterval(() => this.care(), CARE_MS);
  }

  get connected(): boolean {
    return this.up?.connectionState === 'connected' && (!this.down || this.down.connectionState === 'connected');
  }

  private say(word: Record<string, unknown>): void {
    this.mail.post('media', 'media', word);
  }

  private drop(which: 'up' | 'down'): void {
    this[which]?.close();
    this[which] = null;
    if (which === 'down') {
      this.from.clear();
      this.streams.clear();
    }
  }

  private begin(which: 'up' | 'down', config: RTCConfiguration): RTCPeerConnection {
    const pc = new RTCPeerConnection(config);
    this.drop(which);
    this[which] = pc;
    let wait: RTCIceCandidateInit[] = [];
    pc.onicecandidate = (e) => {
      if (pc !== this[which]) return;
      if (!e.candidate?.candidate) return; // the end: Janus needs no word of it
      wait.push(e.candidate.toJSON());
      if (wait.length === 1) window.setTimeout(() => {
        if (pc === this[which]) this.say({ do: 'candidate', pc: which, candidate: wait });
        wait = [];
      }, BATCH_MS);
    };
    pc.onconnectionstatechange = () => {
      if (pc !== this[which]) return;
      if (this.connected) this.tries = 0;
      if (pc.connectionState === 'failed') this.care();
      this.changed();
    };
    return pc;
  }

  private async publish(): Promise<void> {
    const pc = this.begin('up', await this.config());
    pc.addTransceiver(this.local.audio ?? 'audio', { direction: 'sendonly' });
    pc.addTransceiver(this.local.video ?? 'video', { direction: 'sendonly' });
    this.ladder = new Ladder(pc);
    await this.offer(false);
  }

  private async offer(iceRestart: boolean): Promise<void> {
    if (!this.up) return;
    await this.up.setLocalDescription(await this.up.createOffer({ iceRestart }));
    this.say({ do: 'publish', sdp: this.up.localDescription?.sdp });
  }

  // Everybody's tracks, as they are now: sorted into a stream for each seat.
  private sort(): void {
    const seats = new Set([...this.from.values()].map((f) => f.from));
    for (const seat of this.streams.keys()) if (!seats.has(seat)) this.streams.delete(seat);
    for (const t of this.down?.getTransceivers() ?? []) {
      const f = this.from.get(t.mid ?? '');
      const track = t.receiver.track;
      for (const [seat, s] of this.streams) if (seat !== f?.from && s.getTracks().includes(track)) s.removeTrack(track);
      if (!f) continue;
      const s = this.streams.get(f.from) ?? new MediaStream();
      this.streams.set(f.from, s);
      if (!s.getTracks().includes(track)) s.addTrack(track);
    }
    this.changed();
  }

  private async receive(sdp: string, streams: From[]): Promise<void> {
    if (!this.down) {
      this.inward = new Ladder(this.begin('down', await this.config()));
    }
    const pc = this.down as unknown as RTCPeerConnection;
    this.from = new Map(streams.map((s) => [s.mid, s]));
    await pc.setRemoteDescription({ type: 'offer', sdp });
    await pc.setLocalDescription(await pc.createAnswer());
    this.say({ do: 'answer', sdp: pc.localDescription?.sdp });
    this.sort();
  }

  private become(state: ServerState): void {
    this.state = state;
    if (state !== 'on') {
      this.drop('up');
      this.drop('down');
    }
    this.changed();
  }

  // A server sends pictures at first; what a former one could not carry says little of it.
  private hopeful(): void {
    this.pictures = true;
    this.poor = 0;
    this.calm = 0;
    this.calmNeeded = 2;
  }

  private rejoin(): void {
    this.become('joining');
    this.waits = 0;
    this.tries = 0;
    this.say({ do: 'join' });
  }

  take(body: string): void {
    const w = JSON.parse(body) as Word;
    this.chain = this.chain.then(() => (this.closed ? undefined : this.handle(w))).catch(() => undefined);
  }

  private async handle(w: Word): Promise<void> {
    if (w.do === 'welcome') {
      this.drop('down');
      this.become('on');
      this.hopeful();
      await this.publish();
    } else if (w.do === 'answer') await this.up?.setRemoteDescription({ type: 'answer', sdp: w.sdp ?? '' });
    else if (w.do === 'offer') await this.receive(w.sdp ?? '', w.streams ?? []);
    else if (w.do === 'reset' && w.pc === 'up' && this.state === 'on') await this.publish();
    else if (w.do === 'reset') this.drop('down');
    else if (w.do === 'moved') this.rejoin();
    else if (w.do === 'mesh' || w.do === 'none' || w.do === 'error') this.become(w.do);
  }

  // The mailbox lost something: from the beginning.
  restart(): void {
    this.rejoin();
  }

  // Looks after connections that are away, every few seconds.
  private care(): void {
    if (this.closed || !this.mail.reached) return;
    if (this.state === 'joining' && ++this.waits >= JOIN_AGAIN) return this.rejoin();
    if (this.state !== 'on') return;
    const away = (pc: RTCPeerConnection | null): boolean => !!pc && ['disconnected', 'failed'].includes(pc.connectionState);
    if (!away(this.up) && !away(this.down)) return;
    if (++this.tries > ANEW_AFTER) return this.rejoin();
    if (away(this.up)) this.chain = this.chain.then(() => this.offer(true)).catch(() => undefined);
    if (away(this.down)) this.say({ do: 'restart' });
  }

  // The camera became the screen, or the other way round.
  async swap(): Promise<void> {
    for (const t of this.up?.getTransceivers() ?? []) await t.sender.replaceTrack(t.receiver.track.kind === 'audio' ? this.local.audio : this.local.video);
  }

  // How the line is, both ways. Pictures of the others stop while it carries sound alone.
  async look(): Promise<Measure | null> {
    if (!this.connected || !this.ladder) return null;
    this.ladder.most = this.streams.size >= VERY_MANY ? 2 : 3;
    this.ladder.rate = this.streams.size >= MANY ? MANY_RATE : RATE_MOST;
    const out = await this.ladder.look();
    const here = await this.inward?.look();
    const lost = here?.lost ?? 0;
    this.calm = lost <= LOST_LITTLE && out.level > 1 ? this.calm + 1 : 0;
    this.poor = lost > LOST_MUCH || out.level <= 1 ? this.poor + 1 : 0;
    if (this.pictures && this.poor >= POOR_LOOKS) {
      this.pictures = false;
      this.calmNeeded = Math.min(this.calmNeeded * 2, CALM_MAX);
      this.say({ do: 'pictures', on: false });
    } else if (!this.pictures && this.calm >= this.calmNeeded) {
      this.pictures = true;
      this.say({ do: 'pictures', on: true });
    }
    return { level: this.pictures ? out.level : Math.min(out.level, 1), rtt: Math.max(out.rtt, here?.rtt ?? 0), lost: Math.max(out.lost, lost), kbit: out.kbit + (here?.kbit ?? 0), sound: out.sound || !!here?.sound };
  }

  close(): void {
    this.closed = true;
    window.clearInterval(this.timer);
    this.say({ do: 'leave' });
    this.drop('up');
    this.drop('down');
  }
}
