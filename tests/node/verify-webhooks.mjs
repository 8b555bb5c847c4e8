// Verifies messages with the library of Standard Webhooks: lines of JSON on standard input, each { secret, headers, body }.
// Exit codes: 0 all verify, and none does after one character of its body was changed; 1 otherwise.

import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';

const lines = readFileSync(0, 'utf8').split('\n').filter((line) => line.length > 0);
for (const line of lines) {
  const { secret, headers, body } = JSON.parse(line);
  const webhook = new Webhook(secret);
  webhook.verify(body, headers);
  let taken = false;
  try {
    webhook.verify(body.replace('assignment', 'Assignment').replace('joint_action', 'joint-action'), headers);
    taken = true;
  } catch {
    // As it should be.
  }
  if (taken) throw new Error('a body that was changed verifies');
}
console.log(`${lines.length} messages verify`);
