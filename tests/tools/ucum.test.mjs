// tools/ucum.mjs: numbers stay exact, every unit of the package is understood.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compute, decimal, fold, load, toC } from '../../tools/ucum.mjs';

test('decimals become fractions', () => {
  assert.deepEqual(decimal('254e-2'), { n: 127n, d: 50n });
  assert.deepEqual(decimal('-1.5'), { n: -3n, d: 2n });
  assert.deepEqual(decimal('1e3'), { n: 1000n, d: 1n });
  assert.throws(() => decimal('1/2'));
});

test('fractions become coefficient, scale and what is left of the divisor', () => {
  assert.deepEqual(fold({ n: 127n, d: 50n }), { coef: 254n, scale: 2, den: 1n });
  assert.deepEqual(fold({ n: 5n, d: 9n }), { coef: 5n, scale: 0, den: 9n });
  assert.deepEqual(fold({ n: 1200n, d: 1n }), { coef: 12n, scale: -2, den: 1n });
  const pi = fold(decimal('3.1415926535897932384626433832795028841971693993751'));
  assert.equal(pi.coef, 3141592653589793238462643383279503n);
  assert.equal(pi.scale, 33);
});

test('every unit is computed and agrees with the package', () => {
  const defs = load();
  const values = compute(defs);
  assert.equal(values.size, defs.units.length);
  assert.deepEqual(values.get('[lb_av]').value, decimal('453.59237'));
  assert.deepEqual(values.get('m[Hg]').value, decimal('133322000'));
  assert.equal(values.get('[IU]').own, '[iU]');
  const damaged = structuredClone(defs);
  damaged.units.find((u) => u.csCode_ === '[ft_i]').baseFactorStr_ = '13';
  assert.throws(() => compute(damaged), /\[ft_i\]/);
  assert.match(toC(defs), /SI\("\[degF\]"\), \{UINT64_C\(5\), 0, false\}, UINT64_C\(9\)/);
});
