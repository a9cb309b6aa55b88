// The community mental health team, with fhir-kit-client as it is published, over mutual TLS.
//
// node team.mjs DEMO REFERRALS    DEMO is the folder of a running demonstration; the file REFERRALS has the id of the
// referral that the liaison and diversion service submitted, and that of one to another agency.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'fhir-kit-client';
import { SignJWT, importPKCS8 } from 'jose';
import { Agent, setGlobalDispatcher } from 'undici';
import { book, changeTask } from './changes.mjs';
import { refused, step } from './steps.mjs';

const [demo, referralsFile] = process.argv.slice(2);
const agency = join(demo, 'agencies', 'cmht-riverside');
const read = (file) => readFileSync(file, 'utf8');

// The certificate: node's own fetch, which the client uses, takes it from the dispatcher of the process.
setGlobalDispatcher(
  new Agent({
    connect: {
      ca: read(join(demo, 'ca.pem')),
      cert: read(join(agency, 'cert.pem')),
      key: read(join(agency, 'key.pem')),
    },
  }),
);

const gateway = read(join(demo, 'try.sh')).match(/^GATEWAY=(.*)$/m)[1];
const client = new Client({ baseUrl: `${gateway}/fhir` });

const capabilities = await client.capabilityStatement();
step('discovery: the CapabilityStatement is of R4 4.0.1', capabilities.fhirVersion === '4.0.1', capabilities);
// Not smartAuthMetadata(): that takes the first of three answers, and the CapabilityStatement, which may be it, has no token
// endpoint, because the extension for it would have to name a place where a person authorises as well.
const smart = await client.request('.well-known/smart-configuration');
const tokenUrl = smart.token_endpoint;
step('discovery: the token endpoint is found', tokenUrl?.endsWith('/oauth/token'), smart);

const clientId = read(join(agency, 'client_id')).trim();
const assertion = await new SignJWT({})
  .setProtectedHeader({ alg: 'ES384', kid: 'first', typ: 'JWT' })
  .setIssuer(clientId)
  .setSubject(clientId)
  .setAudience(tokenUrl)
  .setJti(randomUUID())
  .setIssuedAt()
  .setExpirationTime('4m')
  .sign(await importPKCS8(read(join(agency, 'jwt-key.pem')), 'ES384'));
const issued = await fetch(tokenUrl, {
  method: 'POST',
  body: new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  }),
}).then((answer) => answer.json());
step('token: given for a signed assertion over the registered certificate', Boolean(issued.access_token), issued);
client.bearerToken = issued.access_token;

/** The message of the referral as the team's own server received it. */
async function received(referral) {
  const folder = join(demo, 'received', 'cmht');
  for (let i = 0; i < 100; i += 1) {
    for (const name of readdirSync(folder)) {
      const text = name.endsWith('.json') ? read(join(folder, name)) : '';
      if (text.includes(referral) && text.includes('servicerequest-request')) return JSON.parse(text);
    }
    await sleep(100);
  }
  return undefined;
}

const { ours: referral, of_another: another } = JSON.parse(read(referralsFile));
const request = await received(referral);
step('receive: the referral arrives as a message Bundle', request?.type === 'message', request);

/** The team's answer: sender and receiver swapped, the first Bundle's id quoted. */
function answerTo(message) {
  const of = (type) => message.entry.filter(({ resource }) => resource.resourceType === type);
  const [header] = of('MessageHeader').map(({ resource }) => resource);
  const encounterUrl = `urn:uuid:${randomUUID()}`;
  const now = new Date().toISOString();
  return {
    resourceType: 'Bundle',
    id: randomUUID(),
    meta: {
      lastUpdated: now,
      profile: ['https://fhir.nhs.uk/StructureDefinition/BARSBundleMessage'],
      versionId: message.meta.versionId,
    },
    type: 'message',
    timestamp: now,
    entry: [
      {
        fullUrl: `urn:uuid:${randomUUID()}`,
        resource: {
          resourceType: 'MessageHeader',
          eventCoding: { system: header.eventCoding.system, code: 'servicerequest-response' },
          destination: [{ endpoint: header.source.endpoint, receiver: header.sender }],
          sender: header.destination[0].receiver,
          source: { name: 'Riverside Community Mental Health Team', endpoint: header.destination[0].endpoint },
          reason: { coding: [{ system: header.reason.coding[0].system, code: 'new' }] },
          response: { identifier: message.id, code: 'ok' },
          focus: [{ reference: encounterUrl }],
          definition: 'https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-response-referral-short',
        },
      },
      {
        fullUrl: encounterUrl,
        resource: {
          resourceType: 'Encounter',
          status: 'planned',
          class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
          subject: { reference: of('Patient')[0].fullUrl },
        },
      },
      // What was sent comes back with it, so that every reference leads somewhere.
      ...message.entry.filter(({ resource }) => resource.resourceType !== 'MessageHeader'),
    ],
  };
}

const sending = (id) => ({ headers: { 'x-request-id': id, 'x-correlation-id': randomUUID() } });
const answer = answerTo(request);
const id = randomUUID();
await refused(
  '$process-message: without the ids of BaRS',
  400,
  () => client.operation({ name: 'process-message', input: answer }),
  'required',
  'X-Request-Id',
);
const taken = await client.operation({ name: 'process-message', input: answer, options: sending(id) });
step('$process-message: the answer is taken', ['Bundle', 'OperationOutcome'].includes(taken.resourceType), taken);
await refused(
  '$process-message: the same message again',
  409,
  () => client.operation({ name: 'process-message', input: answer, options: sending(id) }),
  'duplicate',
  'once',
);

const task = await client.read({ resourceType: 'Task', id: referral });
step('read: the Task is accepted', task.status === 'accepted', task);
step('read: and says what may be done next', JSON.stringify(task.extension ?? []).includes('book-appointment'), task);
const first = await client.vread({ resourceType: 'Task', id: referral, version: '1' });
step('read: and how it stood before', first.status !== task.status, first);

let page = await client.search({
  resourceType: 'Task',
  searchParams: { owner: 'Organization/cmht-riverside', _count: 2, _sort: '-_lastUpdated' },
});
const whole = await client.search({ resourceType: 'Task', searchParams: { _count: 100 } });
const seen = [];
while (page) {
  seen.push(...page.entry.map(({ resource }) => resource.id));
  page = page.link.some(({ relation }) => relation === 'next') ? await client.nextPage({ bundle: page }) : undefined;
}
step(
  'page: more than one page, and all together are all own Tasks, each once',
  seen.length > 2 && seen.length === whole.total && new Set(seen).size === seen.length,
  seen,
);
step('search: the one that changed last comes first', seen[0] === referral, seen);
await refused(
  "read: another agency's Task",
  404,
  () => client.read({ resourceType: 'Task', id: another }),
  'not-found',
  '',
);
const none = await client.search({ resourceType: 'Task', searchParams: { _id: another } });
step("search: another agency's Task is not even counted", none.total === 0 && !none.entry, none);
const known = request.entry.map(({ resource }) => resource).find(({ resourceType }) => resourceType === 'Patient');
const { system, value } = known.identifier.find((one) => one.system.endsWith('/ldref'));
const ofPerson = await client.search({
  resourceType: 'Task',
  searchParams: { 'patient:identifier': `${system}|${value}`, _include: 'Task:requester', colour: 'red' },
  options: { postSearch: true },
});
const modes = ofPerson.entry.map(({ resource, search }) => `${search.mode} ${resource.resourceType}`);
step(
  'search: by the name of the person, which stands in no address; with who asked, and what was not looked at',
  modes.join() === 'match Task,include Organization,outcome OperationOutcome' &&
    ofPerson.entry[0].resource.id === referral &&
    ofPerson.entry[1].resource.id === 'ld-riverside',
  ofPerson,
);
await refused(
  'search: a parameter that is not known, where only what is understood may be answered',
  400,
  () =>
    client.search({
      resourceType: 'Task',
      searchParams: { colour: 'red' },
      options: { headers: { prefer: 'handling=strict' } },
    }),
  'not-supported',
  'not supported here',
);
await refused(
  'delete: is not offered',
  405,
  () => client.delete({ resourceType: 'Task', id: referral }),
  'not-supported',
  '',
);

const judged = await client.operation({
  name: 'validate',
  resourceType: 'Patient',
  input: { resourceType: 'Patient', gender: 'f', shoeSize: 43 },
});
const wrong = judged.issue
  .filter(({ severity }) => severity === 'error')
  .map(({ code, expression }) => `${code} ${expression[0]}`);
step(
  '$validate: a wrong code and an unknown field are found, nothing else, and no value is repeated',
  wrong.sort().join() === 'code-invalid Patient.gender,structure Patient.shoeSize' && !JSON.stringify(judged).includes('43'),
  judged,
);

await book(client, referral);
await changeTask(client, referral);
