// The 30 searches of `tools/bench_fhir.mjs`: a name and, from a made up person's view, an address. x: what to ask about, see pick().
const LOINC = 'http://loinc.org';
const SCT = 'http://snomed.info/sct';
const v = (system, code) => encodeURIComponent(`${system}|${code}`);

export const SHAPES = [
  ['patient by identifier', (x) => `Patient?identifier=${v(x.idSystem, x.idValue)}`],
  ['patient by family name', (x) => `Patient?family=${x.family}&_count=20`],
  ['patient by name, exact, and birth date', (x) => `Patient?family:exact=${x.family}&birthdate=${x.birthDate}`],
  ['patients born in ten years, by birth date', () => 'Patient?birthdate=ge1950&birthdate=lt1960&_sort=birthdate&_count=20'],
  ['women of a city', (x) => `Patient?gender=female&address-city=${encodeURIComponent(x.city)}&_count=20`],
  ['newest observations of a code of a patient', (x) => `Observation?patient=${x.patient}&code=${v(LOINC, x.loinc)}&_sort=-date&_count=10`],
  ['vital signs of a patient', (x) => `Observation?patient=${x.patient}&category=vital-signs&_sort=-date&_count=20`],
  ['observations of a patient in three years', (x) => `Observation?patient=${x.patient}&date=ge2012&date=lt2015&_count=20`],
  ['three codes of a patient', (x) => `Observation?patient=${x.patient}&code=8302-2,29463-7,8867-4&_count=20`],
  ['observations of an encounter', (x) => `Observation?encounter=${x.encounter}`],
  ['a code, all patients', (x) => `Observation?code=${v(LOINC, x.loinc)}&_count=20`],
  ['a code, newest first', (x) => `Observation?code=${v(LOINC, x.loinc)}&_sort=-date&_count=20`],
  ['a code above a value', () => `Observation?code=${v(LOINC, '29463-7')}&value-quantity=gt110&_count=20`],
  ['blood pressure above a value (composite)', () => `Observation?component-code-value-quantity=${encodeURIComponent(`${LOINC}|8480-6$gt139`)}&_count=20`],
  ['observations of people of a name (chain)', (x) => `Observation?subject:Patient.family=${x.family}&code=${v(LOINC, '8302-2')}&_count=20`],
  ['people with a condition (_has)', (x) => `Patient?_has:Condition:patient:code=${v(SCT, x.condition)}&_count=20`],
  ['a patient with all observations (_revinclude)', (x) => `Patient?_id=${x.patient}&_revinclude=Observation:patient&_count=10`],
  ['active conditions of a patient', (x) => `Condition?patient=${x.patient}&clinical-status=active`],
  ['a condition, newest first', (x) => `Condition?code=${v(SCT, x.condition)}&_sort=-onset-date&_count=20`],
  ['encounters of a patient with provider (_include)', (x) => `Encounter?patient=${x.patient}&_sort=-date&_include=Encounter:service-provider&_count=10`],
  ['encounters of a month by class', () => 'Encounter?date=ge2014-03&date=lt2014-04&class=AMB&_count=20'],
  ['newest changed encounters', () => 'Encounter?_sort=-_lastUpdated&_count=20'],
  ['active prescriptions of a patient', (x) => `MedicationRequest?patient=${x.patient}&status=active`],
  ['reports of a patient with results (_include)', (x) => `DiagnosticReport?patient=${x.patient}&_include=DiagnosticReport:result&_sort=-date&_count=5`],
  ['procedures of a patient since', (x) => `Procedure?patient=${x.patient}&date=ge2010&_count=20`],
  ['claims of a patient', (x) => `ExplanationOfBenefit?patient=${x.patient}&_sort=-created&_count=10`],
  ['vaccinations counted', (x) => `Immunization?patient=${x.patient}&_summary=count`],
  ['care plans with teams (_include)', (x) => `CarePlan?patient=${x.patient}&_include=CarePlan:care-team`],
  ['observations without a value', (x) => `Observation?patient=${x.patient}&value-quantity:missing=true&_count=20`],
  ['observations of a patient changed since', (x) => `Observation?patient=${x.patient}&_lastUpdated=ge2020-01-01&_count=20`],
];

const any = (list) => list[Math.floor(Math.random() * list.length)];

// people: patients as read back; encounters: ids; the bundles' own codes.
export function pick(known) {
  const p = any(known.people);
  const id = p.identifier?.find((i) => i.value) ?? { system: 'none', value: 'none' };
  return {
    patient: p.id, family: encodeURIComponent(p.name[0].family), birthDate: p.birthDate, idSystem: id.system, idValue: id.value,
    city: any(known.people).address?.[0]?.city ?? 'Boston', encounter: any(known.encounters), loinc: any(known.loinc), condition: any(known.conditions),
  };
}
