// The verdicts of @medplum/core and npm `fhir`: one JSON line for each file and validator.
//
// node verdicts.mjs DEFINITIONS FILES…    DEFINITIONS is what definitions.py wrote.
//
// @medplum/core looks at no profile of its own accord: each resource of a message is handed to it with the profiles of
// ours that it claims in meta.profile.
import { readFileSync } from 'node:fs';
import { validateResource } from '@medplum/core';
import fhirjs from 'fhir';
import { loadProfiles } from './definitions.mjs';

const [definitions, ...files] = process.argv.slice(2);
const profiles = loadProfiles(definitions);

/** What validateResource says, whether it returns it or throws it. */
function medplum(resource, options) {
  try {
    return validateResource(resource, options);
  } catch (error) {
    if (error.outcome) return error.outcome.issue;
    return [{ severity: 'error', code: 'exception', details: { text: `threw: ${error.message}` } }];
  }
}

/** All resources of a message, itself included, with the place of each. */
function parts(resource) {
  const inner = (resource.entry ?? []).map((entry, i) => [`Bundle.entry[${i}].resource`, entry?.resource]);
  return [[resource.resourceType, resource], ...inner].filter(([, part]) => part && typeof part === 'object');
}

function byMedplum(resource) {
  const found = medplum(resource).map((issue) => ['', issue]);
  for (const [place, part] of parts(resource)) {
    const claimed = Array.isArray(part.meta?.profile) ? part.meta.profile : [];
    for (const url of claimed) {
      const profile = profiles.get(String(url).split('|')[0]);
      if (profile) found.push(...medplum(part, { profile }).map((issue) => [place, issue]));
    }
  }
  return found
    .filter(([, issue]) => issue.severity === 'error' || issue.severity === 'fatal')
    .map(([place, issue]) => {
      const at = issue.expression?.[0] ?? '';
      const inside = place && at.split('.').slice(1).join('.');
      return { at: place ? [place, inside].filter(Boolean).join('.') : at, text: issue.details?.text ?? issue.code };
    });
}

const fhir = new fhirjs.Fhir();

function byFhir(resource) {
  try {
    return fhir
      .validate(resource, { errorOnUnexpected: true })
      .messages.filter(({ severity }) => severity === 'error' || severity === 'fatal')
      .map(({ location, message }) => ({ at: location ?? '', text: message }));
  } catch (error) {
    return [{ at: '', text: `threw: ${error.message}` }];
  }
}

for (const file of files) {
  let resource;
  try {
    resource = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    const errors = [{ at: '', text: 'not JSON' }];
    for (const validator of ['@medplum/core', 'fhir']) console.log(JSON.stringify({ file, validator, errors }));
    continue;
  }
  console.log(JSON.stringify({ file, validator: '@medplum/core', errors: byMedplum(resource) }));
  console.log(JSON.stringify({ file, validator: 'fhir', errors: byFhir(resource) }));
}
