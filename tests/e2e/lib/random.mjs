// Random numbers from a seed, the same on every machine. No npm packages.

/** mulberry32: () => a number in [0, 1). */
export function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
  const int = (from, to) => from + Math.floor(next() * (to - from + 1)); // both ends included
  return {
    next,
    int,
    between: (from, to) => from + next() * (to - from),
    chance: (probability) => next() < probability,
    pick: (list) => list[int(0, list.length - 1)],
    /** Some of the list, at least `least`, in the list's order. */
    some: (list, least = 0) => {
      const taken = list.filter(() => next() < 0.5);
      return taken.length >= least ? taken : list.slice(0, least);
    },
  };
}
