// A meeting: the own camera and microphone, a tile for everybody else, what the buttons do.
import { openDevices } from './room_devices';
import { Mail, type News, type Person } from './room_mail';
import { Peer, type Local } from './room_peer';
import { Server } from './room_server';
import { Stage } from './room_stage';
import { all, csrf, fill } from './util';

const LOOK_MS = 2000;
const TELL_EVERY = 5; // looks
const MESH_MOST = 4;
const MEDIA = -1; // the sender of the media bridge's messages
const ICE_GOOD_MS = 50 * 60000;

const el = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

export class Call {
  private readonly mail: Mail;
  private readonly peers = new Map<number, Peer>();
  private readonly local: Local = { audio: null, video: null };
  private readonly tab = crypto.randomUUID();
  private readonly stage: Stage;
  private camera: MediaStreamTrack | null = null;
  private sound: MediaStreamTrack | null = null;
  private shown: MediaStream | null = null; // the own screen
  private own = new MediaStream();
  private me = { seat: 0, epoch: 0 };
  private people: Person[] = [];
  private ice: { at: number; config: Promise<RTCConfiguration> } | null = null;
  private server: Server | null = null; // the way through a media server
  private media: News['media'] = 'mesh';
  private looks = 0;
  private told = -1;
  private ready = false;

  constructor(private readonly box: HTMLElement, private readonly base: string, private readonly again: () => void) {
    this.mail = new Mail(base, (n) => this.news(n), (reached) => this.line(reached));
    this.stage = new Stage((to, kind, body) => this.mail.post(to, kind, body), this.box, base, (own) => this.press('show-image', own));
    el('bar').hidden = false;
    this.say(box.dataset.tJoining);
    void this.begin();
    window.addEventListener('pagehide', () => this.peers.forEach((p) => p.close()));
    document.addEventListener('click', () => all<HTMLVideoElement>('video', box).forEach((v) => void v.play().catch(() => undefined)));
    (window as unknown as { consiliumCall: Call }).consiliumCall = this; // for tests alone
  }

  private say(text: string | undefined): void {
    const at = el('room-say');
    if (at.textContent !== (text ?? '')) at.textContent = text ?? '';
  }

  private async begin(): Promise<void> {
    const { stream, blocked } = await openDevices();
    this.sound = stream.getAudioTracks()[0] ?? null;
    this.camera = stream.getVideoTracks()[0] ?? null;
    this.local.audio = this.sound;
    this.local.video = this.camera;
    this.own = stream;
    this.buttons();
    this.tile(0, this.box.dataset.tYou ?? '', stream, true);
    if (blocked) this.say(this.box.dataset.tBlocked);
    this.blocked = blocked;
    await this.hello();
    this.ready = true;
    await this.mail.look();
    window.setInterval(() => void this.look(), LOOK_MS);
  }
  private blocked = false;

  // Until the server heard that this page is there.
  private async hello(): Promise<void> {
    for (;;) {
      const r = await this.mail.send({ kind: 'hello', tab: this.tab }).catch(() => null);
      if (r?.ok) break;
      if (r?.status === 404) return this.again();
      await new Promise((done) => setTimeout(done, 1500));
    }
    await this.tellState();
  }

  private tellState(): Promise<unknown> {
    return this.mail.send({ kind: 'state', mic: !!this.sound?.enabled, cam: !!this.camera?.enabled, screen: !!this.shown }).catch(() => undefined);
  }

  private config(): Promise<RTCConfiguration> {
    if (!this.ice || Date.now() - this.ice.at > ICE_GOOD_MS) {
      const config = fetch(`${this.base}/ice`, { signal: AbortSignal.timeout(8000) }).then((r) => (r.ok ? r.json() : {}) as Promise<RTCConfiguration>).catch(() => ({}) as RTCConfiguration);
      this.ice = { at: Date.now(), config };
      void config.then((c) => { if (!c.iceServers) this.ice = null; });
    }
    return this.ice.config;
  }

  // ---- who is there ----

  private news(n: News): void {
    if (n.gone === 'again') return this.again();
    if (n.gone || n.state !== 'in') return location.reload();
    if (!this.ready) return;
    if (this.me.epoch && n.epoch !== this.me.epoch) return this.moved();
    this.me = { seat: n.seat, epoch: n.epoch };
    this.people = n.people;
    this.meet(n);
    for (const m of n.mail) this.take(m.from, m.kind, m.body);
    if (n.lost) {
      this.peers.forEach((p) => p.restart());
      this.server?.restart();
    }
    this.tell();
  }

  // Another window has this seat now: this one is still.
  private moved(): void {
    this.peers.forEach((p) => p.close());
    this.peers.clear();
    this.server?.close();
    this.server = null;
    this.own.getTracks().forEach((t) => t.stop());
    this.ready = false;
    this.mail.over = true;
    this.say(this.box.dataset.tMoved);
  }

  // By a media server when the program says so; page to page otherwise, and until the server carries it.
  private choose(media: News['media']): void {
    this.media = media;
    if (media === 'server') this.server ??= new Server(this.mail, this.local, () => this.config(), () => this.redraw());
    else {
      this.server?.close();
      this.server = null;
    }
  }

  private streamOf(seat: number): MediaStream | undefined {
    return this.server?.streams.get(seat) ?? this.peers.get(seat)?.stream;
  }

  // Everybody's tile as it is now, whichever way their stream comes.
  private redraw(): void {
    this.meetPeers();
    this.tell();
  }

  private meet(n: News): void {
    this.choose(n.media);
    this.meetPeers();
  }

  private meetPeers(): void {
    const there = this.people.filter((p) => p.seat !== this.me.seat && p.epoch > 0);
    const through = !!this.server && this.server.state !== 'mesh';
    // Without a server the first who came reach each other; the others read and write.
    const first = this.people.map((p) => p.seat).sort((a, b) => a - b).slice(0, MESH_MOST);
    const reach = (seat: number): boolean => !through && first.includes(seat) && first.includes(this.me.seat);
    for (const [seat, peer] of this.peers) {
      const p = there.find((x) => x.seat === seat);
      if (!p || p.epoch !== peer.person.epoch || (through ? this.server?.state !== 'joining' : !reach(seat))) {
        peer.close();
        this.peers.delete(seat);
        if (!p) el('tiles').querySelector(`[data-seat="${seat}"]`)?.remove();
      } else Object.assign(peer.person, p);
    }
    for (const p of there) {
      if (reach(p.seat) && !this.peers.has(p.seat)) this.peers.set(p.seat, new Peer(this.mail, this.me, { ...p }, this.local, () => this.config(), () => this.tell()));
    }
    for (const tile of all<HTMLElement>('[data-seat]', el('tiles'))) {
      const seat = Number(tile.dataset.seat);
      if (seat && !there.some((p) => p.seat === seat)) tile.remove();
    }
    for (const p of there) this.tile(p.seat, p.name, this.streamOf(p.seat), false);
    const others = this.people.filter((p) => p.seat !== this.me.seat);
    this.stage.show(others, others.find((p) => p.screen), (seat) => this.streamOf(seat));
  }

  private take(from: number, kind: string, body: string): void {
    if (kind === 'mute') {
      if (this.sound?.enabled) this.mic(false);
      return this.say(fill(this.box.dataset.tMuted, { name: body }));
    }
    const person = this.people.find((p) => p.seat === from);
    if (kind === 'cursor' || kind === 'image') return person && this.stage.take(kind, body, person);
    if (kind === 'media') return from === MEDIA ? this.server?.take(body) : undefined;
    this.peers.get(from)?.take(kind, body);
  }

  // ---- pictures ----

  private tile(seat: number, name: string, stream: MediaStream | undefined, own: boolean): void {
    let tile = el('tiles').querySelector<HTMLElement>(`[data-seat="${seat}"]`);
    if (!tile) {
      tile = document.createElement('figure');
      tile.className = `c-room__tile${own ? ' c-room__tile--own' : ''}`;
      tile.dataset.seat = String(seat);
      const video = document.createElement('video');
      video.autoplay = true;
      video.playsInline = true;
      video.muted = own;
      video.setAttribute('aria-label', name);
      tile.append(video, document.createElement('figcaption'));
      el('tiles').append(tile);
    }
    const video = tile.querySelector('video') as HTMLVideoElement;
    if (video.srcObject !== (stream ?? null)) video.srcObject = stream ?? null;
    if (stream && video.paused) void video.play().catch(() => undefined);
    const p = this.people.find((x) => x.seat === (own ? this.me.seat : seat));
    const dark = own ? !this.camera?.enabled : !(p?.cam || p?.screen) || p.away;
    tile.classList.toggle('c-room__tile--dark', dark);
    const level = p?.level === undefined || own ? '' : ` · ${this.box.dataset[`tLevel${p.level}`]}`;
    const words = `${name}${p?.away ? '' : level}`;
    const caption = tile.querySelector('figcaption') as HTMLElement;
    if (caption.textContent !== words) caption.textContent = words;
  }

  private tell(): void {
    if (!this.ready) return;
    const away = this.people.find((p) => p.away && p.seat !== this.me.seat);
    const t = this.box.dataset;
    const peers = [...this.peers.values()];
    if (!this.mail.reached) this.say(t.tLost);
    else if (away) this.say(fill(t.tAway, { name: away.name }));
    else if (this.blocked) this.say(t.tBlocked);
    else if (this.people.length < 2) this.say(t.tAlone);
    else if (this.media === 'none' || this.server?.state === 'none') this.say(t.tMany);
    else if (peers.some((p) => !p.connected) || (this.server?.state !== 'mesh' && this.server?.connected === false)) this.say(t.tJoining);
    else this.say([this.told === 0 ? t.tText : this.told === 1 ? t.tSound : this.camera ? t.tOn : '', this.camera ? '' : t.tNocam].join(' ').trim());
    for (const p of this.people) if (p.seat !== this.me.seat && p.epoch > 0) this.tile(p.seat, p.name, this.streamOf(p.seat), false);
  }

  private line(reached: boolean): void {
    if (reached) void this.hello();
    this.tell();
  }

  // ---- the line ----

  private async look(): Promise<void> {
    if (!this.ready) return;
    const through = await this.server?.look();
    const ways = await Promise.all([...this.peers.values()].filter((p) => p.connected).map((p) => p.ladder.look()));
    if (through) ways.push(through);
    const waiting = [...this.peers.values()].some((p) => !p.connected && !p.person.away);
    const level = ways.length ? Math.min(...ways.map((w) => (w.lost > 400 ? 0 : w.level))) : waiting ? 0 : -1;
    if (level >= 0 && (level !== this.told || ++this.looks % TELL_EVERY === 0)) {
      this.told = level;
      const most = (f: (w: (typeof ways)[number]) => number): number => Math.max(0, ...ways.map(f));
      void this.mail.send({ kind: 'line', level, rtt: most((w) => w.rtt), lost: most((w) => w.lost), kbit: ways.reduce((n, w) => n + w.kbit, 0) }).catch(() => undefined);
    }
    el('own-line').textContent = level >= 0 ? this.box.dataset[`tLevel${level}`] ?? '' : '';
    this.tell();
  }

  // ---- buttons ----

  private press(id: string, on: boolean): void {
    el(id).setAttribute('aria-pressed', String(on));
  }

  private mic(on: boolean): void {
    if (this.sound) this.sound.enabled = on;
    this.press('mic', on);
    void this.tellState();
  }

  private buttons(): void {
    const can = (id: string, is: boolean): void => { el<HTMLButtonElement>(id).disabled = !is; };
    can('mic', !!this.sound);
    can('cam', !!this.camera);
    this.press('mic', !!this.sound);
    this.press('cam', !!this.camera);
    el('screen').hidden = !navigator.mediaDevices?.getDisplayMedia;
    el('still').hidden = !this.box.dataset.case || !this.camera;
    el('mic').addEventListener('click', () => this.mic(!this.sound?.enabled));
    el('cam').addEventListener('click', () => {
      if (!this.camera) return;
      this.camera.enabled = !this.camera.enabled;
      this.press('cam', this.camera.enabled);
      this.tile(0, this.box.dataset.tYou ?? '', this.own, true);
      void this.tellState();
    });
    el('screen').addEventListener('click', () => void this.screen());
    el('still').addEventListener('click', () => void this.still());
    el('show-image').hidden = !this.box.dataset.images;
    el('show-image').addEventListener('click', () => this.stage.lead(this.stage.leads ? null : ''));
    document.addEventListener('sent', (e) => this.say((e as CustomEvent<boolean>).detail ? '' : this.box.dataset.tFailed));
  }

  private async screen(): Promise<void> {
    const stop = async (): Promise<void> => {
      this.shown?.getTracks().forEach((t) => t.stop());
      this.shown = null;
      this.local.video = this.camera;
      this.press('screen', false);
      await Promise.all([this.server, ...this.peers.values()].map((p) => p?.swap()));
      await this.tellState();
    };
    if (this.shown) return stop();
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: 8 }, audio: false }).catch(() => null);
    const track = stream?.getVideoTracks()[0];
    if (!stream || !track) return;
    track.contentHint = 'detail';
    track.onended = () => void stop();
    this.shown = stream;
    this.local.video = track;
    this.press('screen', true);
    await Promise.all([this.server, ...this.peers.values()].map((p) => p?.swap()));
    await this.tellState();
  }

  // What the own camera sees goes into the record, as a file of the case.
  private async still(): Promise<void> {
    const video = el('tiles').querySelector<HTMLVideoElement>('[data-seat="0"] video');
    if (!video?.videoWidth) return;
    const canvas = document.createElement('canvas');
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext('2d')?.drawImage(video, 0, 0);
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', 0.85));
    if (!blob) return;
    const data = new FormData();
    data.set('csrf', csrf());
    data.set('files', blob, `${new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-')}.jpg`);
    const sent = await fetch(`/cases/${this.box.dataset.case}/files`, { method: 'POST', body: data, redirect: 'manual' }).then((r) => r.type === 'opaqueredirect' || r.ok, () => false);
    const kept = sent && await fetch(`${this.base}/say`, { method: 'POST', body: new URLSearchParams({ csrf: csrf(), text: '' }), redirect: 'manual' }).then((r) => r.type === 'opaqueredirect', () => false);
    this.say(kept ? this.box.dataset.tSent : this.box.dataset.tFailed);
  }
}
