// Chromium with a camera and a microphone of its own making, which every page may use.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium as engine } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required'];

// more: further flags.
export async function chromium(more = []) {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-live-'));
  const browser = await engine.launch({ executablePath: '/usr/bin/chromium', headless: true, args: [...FLAGS, ...more], env: { ...process.env, HOME: profile } });
  browser.on('disconnected', () => fs.rmSync(profile, { recursive: true, force: true }));
  return browser;
}
