// One-time codes (RFC 6238: HMAC-SHA-1, six digits, steps of 30 s) of a secret in base32, as a telephone makes them.
import { createHmac } from 'node:crypto';

function unbase32(text) {
  let bits = '';
  for (const c of text.replace(/[^A-Z2-7]/g, '')) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0');
  return Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
}

// away: steps before (-1) or after (+1) the present one.
export function codeOf(secret, away = 0, now = Date.now()) {
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(now / 30000) + away));
  const mac = createHmac('sha1', unbase32(secret)).update(step).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
}
