"""What the service changes by REST: at the version that it read, and at no other."""

import copy

from fhirpy.base.exceptions import MultipleResourcesFound, OperationOutcome

from steps import refused, step

# What fhirpy calls every 412.
MOVED = MultipleResourcesFound
BUSINESS = "https://keyway.example/fhir/CodeSystem"


def withdraw(client, referral):
    """The service takes a referral back that nobody has collected. `client` gives fhirpy with headers of its own."""
    task = client().execute(f"Task/{referral}", method="get")
    changed = copy.deepcopy(task)
    changed["status"] = "cancelled"
    refused("update: without its reason", OperationOutcome, lambda: at_version(client, task, changed),
            ("required", "raised-in-error", "Task.statusReason"))
    changed["statusReason"] = {"coding": [{"system": f"{BUSINESS}/withdraw-reason", "code": "raised-in-error"}]}
    other = copy.deepcopy(changed)
    other["owner"]["reference"] = "Organization/cmht-riverside"
    refused("update: to another owner", OperationOutcome, lambda: at_version(client, task, other),
            ("business-rule", "", "Task.owner"))
    now = change(client, task, changed)
    step("update: and the referral is withdrawn, with nothing left to do",
         now.businessStatus.coding[0].code == "withdrawn-by-sender" and "extension" not in now, now)


def revoke(client, consent_id):
    """The person takes a consent back."""
    consent = client().execute(f"Consent/{consent_id}", method="get")
    changed = copy.deepcopy(consent)
    changed["status"] = "inactive"
    change(client, consent, changed)
    found = client().resources("Consent").search(_id=consent_id, status="active").fetch()
    step("search: it is no longer among those that permit", found == [], found)


def at_version(client, read, changed):
    """A PUT at the version that was read."""
    headers = {"If-Match": f'W/"{read["meta"]["versionId"]}"'}
    return client(**headers).execute(path(read), method="put", data=changed)


def saved(client, resource):
    """fhirpy's own way to write a resource that it knows."""
    content = {name: value for name, value in resource.items() if name != "resourceType"}
    return client.resource(resource["resourceType"], **content).save()


def path(resource):
    return f"{resource['resourceType']}/{resource['id']}"


def change(client, read, changed):
    """A PUT without If-Match, at a version that never was, at the one that was read, and at that one again.

    Gives what the right one was answered with.
    """
    kind, old = read["resourceType"], read["meta"]["versionId"]
    refused(f"update: {kind} without If-Match, as fhirpy saves it", OperationOutcome,
            lambda: saved(client(), changed), ("required", "ETag", "http.If-Match"))
    never = client(**{"If-Match": 'W/"999"'})
    refused(f"update: {kind} at a version that never was", MOVED, lambda: saved(never, changed),
            ("conflict", "Read it again", "http.If-Match"))
    untouched = client().execute(path(read), method="get")
    step(f"update: {kind} is as it was", untouched == read, [untouched, read])
    now = at_version(client, read, changed)
    step(f"update: {kind} at the version that was read is changed, and is another version",
         now.id == read["id"] and now.status == changed["status"] and now.meta.versionId != old, now)
    refused(f"update: {kind} at the version that was read, a second time", MOVED,
            lambda: at_version(client, read, changed), ("conflict", "Read it again", "http.If-Match"))
    then = client().execute(f"{path(read)}/_history/{old}", method="get")
    step(f"read: {kind} at its old version, as it was then",
         then.status == read["status"] and then.meta.versionId == old, then)
    last = client().execute(path(read), method="get")
    step(f"read: {kind} as it is now", last == now, [last, now])
    return now
