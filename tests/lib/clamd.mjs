// The virus scanner of ClamAV with one signature of its own, made here: nothing is downloaded and no service is
// started. The text it finds is EICAR's, which is put together when it is asked for, so that no scanner eats this file.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { until } from './until.mjs';

export const NAME = 'Test.Eicar.UNOFFICIAL';
export const eicar = () => Buffer.from(['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR', '-STANDARD-ANTIVIRUS', '-TEST-FILE!$H+H*'].join(''), 'latin1');

export class Clamd {
  // dir: a folder that is there.
  constructor(dir) {
    this.socket = path.join(dir, 'clamd.ctl');
    this.config = path.join(dir, 'clamd.conf');
    const base = path.join(dir, 'signatures');
    fs.mkdirSync(base);
    fs.writeFileSync(path.join(base, 'test.ndb'), `Test.Eicar:0:*:${eicar().toString('hex')}\n`);
    fs.writeFileSync(this.config, `DatabaseDirectory ${base}\nLocalSocket ${this.socket}\nForeground yes\nStreamMaxLength 1M\nMaxFileSize 700K\nAlertExceedsMax yes\n`);
    // Run by root it would become Debian's user of it, who may not read the folder.
    if (process.getuid() === 0) fs.appendFileSync(this.config, 'User root\n');
  }

  async start() {
    this.child = spawn('/usr/sbin/clamd', ['-c', this.config], { stdio: 'ignore' });
    this.ended = new Promise((done) => this.child.once('exit', done));
    process.once('exit', () => this.child.kill('SIGKILL'));
    await until('the scanner listens', () => fs.existsSync(this.socket), { within: 60 });
    return this;
  }

  async stop() {
    this.child.kill('SIGKILL');
    await this.ended;
    fs.rmSync(this.socket, { force: true });
  }
}
