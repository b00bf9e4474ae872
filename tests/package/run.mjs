// The Debian package: installed, upgraded, removed and purged in a Debian of its own, by the commands of
// doc/INSTALL.md; its units; and a proxy in front. Uses the program that is built.
//   node tests/package/run.mjs [--build release]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { checks } from '../lib/checks.mjs';
import { option, ROOT } from '../lib/program.mjs';
import { until } from '../lib/until.mjs';
import { proxies } from './proxy.mjs';
import { inRoot, makeRoot, startInRoot } from './root.mjs';
import { units } from './units.mjs';

const build = option(process.argv.slice(2), '--build', 'release');
const { is, end } = checks();
const place = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-package-'));
process.on('exit', () => fs.rmSync(place, { recursive: true, force: true }));

function make(version) {
  const r = spawnSync('packaging/make_deb.sh', ['--build', build, '--version', version, '--out', place], { cwd: ROOT, encoding: 'utf8' });
  is(`a package of version ${version}`, [r.status, fs.existsSync(r.stdout.trim())], [0, true]);
  if (r.status !== 0) throw new Error(r.stderr);
  return r.stdout.trim();
}

const freePort = () => new Promise((done) => {
  const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)); });
});
const get = (port, target) => new Promise((done) => {
  http.get({ host: '127.0.0.1', port, path: target }, (res) => {
    let body = '';
    res.on('data', (d) => { body += d; });
    res.on('end', () => done({ status: res.statusCode, body }));
  }).on('error', () => done({ status: 0, body: '' }));
});

const [one, two] = [make('1.0'), make('2.0')];
const field = (name) => spawnSync('dpkg-deb', ['-f', one, name], { encoding: 'utf8' }).stdout.trim();
const needed = field('Depends').split(',').map((d) => d.trim().split(/[ (|]/)[0]);

async function lifeOf(dir, port) {
  const run = (command, more) => inRoot(dir, command, more);
  const at = (...names) => path.join(dir, ...names);
  const conf = at('etc/consilium/consilium.conf');
  const good = (what, command, pattern = /^/, more = {}) => {
    const r = run(command, more);
    const fits = r.status === 0 && pattern.test(r.text);
    is(what, fits, true);
    if (!fits) console.log(`  ${command}: ${r.status}\n${r.text.slice(-1500)}`);
    return r.text;
  };
  const serves = async (what) => {
    const server = startInRoot(dir, 'consilium serve --config /etc/consilium/consilium.conf', 'consilium:consilium');
    await until(`${what}: it listens, or ended`, () => server.text().includes('listening') || server.child.exitCode !== null);
    is(`${what}: /healthz`, (await get(port, '/healthz')).body, 'ok\n');
    is(`${what}: the first page`, (await get(port, '/sign-in')).status, 200);
    if (!server.text().includes('listening')) console.log(server.text().slice(-1500));
    server.child.kill('SIGTERM');
    is(`${what}: it ends well`, await server.ended, 0);
  };
  const install = (deb) => {
    fs.copyFileSync(deb, at('srv', path.basename(deb)));
    return `dpkg -i /srv/${path.basename(deb)}`;
  };

  // ---- installed ----
  good('installed', install(one));
  is('user, folders, rights', good('who owns what', 'stat -c "%U:%G %a %n" /var/lib/consilium /etc/consilium /etc/consilium/consilium.conf').trim().split('\n'),
    ['consilium:consilium 700 /var/lib/consilium', 'root:consilium 750 /etc/consilium', 'root:consilium 640 /etc/consilium/consilium.conf']);
  good('the units are enabled', 'ls -l /etc/systemd/system/multi-user.target.wants/consilium.service /etc/systemd/system/timers.target.wants/consilium-backup.timer /etc/systemd/system/timers.target.wants/consilium-backup-check.timer');
  good('it is the program', 'consilium --version', /^consilium \d/);
  good('it finds its content and nothing is wrong', 'consilium config check', /consilium.conf: 0 wrong/);
  good('the manual page is one', 'gzip -dc /usr/share/man/man8/consilium.8.gz', /^\.TH CONSILIUM 8/);
  fs.appendFileSync(conf, `port = ${port}\nlog_acces = true\n`);
  const checked = run('consilium config check');
  is('a wrong line is named', [checked.status, /consilium\.conf:\d+: wrong: log_acces: no such setting; is it log_access\?/.test(checked.text)], [1, true]);
  fs.writeFileSync(conf, fs.readFileSync(conf, 'utf8').replace('log_acces = true\n', ''));

  // ---- the first people, typed by root ----
  good('an empty data folder', 'consilium init');
  const number = (text) => text.trim().split('\n')[0].split(/\s+/).pop();
  const centre = number(good('a centre', 'consilium org add "Regional telemedicine centre" --kind centre'));
  const hospital = number(good('a hospital', `consilium org add "District hospital" --kind hospital --parent ${centre}`));
  const service = number(good('a service', `consilium org service ${centre} "Cardiology" --profile cardiology`));
  good('an administrator', `consilium user add admin --family Adminova --given Anna --org ${centre} --role administrator`);
  good('a consultant', `consilium user add petrova --family Petrova --given Anna --org ${centre} --role consultant --service ${service}`);
  good('a coordinator', `consilium user add akhmetov --family Akhmetov --given Arman --org ${centre} --role coordinator`);
  good('a doctor', `consilium user add sokolov --family Sokolov --given Sergei --org ${hospital} --role doctor`);
  is('files made by root are the server\'s', run('find /var/lib/consilium ! -user consilium').text, '');
  await serves('installed');

  // ---- backups, and another machine ----
  good('no place for backups: said, and nothing done', 'consilium backup --if-set && consilium restore --check --if-set', /nothing was done[^]*nothing was done/);
  good('a password and a place', '(umask 027; head -c 24 /dev/urandom | base64 > /etc/consilium/backup.password); chgrp consilium /etc/consilium/backup.password; install -d -o consilium -g consilium -m 700 /mnt/backup/consilium');
  fs.appendFileSync(conf, 'backup_to = /mnt/backup/consilium\nbackup_password_file = /etc/consilium/backup.password\n');
  good('nothing is wrong with them', 'consilium config check', /: 0 wrong/);
  good('a backup', 'consilium backup --if-set', /backup [0-9a-f]+/, { as: 'consilium:consilium' });
  good('it can be restored', 'consilium restore --check --if-set', /can be restored/, { as: 'consilium:consilium' });
  good('restored where nothing was', 'mv /var/lib/consilium/data /var/lib/consilium/data.empty && consilium restore /var/lib/consilium/data', /nothing is missing or changed/);
  is('what was restored is the server\'s', run('find /var/lib/consilium /mnt/backup/consilium ! -user consilium').text, '');
  good('the people are there', 'consilium user list', /sokolov/);

  // ---- upgraded ----
  const settings = fs.readFileSync(conf, 'utf8');
  good('upgraded', install(two));
  is('it is the second version', good('its version', 'dpkg-query -W -f "\\${Version}" consilium').trim(), '2.0');
  is('the settings stay', fs.readFileSync(conf, 'utf8'), settings);
  good('the data stay', 'consilium org list', /District hospital/);
  await serves('upgraded');

  // ---- removed, installed again, purged ----
  good('removed', 'dpkg -r consilium');
  is('the program is gone, settings and data are not', [fs.existsSync(at('usr/bin/consilium')), fs.existsSync(conf), fs.existsSync(at('var/lib/consilium/data/consilium.db'))], [false, true, true]);
  good('installed again', install(two));
  good('on the same data', 'consilium org list', /District hospital/);
  good('purged: it is said where the data are', 'dpkg -P consilium', /data stay in \/var\/lib\/consilium/);
  is('the settings are gone, the data and the password are not', [fs.existsSync(conf), fs.existsSync(at('var/lib/consilium/data/consilium.db')), fs.existsSync(at('etc/consilium/backup.password'))], [false, true, true]);
}

const root = makeRoot([...needed, 'restic']);
if (root.why) {
  console.log(`skipped: the package is not installed anywhere: ${root.why}`);
} else {
  spawnSync('dpkg-deb', ['-x', one, path.join(place, 'unpacked')]);
  await lifeOf(root.dir, await freePort());
  fs.rmSync(root.dir, { recursive: true, force: true });
}
units(one, place, is);
await proxies(build, place, is);
end();
