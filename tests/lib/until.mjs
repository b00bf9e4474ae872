// Waiting for an event, bounded: a test never sleeps for a while and hopes.
const LOOK_SECONDS = 0.03;

// Asks fn until it gives something true, and gives that; throws with what did not happen when it has not come
// within so many seconds. every: seconds between two looks.
export async function until(what, fn, { within = 20, every = LOOK_SECONDS } = {}) {
  const end = performance.now() + within * 1000;
  for (;;) {
    const got = await fn();
    if (got) return got;
    if (performance.now() > end) throw new Error(`not within ${within} s: ${what}`);
    await new Promise((look) => { setTimeout(look, every * 1000); });
  }
}
