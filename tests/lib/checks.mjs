// Counts what a test found true, and ends it as the runner reads it: "N passed, N failed".
export function checks() {
  let passed = 0;
  let failed = 0;
  return {
    is(what, got, wanted) {
      if (JSON.stringify(got) === JSON.stringify(wanted)) { passed++; return; }
      failed++;
      console.log(`failed: ${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`);
    },
    end() {
      console.log(`${passed} passed, ${failed} failed`);
      process.exit(failed ? 1 : 0);
    },
  };
}
