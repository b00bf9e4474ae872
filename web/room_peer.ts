// The way to one other page: browser to browser. The page with the lower seat offers; the other one answers, and
// asks for a new start. A line that breaks is mended by new candidates (ICE restart), then by a new connection.
import type { Mail, Person } from './room_mail';
import { Ladder } from './room_line';

export interface Local { audio: MediaStreamTrack | null; video: MediaStreamTrack | null }
interface Talk { e: number; t: number; g: number; o?: number; sdp?: string; ice?: RTCIceCandidateInit[] } // o: which offer is answered

const MEND_MS = 4000;
const ANEW_AFTER = 5; // tries to mend before a new connection
const BATCH_MS = 60;

export class Peer {
  private pc!: RTCPeerConnection;
  private readonly first: boolean; // this side offers
  private gen = 0;
  private pending: RTCIceCandidateInit[] = [];
  private early: RTCIceCandidateInit[] = []; // came before the description
  private batch = 0;
  private mend = 0;
  private tries = 0;
  private offers = 0; // an answer to an older one, late on a slow line, is no answer
  private chain: Promise<unknown> = Promise.resolve();
  readonly stream = new MediaStream();
  ladder!: Ladder;

  constructor(private readonly mail: Mail, private readonly me: { seat: number; epoch: number }, readonly person: Person, private readonly local: Local,
    private readonly config: () => Promise<RTCConfiguration>, private readonly changed: (p: Peer) => void) {
    this.first = me.seat < person.seat;
    this.build({});
    this.chain = config().then((c) => {
      this.pc.setConfiguration(c);
      return this.first ? this.offer(false) : undefined;
    });
    this.mend = window.setInterval(() => this.care(), MEND_MS);
  }

  get connected(): boolean { return this.pc.connectionState === 'connected'; }
  get state(): string { return this.pc.connectionState; }

  private build(c: RTCConfiguration): void {
    const pc = new RTCPeerConnection(c);
    this.pc = pc;
    this.ladder = new Ladder(pc);
    pc.onicecandidate = (e) => e.candidate && pc === this.pc && this.candidate(e.candidate.toJSON());
    pc.onconnectionstatechange = () => {
      if (pc !== this.pc) return;
      if (this.connected) this.tries = 0;
      if (pc.connectionState === 'failed') this.care();
      this.changed(this);
    };
    pc.ontrack = (e) => {
      if (pc !== this.pc) return;
      for (const t of this.stream.getTracks()) if (t.kind === e.track.kind) this.stream.removeTrack(t);
      this.stream.addTrack(e.track);
      this.changed(this);
    };
    if (this.first) {
      pc.addTransceiver(this.local.audio ?? 'audio', { direction: 'sendrecv' });
      pc.addTransceiver(this.local.video ?? 'video', { direction: 'sendrecv' });
    }
  }

  private say(kind: string, what: Partial<Talk>): void {
    this.mail.post(this.person.seat, kind, { e: this.me.epoch, t: this.person.epoch, g: this.gen, ...what });
  }

  private candidate(c: RTCIceCandidateInit): void {
    this.pending.push(c);
    if (!this.batch) this.batch = window.setTimeout(() => {
      this.batch = 0;
      this.say('ice', { ice: this.pending.splice(0) });
    }, BATCH_MS);
  }

  private async offer(restart: boolean): Promise<void> {
    await this.pc.setLocalDescription(await this.pc.createOffer({ iceRestart: restart }));
    this.say('offer', { o: ++this.offers, sdp: this.pc.localDescription?.sdp });
  }

  // Looks after a connection that is away: asked every few seconds.
  private care(): void {
    if (this.connected || this.pc.connectionState === 'closed' || !this.mail.reached || (this.pc.connectionState === 'connecting' && this.tries++ % 2 === 0)) return;
    this.tries++;
    if (!this.first) return this.say('restart', {});
    this.again(this.tries > ANEW_AFTER);
  }

  // anew: nothing of the old connection is kept.
  again(anew: boolean): void {
    this.chain = this.chain.then(async () => {
      const c = await this.config();
      if (anew || this.pc.signalingState === 'closed') {
        this.gen++;
        this.tries = 0;
        this.pc.close();
        this.build(c);
      } else this.pc.setConfiguration(c);
      await this.offer(!anew);
    }).catch(() => undefined);
  }

  restart(): void {
    if (this.first) this.again(true);
    else this.say('restart', { sdp: 'anew' });
  }

  // A message of the other page.
  take(kind: string, body: string): void {
    const m = JSON.parse(body) as Talk;
    if (m.t !== this.me.epoch || m.e !== this.person.epoch) return; // of a page that is gone
    this.chain = this.chain.then(() => this.handle(kind, m)).catch(() => undefined);
  }

  private async handle(kind: string, m: Talk): Promise<void> {
    if (kind === 'restart' && this.first) return void (m.sdp || !this.connected ? this.again(!!m.sdp) : 0);
    if (kind === 'offer' && !this.first) {
      if (m.g !== this.gen) {
        this.gen = m.g;
        this.pc.close();
        this.build(await this.config());
      }
      await this.pc.setRemoteDescription({ type: 'offer', sdp: m.sdp ?? '' });
      for (const t of this.pc.getTransceivers()) {
        t.direction = 'sendrecv';
        await t.sender.replaceTrack(t.receiver.track.kind === 'audio' ? this.local.audio : this.local.video);
      }
      await this.pc.setLocalDescription(await this.pc.createAnswer());
      this.say('answer', { o: m.o, sdp: this.pc.localDescription?.sdp });
    } else if (kind === 'answer' && this.first && m.g === this.gen && m.o === this.offers) {
      await this.pc.setRemoteDescription({ type: 'answer', sdp: m.sdp ?? '' });
    } else if (kind === 'ice' && m.g >= this.gen) {
      this.early.push(...(m.ice ?? []));
    }
    if (this.pc.remoteDescription) for (const c of this.early.splice(0)) await this.pc.addIceCandidate(c).catch(() => undefined);
  }

  // The camera became the screen, or the other way round; a track that is null is silence.
  async swap(): Promise<void> {
    for (const t of this.pc.getTransceivers()) await t.sender.replaceTrack(t.receiver.track.kind === 'audio' ? this.local.audio : this.local.video);
  }

  close(): void {
    window.clearInterval(this.mend);
    this.pc.close();
  }
}
