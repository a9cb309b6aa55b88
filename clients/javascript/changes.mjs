// What the team changes by REST: at the version that it read, and at no other.
import { Client } from 'fhir-kit-client';
import { refused, step } from './steps.mjs';

const etag = (answer) => Client.httpFor(answer).response.headers.get('etag');
const status = (answer) => Client.httpFor(answer).response.status;

/** Books an appointment once, and then moves it by a day. */
export async function book(client, referral) {
  const booking = {
    resourceType: 'Appointment',
    status: 'booked',
    basedOn: [{ reference: `ServiceRequest/${referral}` }],
    description: 'Harbour Street',
    start: '2031-01-06T10:00:00Z',
    end: '2031-01-06T10:30:00Z',
    participant: [{ actor: { reference: 'HealthcareService/cmht-riverside' }, status: 'accepted' }],
  };
  const create = (body) =>
    client.create({
      resourceType: 'Appointment',
      body,
      options: { headers: { 'If-None-Exist': `based-on=ServiceRequest/${referral}` } },
    });
  await refused(
    'create: an appointment that ends before it begins',
    422,
    () => create({ ...booking, end: '2031-01-06T09:00:00Z' }),
    'value',
    'Appointment.end',
  );
  const made = await create(booking);
  step('create: an appointment', status(made) === 201 && made.start === booking.start, made);
  const again = await create(booking);
  step('create: with If-None-Exist it is made once', status(again) === 200 && etag(again) === etag(made), again);

  const moved = { ...made, start: '2031-01-07T10:00:00Z', end: '2031-01-07T10:30:00Z' };
  const now = await change(client, made, moved);
  step('update: and it is a day later', now.start === moved.start && now.end === moved.end, now);
}

/** Tells that the work has begun. */
export async function changeTask(client, referral) {
  const task = await client.read({ resourceType: 'Task', id: referral });
  const begun = structuredClone(task);
  begun.status = 'in-progress';
  begun.businessStatus.coding[0].code = 'first-contact-made';
  const put = (body) =>
    client.update({ resourceType: 'Task', id: referral, body, options: { headers: { 'If-Match': etag(task) } } });
  await refused(
    'update: a Task to where no move leads',
    422,
    () => put({ ...begun, status: 'rejected' }),
    'business-rule',
    'Task.status',
  );
  const now = await change(client, task, begun);
  step('update: and it is begun', now.businessStatus.coding[0].code === 'first-contact-made', now);
}

/**
 * A PUT without If-Match, at a version that never was, at the one that was read, and at that one again.
 *
 * `read` is what the client was given, so that its ETag is known. Gives what the right one was answered with.
 */
async function change(client, read, changed) {
  const { resourceType, id } = read;
  const put = (headers) => client.update({ resourceType, id, body: changed, options: { headers } });
  const now = () => client.read({ resourceType, id });
  const match = { 'If-Match': etag(read) };
  await refused(`update: ${resourceType} without If-Match`, 428, () => put({}), 'required', 'http.If-Match');
  const never = () => put({ 'If-Match': 'W/"999"' });
  await refused(`update: ${resourceType} at a version that never was`, 412, never, 'conflict', 'Read it again');
  step(`update: ${resourceType} is as it was`, etag(await now()) === etag(read), await now());
  const answer = await put(match);
  step(
    `update: ${resourceType} at the version that was read is changed, and is another version`,
    status(answer) === 200 && answer.id === id && etag(answer) !== etag(read),
    answer,
  );
  const late = () => put(match);
  await refused(`update: ${resourceType} at that version a second time`, 412, late, 'conflict', 'Read it again');
  const then = await client.vread({ resourceType, id, version: read.meta.versionId });
  step(
    `read: ${resourceType} at its old version, as it was then`,
    etag(then) === etag(read) && then.status === read.status && then.start === read.start,
    then,
  );
  const last = await now();
  step(`read: ${resourceType} as it is now`, JSON.stringify(last) === JSON.stringify(answer), last);
  return answer;
}
