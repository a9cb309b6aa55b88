// How long @medplum/core takes for each message of a file, one on each line: parsing, base R4 and our profiles; and the
// same without our profiles.
//
// node speed.mjs DEFINITIONS MESSAGES    DEFINITIONS is what definitions.py wrote.
import { readFileSync } from 'node:fs';
import { validateResource } from '@medplum/core';
import { loadProfiles } from './definitions.mjs';

const [definitions, file] = process.argv.slice(2);
const profiles = loadProfiles(definitions);
const messages = readFileSync(file, 'utf8').trimEnd().split('\n');

/** Base R4, and for each resource the profiles of ours that it claims. */
function check(message, ours) {
  validateResource(message);
  if (!ours) return;
  for (const part of [message, ...message.entry.map(({ resource }) => resource)]) {
    for (const url of part.meta?.profile ?? []) {
      const profile = profiles.get(url.split('|')[0]);
      if (profile) validateResource(part, { profile });
    }
  }
}

function times(ours) {
  const took = messages.map((text) => {
    const begun = performance.now();
    try {
      check(JSON.parse(text), ours);
    } catch (error) {
      // A verdict is thrown; anything else is a fault of this script.
      if (!error.outcome) throw error;
    }
    return (performance.now() - begun) * 1000;
  });
  return took.sort((a, b) => a - b);
}

// Once over some of the messages first, so that what is timed is compiled code and not the warming up of it.
messages.slice(0, 200).forEach((text) => {
  try {
    check(JSON.parse(text), true);
  } catch (error) {
    if (!error.outcome) throw error;
  }
});
for (const [validator, ours] of [['@medplum/core 4.5.2, R4 only', false], ['@medplum/core 4.5.2', true]]) {
  const took = times(ours);
  const median = Math.round(took[Math.floor(took.length / 2)] * 10) / 10;
  console.log(JSON.stringify({ validator, messages: messages.length, both_us: { median } }));
}
