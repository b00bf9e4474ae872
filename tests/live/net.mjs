// A network of the test's own: lo, and one veth pair whose near end carries 127.0.0.2. Janus and its ICE library pass over
// every interface flagged as loopback, so without that address Janus has no candidate on one machine.
// The network goes with the last process in it. It needs root; where it may not be made the tests are left out.
import { spawnSync } from 'node:child_process';

export const ADDRESS = '127.0.0.2';
const SCRIPT = `ip link set lo up && ip link add rtc0 type veth peer name rtc1 && ip addr add ${ADDRESS}/32 dev rtc0 \
&& ip link set rtc0 up && ip link set rtc1 up || exit 90; exec "$@"`;
const NO_NETWORK = 90;

// What is missing on this machine; empty: nothing.
export function missing() {
  const there = (name) => spawnSync('which', [name]).status === 0;
  const programs = ['janus', 'turnserver', 'ip', 'unshare', 'chromium'].filter((p) => !there(p));
  if (programs.length) return `not installed: ${programs.join(', ')}`;
  const tried = spawnSync('unshare', ['--net', 'sh', '-c', SCRIPT, 'net', 'true']);
  return tried.status === 0 ? '' : 'a network namespace with a veth pair may not be made here (it needs root)';
}

// Runs this script again inside such a network, and ends with what it ended with.
export function within(script, args) {
  const r = spawnSync('unshare', ['--net', 'sh', '-c', SCRIPT, 'net', process.execPath, script, ...args],
    { stdio: 'inherit', env: { ...process.env, LIVE_NET: '1' } });
  if (r.status === NO_NETWORK) console.log('the network was not made');
  process.exit(r.status ?? 1);
}
