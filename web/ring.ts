// A call to an emergency: #ring holds a link while it rings. Sounds until it is answered elsewhere, opened or silenced.
const EVERY_MS = 3000;

export function startRing(): void {
  const box = document.getElementById('ring');
  if (!box) return;
  let timer = 0;
  let audio: AudioContext | undefined;
  const quiet = (): string => sessionStorage.getItem('quiet') ?? '';
  const ringing = (): string => box.querySelector('a')?.getAttribute('href') ?? '';

  // Two short tones; a browser that wants a touch first stays silent until there was one.
  const sound = (): void => {
    if (!ringing() || ringing() === quiet()) return;
    try {
      audio ??= new AudioContext();
      void audio.resume();
      for (const at of [0, 0.4]) {
        const tone = audio.createOscillator();
        const loud = audio.createGain();
        tone.frequency.value = 880;
        loud.gain.value = 0.3;
        tone.connect(loud).connect(audio.destination);
        tone.start(audio.currentTime + at);
        tone.stop(audio.currentTime + at + 0.25);
      }
    } catch {
      // no sound here
    }
  };
  const look = (): void => {
    const button = box.querySelector('button');
    if (button) {
      button.hidden = ringing() === quiet();
      button.onclick = () => {
        sessionStorage.setItem('quiet', ringing());
        look();
      };
    }
    const on = ringing() !== '' && ringing() !== quiet();
    if (on && !timer) {
      sound();
      timer = window.setInterval(sound, EVERY_MS);
    } else if (!on && timer) {
      window.clearInterval(timer);
      timer = 0;
    }
  };
  box.addEventListener('swapped', look);
  look();
}
