// Camera and microphone: what there is and may be used; trying them before.
import { fill } from './util';

export interface Devices { stream: MediaStream; blocked: boolean }

const SOUND: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
const PICTURE: MediaTrackConstraints = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 24, max: 30 } };

// Both, else what there is, else nothing; blocked: the person or the browser said no.
export async function openDevices(): Promise<Devices> {
  let blocked = !navigator.mediaDevices;
  for (const ask of [{ audio: SOUND, video: PICTURE }, { audio: SOUND }, { video: PICTURE }]) {
    try {
      return { stream: await navigator.mediaDevices.getUserMedia(ask), blocked: false };
    } catch (e) {
      blocked ||= (e as Error).name === 'NotAllowedError' || (e as Error).name === 'SecurityError';
    }
  }
  return { stream: new MediaStream(), blocked };
}

// How loud it is, 0 to 100, several times a second; gives the end of it.
export function loudness(stream: MediaStream, show: (v: number) => void): () => void {
  const audio = new AudioContext();
  const look = audio.createAnalyser();
  audio.createMediaStreamSource(stream).connect(look);
  const data = new Uint8Array(look.fftSize);
  const timer = window.setInterval(() => {
    look.getByteTimeDomainData(data);
    show(Math.min(100, Math.max(...data.map((v) => Math.abs(v - 128))) * 2));
  }, 150);
  return () => {
    window.clearInterval(timer);
    void audio.close();
  };
}

// The section of room_try.html.
export function startTry(): void {
  const box = document.getElementById('try');
  const video = document.getElementById('try-video') as HTMLVideoElement | null;
  const meter = document.getElementById('try-loud') as HTMLMeterElement | null;
  const say = document.getElementById('try-say');
  if (!box || !video || !meter || !say) return;
  box.hidden = false;
  document.getElementById('try-start')?.addEventListener('click', async () => {
    const { stream, blocked } = await openDevices();
    const sound = stream.getAudioTracks().length > 0;
    const picture = stream.getVideoTracks().length > 0;
    say.textContent = (blocked ? box.dataset.tBlocked : sound && picture ? box.dataset.tGood : sound ? `${box.dataset.tSound} ${box.dataset.tNone}` : box.dataset.tSilent) ?? '';
    (document.getElementById('try-box') as HTMLElement).hidden = !sound && !picture;
    video.hidden = !picture;
    video.srcObject = stream;
    if (sound) loudness(stream, (v) => { meter.value = v; });
    box.dispatchEvent(new CustomEvent('tried', { detail: { sound, picture, blocked } }));
  });
}

const NEEDED = [0, 30, 160, 600, 1600]; // kbit/s of the levels of room_line.ts

// The section of room_line.html: how much comes in a second, how long an answer takes.
export function startLineTry(): void {
  const box = document.getElementById('line-try');
  const say = document.getElementById('line-say');
  if (!box || !say) return;
  box.hidden = false;
  document.getElementById('line-start')?.addEventListener('click', async () => {
    say.textContent = box.dataset.tBusy ?? '';
    try {
      let ms = Infinity;
      for (let i = 0; i < 3; i++) {
        const from = performance.now();
        await (await fetch('/healthz', { cache: 'no-store' })).text();
        ms = Math.min(ms, performance.now() - from);
      }
      const from = performance.now();
      const bytes = (await (await fetch('/line/bytes', { cache: 'no-store', signal: AbortSignal.timeout(40000) })).arrayBuffer()).byteLength;
      const kbit = Math.round(bytes * 8 / Math.max(1, performance.now() - from - ms));
      const level = ms > 2500 ? 0 : NEEDED.filter((n) => kbit >= n).length - 1;
      say.textContent = fill(box.dataset.tFound, { kbit, ms: Math.round(ms), what: box.dataset[`tLevel${level}`] ?? '' });
    } catch {
      say.textContent = box.dataset.tFailed ?? '';
    }
  });
}
