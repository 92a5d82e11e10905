/* Two texts, word by word: which words stand in one of them only. */

const MOST = 4_000_000; // pairs of words that are compared; beyond, the whole of both counts as different

/* [[text, only here], …] of each of the two. */
export function marked(mine, theirs) {
  const [a, b] = [mine, theirs].map((text) => text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? []);
  const common = a.length * b.length > MOST ? [] : inBoth(a, b);
  return [stretches(a, new Set(common.map(([i]) => i))), stretches(b, new Set(common.map(([, j]) => j)))];
}

/* The longest series of words that stands in both in the same order, as pairs of places. */
function inBoth(a, b) {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i][j] = a[i] === b[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  const pairs = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (lengths[i + 1][j] >= lengths[i][j + 1]) i++;
    else j++;
  }
  return pairs;
}

/* White space alone parts no two stretches that differ. */
function stretches(words, common) {
  const different = words.map((word, place) => !common.has(place));
  const bridged = words.map(
    (word, place) => different[place] || (!word.trim() && different[place - 1] && different[place + 1]),
  );
  const found = [];
  words.forEach((word, place) => {
    const last = found.at(-1);
    if (last && last[1] === Boolean(bridged[place])) last[0] += word;
    else found.push([word, Boolean(bridged[place])]);
  });
  return found;
}
