// A small region made by commands alone: two hospitals that ask, a centre whose service answers.
export const PASSWORD = 'made-up-password';

const last = (text) => text.trim().split('\n')[0].split(/\s+/).pop();

// Fills the empty data folder of a program that is not running yet. Gives ids of organisations and the service.
export function world(program) {
  program.cli(['init']);
  const region = { system: last(program.cli(['token', 'new', '--system', 'tests'])) };
  const org = (name, kind) => last(program.cli(['org', 'add', name, '--kind', kind]));
  const person = (login, family, org_, role, more = []) => {
    program.cli(['user', 'add', login, '--family', family, '--given', 'Test', '--org', org_, '--role', role,
      '--password-stdin', 'true', '--must-change', 'false', ...more], { input: `${PASSWORD}\n` });
  };
  region.centre = org('Centre', 'centre');
  region.hospital = org('First hospital', 'hospital');
  region.other = org('Second hospital', 'hospital');
  region.service = last(program.cli(['org', 'service', region.centre, 'Cardiology', '--profile', 'cardiology']));
  person('doctor', 'Asker', region.hospital, 'doctor');
  person('outsider', 'Outsider', region.other, 'doctor');
  person('leaver', 'Leaver', region.hospital, 'doctor');
  person('coordinator', 'Router', region.centre, 'coordinator');
  person('consultant', 'Answerer', region.centre, 'consultant', ['--service', region.service]);
  person('second', 'Answerertoo', region.centre, 'consultant', ['--service', region.service]);
  return region;
}
