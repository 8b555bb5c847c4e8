// Verifies a receipt, and the place of its entry in the ledger, in the reader's browser: the signature of the receipt, the
// signature of the checkpoint, the path from the entry to the root (RFC 9162, 2.1.3.2). Nothing is sent anywhere but the
// request for the proof of the entry, when none is pasted.

const form = document.getElementById('verify');
const told = document.getElementById('verify-told');
const texts = form.dataset;

/** What can be told to the reader; every other error is a fault of this script. */
class Told extends Error {}

function bytes(base64, otherwise = texts.notRead) {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    throw new Told(otherwise);
  }
}
const encode = (text) => new TextEncoder().encode(text);
const equal = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

/** The public half of a verifier key (C2SP signed-note): name, id, and what ends in the 32 bytes of the key. */
function verifierKey(text) {
  const parts = text.trim().split('+');
  const key = bytes(parts.slice(2).join('+'), texts.badKey);
  if (parts.length < 3 || key.length < 33) throw new Told(texts.badKey);
  return { name: parts[0], id: parts[1], raw: key.slice(-32) };
}

async function isSigned(key, message, signature) {
  let imported;
  try {
    imported = await crypto.subtle.importKey('raw', key.raw, { name: 'Ed25519' }, false, ['verify']);
  } catch (error) {
    throw new Told(error.name === 'NotSupportedError' ? texts.noEd25519 : texts.badKey);
  }
  return crypto.subtle.verify({ name: 'Ed25519' }, imported, signature, encode(message));
}

async function hash(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
}

/** Whether the path leads from the leaf at the index to the root of a tree of this size. */
async function leads(index, size, leaf, path, root) {
  if (index >= size) return false;
  let [node, last, found] = [index, size - 1n, leaf];
  const one = Uint8Array.of(1);
  for (const sibling of path) {
    if (last === 0n) return false;
    if (node % 2n === 1n || node === last) {
      found = await hash(one, sibling, found);
      while (node % 2n === 0n && node !== 0n) {
        node /= 2n;
        last /= 2n;
      }
    } else {
      found = await hash(one, found, sibling);
    }
    node /= 2n;
    last /= 2n;
  }
  return last === 0n && equal(found, root);
}

/** A receipt: alone, or within a whole answer, or in the form of a QR code. */
function receiptOf(text) {
  if (text.trim().startsWith('{')) {
    let value;
    try {
      value = JSON.parse(text);
    } catch {
      throw new Told(texts.notRead);
    }
    return value.extensions?.audit ?? value.audit ?? value;
  }
  const [origin, index, leafHash, time, signature] = text.trim().split('~');
  return { origin, index, leafHash, time, signature };
}

/** A proof file (C2SP tlog-proof): index, path, signed checkpoint. */
function proofOf(text) {
  const at = text.indexOf('\n\n');
  const lines = text.slice(0, at).split('\n');
  if (lines.shift() !== 'c2sp.org/tlog-proof@v1') throw new Told(texts.badProof);
  if (lines[0]?.startsWith('extra ')) lines.shift();
  const index = lines.shift();
  if (!/^index \d+$/.test(index ?? '')) throw new Told(texts.badProof);
  return { index: BigInt(index.slice(6)), path: lines.map((line) => bytes(line, texts.badProof)), note: text.slice(at + 2) };
}

/** What a signed checkpoint says, when the key has signed it. */
async function checkpointOf(note, key) {
  const at = note.lastIndexOf('\n\n');
  const text = note.slice(0, at + 1);
  const lines = note.slice(at + 2).trimEnd().split('\n');
  const line = lines.find((found) => found.startsWith(`\u2014 ${key.name} `));
  const signature = line ? bytes(line.split(' ')[2]).slice(4) : new Uint8Array();
  if (signature.length !== 64 || !(await isSigned(key, text, signature))) return null;
  const [origin, size, root] = text.split('\n');
  return origin === key.name ? { size: BigInt(size), root: bytes(root), text, lines } : null;
}

/** Of each witness whether its cosignature verifies (C2SP tlog-cosignature), and when it was made; and whether any of them does. */
async function cosignatures({ text, lines }, keys) {
  const [all, found] = [[], []];
  for (const key of keys.split('\n').filter((line) => line.trim()).map(verifierKey)) {
    const named = lines.filter((line) => line.startsWith(`\u2014 ${key.name} `)).map((line) => bytes(line.split(' ')[2], texts.badProof));
    const idOf = (blob) => [...blob.slice(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    const blob = named.find((one) => one.length === 76 && idOf(one) === key.id) ?? new Uint8Array(76);
    const seconds = new DataView(blob.buffer).getBigUint64(4);
    const isGood = await isSigned(key, `cosignature/v1\ntime ${seconds}\n${text}`, blob.slice(12));
    const told = named.length ? texts.badCosignature : texts.notCosigned;
    found.push(isGood);
    all.push(isGood ? `${key.name} ${texts.cosigned} ${new Date(Number(seconds) * 1000).toISOString()}` : `${key.name} ${told}`);
  }
  return [found.length === 0 || found.includes(true), all];
}

async function verified(values) {
  const { origin, index, leafHash, time, signature } = receiptOf(values.get('receipt'));
  if (![origin, index, leafHash, time, signature].every((part) => typeof part === 'string')) throw new Told(texts.notRead);
  const message = `chengxin/receipt/v1\n${origin}\n${index}\n${leafHash}\n${time}\n`;
  const key = verifierKey(values.get('receipt-key'));
  if (origin !== key.name || !(await isSigned(key, message, bytes(signature)))) return [false, texts.badReceipt];
  let proof = values.get('proof');
  if (!proof.trim()) {
    const answer = await fetch(`/ledger/proof/${encodeURIComponent(index)}`).catch(() => null);
    if (answer?.status === 404) return [true, texts.notCovered];
    if (!answer?.ok) throw new Told(texts.noProof);
    proof = await answer.text();
  }
  const { index: place, path, note } = proofOf(proof);
  const checkpoint = await checkpointOf(note, verifierKey(values.get('log-key')));
  if (!checkpoint) return [false, texts.badCheckpoint];
  if (place !== BigInt(index)) return [false, texts.otherEntry];
  const stands = await leads(place, checkpoint.size, bytes(leafHash), path, checkpoint.root);
  if (!stands) return [false, texts.badPath];
  const [isEnough, told] = await cosignatures(checkpoint, values.get('witness-keys'));
  return [isEnough, [`${texts.stands} ${checkpoint.size}`, ...told].join(texts.stop)];
}

function tell(isGood, text) {
  told.className = `verdict ${isGood ? 'good' : 'bad'}`;
  told.textContent = text;
}

form.hidden = false;
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  told.className = '';
  told.textContent = '';
  if (!globalThis.crypto?.subtle) {
    tell(false, texts.noCrypto);
    return;
  }
  try {
    tell(...(await verified(new FormData(form))));
  } catch (error) {
    if (!(error instanceof Told)) throw error;
    tell(false, error.message);
  }
});
