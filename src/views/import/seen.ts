/** Half-hours that are remembered at most: lines may be out of order by some of them. */
const MAX_SLOTS = 8;
const FIRST_SIZE = 1024;

/**
 * Who read what in the last half-hours, in 64-bit hashes (two halves of 32): 16 bytes a read at most, and nothing of it
 * outlives the process.
 */
export interface Seen {
  /** Whether the hash is new in this half-hour and the one before; notes it if so, as counting in Redis does. */
  isFirst(slot: number, high: number, low: number): boolean;
}

export function openSeen(): Seen {
  // In the order of use, the oldest first.
  const slots = new Map<number, HashSet>();
  const slotOf = (slot: number): HashSet => {
    const known = slots.get(slot);
    if (known !== undefined) {
      slots.delete(slot);
      slots.set(slot, known);
      return known;
    }
    if (slots.size >= MAX_SLOTS) slots.delete(slots.keys().next().value ?? 0);
    const fresh = openHashSet();
    slots.set(slot, fresh);
    return fresh;
  };
  let last = Number.NaN;
  let current = openHashSet();
  let before: HashSet | undefined;
  return {
    isFirst(slot, high, low) {
      if (slot !== last) {
        before = slots.get(slot - 1);
        current = slotOf(slot);
        last = slot;
      }
      return !(before?.has(high, low) ?? false) && current.add(high, low);
    },
  };
}

interface HashSet {
  has(high: number, low: number): boolean;
  /** False where it was there already. */
  add(high: number, low: number): boolean;
}

/** Open addressing in one typed array: a Set of numbers takes five times the memory. A pair of zeros marks a free place. */
function openHashSet(): HashSet {
  let size = FIRST_SIZE;
  let table = new Uint32Array(size * 2);
  let entries = 0;

  const placeOf = (high: number, low: number): number => {
    let place = low & (size - 1);
    for (;;) {
      const [h, l] = [table[place * 2], table[place * 2 + 1]];
      if ((h === 0 && l === 0) || (h === high && l === low)) return place * 2;
      place = (place + 1) & (size - 1);
    }
  };
  const grow = (): void => {
    const old = table;
    size *= 2;
    table = new Uint32Array(size * 2);
    for (let i = 0; i < old.length; i += 2) {
      const [high, low] = [old[i] ?? 0, old[i + 1] ?? 0];
      if (high !== 0 || low !== 0) table.set([high, low], placeOf(high, low));
    }
  };
  return {
    has: (high, low) => table[placeOf(high >>> 0, low >>> 0 || 1) + 1] !== 0,
    add(high, low) {
      const place = placeOf(high >>> 0, low >>> 0 || 1);
      if (table[place + 1] !== 0) return false;
      table[place] = high >>> 0;
      table[place + 1] = low >>> 0 || 1;
      entries++;
      if (entries * 2 > size) grow();
      return true;
    },
  };
}
