// What runs in a test's page: one who sends a made-up picture and sound and receives everybody, by the messages of the
// media bridge (src/work/README.md), and numbers of every connection. It is given to Chromium as text.
/* global RTCPeerConnection, navigator, window, MediaStream, document */
export function inPage() {
  const me = { up: null, down: null, words: [], from: new Map(), queue: Promise.resolve() };
  window.me = me;
  const say = (word) => window.say(JSON.stringify(word));
  const candidates = (pc, name) => {
    pc.onicecandidate = (e) => { if (e.candidate?.candidate) say({ do: 'candidate', pc: name, candidate: [e.candidate.toJSON()] }); };
  };
  const close = (name) => { me[name]?.close(); me[name] = null; };
  const publish = async () => {
    close('up');
    me.up = new RTCPeerConnection({ iceServers: me.ice ?? [], iceTransportPolicy: me.policy ?? 'all' });
    candidates(me.up, 'up');
    me.stream ??= await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 180, frameRate: 15 } });
    for (const t of me.stream.getTracks()) me.up.addTrack(t, me.stream);
    await me.up.setLocalDescription();
    say({ do: 'publish', sdp: me.up.localDescription.sdp });
  };
  const receive = async ({ sdp, streams }) => {
    if (!me.down) {
      me.down = new RTCPeerConnection({ iceServers: me.ice ?? [], iceTransportPolicy: me.policy ?? 'all' });
      candidates(me.down, 'down');
      me.down.ontrack = (e) => {
        const v = document.createElement(e.track.kind);
        v.autoplay = v.muted = true;
        v.srcObject = new MediaStream([e.track]);
        document.body.append(v);
      };
    }
    me.from = new Map(streams.map((s) => [s.mid, s]));
    await me.down.setRemoteDescription({ type: 'offer', sdp });
    await me.down.setLocalDescription();
    say({ do: 'answer', sdp: me.down.localDescription.sdp });
  };
  const words = {
    welcome: publish,
    answer: ({ sdp }) => me.up.setRemoteDescription({ type: 'answer', sdp }),
    offer: receive,
    moved: () => { close('up'); close('down'); say({ do: 'join' }); },
    mesh: () => { close('up'); close('down'); },
    reset: ({ pc }) => { close(pc); return pc === 'up' ? publish() : null; },
  };
  me.got = (body) => {
    const word = JSON.parse(body);
    me.words.push(word.do);
    me.queue = me.queue.then(() => words[word.do]?.(word)).catch((e) => me.words.push(`failed: ${e.message}`));
  };
  me.join = (more = {}) => { Object.assign(me, more); say({ do: 'join' }); };
  // Of each who is received: frames decoded, packets of sound; and how what is sent goes out.
  me.numbers = async () => {
    const people = {};
    const all = new Map();
    for (const pc of [me.down, me.up]) {
      if (pc) (await pc.getStats()).forEach((s) => all.set(s.id + (pc === me.up ? '/up' : ''), s));
    }
    let local = '';
    for (const s of all.values()) {
      if (s.type === 'inbound-rtp' && me.from.has(s.mid)) {
        const p = (people[me.from.get(s.mid).from] ??= { frames: 0, packets: 0 });
        if (s.kind === 'video') p.frames += s.framesDecoded;
        else p.packets += s.packetsReceived;
      }
      if (s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded') {
        const c = all.get(s.localCandidateId) ?? all.get(`${s.localCandidateId}/up`);
        local = `${c?.candidateType} ${c?.relayProtocol ?? c?.protocol}`;
      }
    }
    return { people, local, up: me.up?.connectionState, down: me.down?.connectionState };
  };
}
