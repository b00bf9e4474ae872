// Applications are let in and keep to what they were granted (SMART App Launch 2.2): node tests/smart/run.mjs [--build PRESET]
// The fhirclient library does discovery, authorization code with PKCE, search, create and transaction against the running
// program; then every way in which a code, token, verifier or assertion is wrong is tried.
import { Clock } from '../lib/clock.mjs';
import { option, Program } from '../lib/program.mjs';
import { signIn } from '../lib/session.mjs';
import { PASSWORD, world } from '../lib/world.mjs';
import { App, openApp } from './app.mjs';
import { clientSteps } from './client.mjs';
import { refusalSteps } from './refusals.mjs';
import { scopeSteps } from './scopes.mjs';
import { serviceSteps } from './service.mjs';

const args = process.argv.slice(2);
const build = option(args, '--build', 'dev');
const clock = new Clock(build);
const program = new Program({ build, env: clock.env });
process.on('exit', () => clock.remove());
let passed = 0;
let failed = 0;

async function step(name, run) {
  try {
    await run();
    passed++;
  } catch (e) {
    failed++;
    console.log(`FAILED ${name}: ${e.message}`);
  }
}

async function main() {
  const region = world(program);
  await program.start();
  const app = await new App({}).start();
  program.cli(['client', 'add', 'chart', '--name', 'Growth chart', '--launch', 'standalone,ehr', '--redirect', `${app.base}/app`,
    '--scope', 'openid fhirUser launch launch/patient launch/encounter offline_access online_access user/*.cruds patient/*.cruds']);
  const secret = (words) => /secret (\S+)/.exec(program.cli(words))[1];
  const second = secret(['client', 'add', 'second', '--name', 'Second', '--launch', 'standalone,introspect', '--secret', 'true',
    '--redirect', `${app.base}/app`, '--scope', 'user/*.read offline_access']);
  const third = secret(['client', 'add', 'third', '--name', 'Third', '--launch', 'standalone', '--secret', 'true', '--redirect', `${app.base}/app`,
    '--scope', 'user/*.read']);
  app.options = {
    clientId: 'chart', iss: `${program.base}/fhir`, redirectUri: `${app.base}/app`, completeInTarget: true, pkceMode: 'required',
    scope: 'openid fhirUser offline_access user/*.cruds',
  };
  const doctor = await signIn(program, 'doctor', PASSWORD);
  const outsider = await signIn(program, 'outsider', PASSWORD);
  const t = { program, region, secret: second, third, app, doctor, outsider, clock, step, openApp };
  for (const steps of [clientSteps, scopeSteps, refusalSteps, serviceSteps]) await steps(t);
  app.stop();
  await program.stop();
  console.log(`${passed} passed, ${failed} failed`);
  if (failed === 0) program.remove();
  process.exitCode = failed > 0 ? 1 : 0;
}

main().catch((e) => {
  console.error(e);
  process.exit(1);
});
