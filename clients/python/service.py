"""The liaison and diversion service, with fhirpy as it is published, over mutual TLS.

service.py DEMO REFERRALS    DEMO is the folder of a running demonstration whose keys register.py made. The id of the
referral that is submitted here, and that of one to another agency, go into the file REFERRALS.
"""

import json
import sys
import time
import uuid
from pathlib import Path

import jwt
import requests
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import AuthorizationError, OperationOutcome, ResourceNotFound

from changes import revoke, withdraw
from messages import of_type, organisation_code, referral, without_subject
from steps import ago, ahead, refused, step

# From the range that is never issued, and in no story of the demonstration.
NHS_NUMBER = "9990007772"
SECOND_NHS_NUMBER = "9990007756"
NOTHING = {"resourceType": "Bundle", "type": "message"}
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Agency:
    """One agency's certificate, key and tokens."""

    def __init__(self, demo, name):
        folder = demo / "agencies" / name
        self.tls = {"cert": (str(folder / "cert.pem"), str(folder / "key.pem")), "verify": str(demo / "ca.pem")}
        self.client_id = (folder / "client_id").read_text().strip()
        self.key = (folder / "jwt-key.pem").read_bytes()

    def assertion(self, token_endpoint):
        """A client assertion as SMART Backend Services has it: RFC 7523, ES384, five minutes at most."""
        now = int(time.time())
        claims = {"iss": self.client_id, "sub": self.client_id, "aud": token_endpoint,
                  "exp": now + 240, "iat": now, "jti": str(uuid.uuid4())}
        return jwt.encode(claims, self.key, algorithm="ES384", headers={"kid": "first", "typ": "JWT"})

    def token(self, token_endpoint, assertion):
        form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": assertion}
        return requests.post(token_endpoint, data=form, timeout=10, **self.tls)

    def client(self, base, token=None, **headers):
        """fhirpy against `base`."""
        authorization = token and f"Bearer {token}"
        return SyncFHIRClient(base, authorization=authorization, extra_headers=headers, requests_config=self.tls)


def assessment(recipient, need, name, nhs_number):
    """A person whom no story of the demonstration knows, and who agrees to one referral."""
    return {
        "profile": "https://keyway.example/profiles/assessment/adult/1",
        "person": {"reference": f"LD-P-{uuid.uuid4().hex[:8]}", "name": name,
                   "birth_date": "1988-04-12", "nhs_number": {"value": nhs_number, "verification": "01"}},
        "practitioner": {"name": "Ifeoma Brandt", "role": "Practitioner",
                         "organisation": "Riverside Liaison and Diversion Service"},
        "clinical": {"narrative": "Low in mood for some weeks; sleeps badly; asks for help with it."},
        "consents": [{"recipient": recipient, "decision": "agree", "recorded_at": ago(minutes=20), "how": "oral",
                      "captured_by": "Ifeoma Brandt", "capacity": "has-capacity",
                      "valid_until": ahead(days=90)[:10]}],
        "referrals": [{"recipient": recipient, "reason": "Please assess and help", "urgency": "routine", "need": need}],
    }


def refer(client):
    """Refers a person to the community team, once, by FHIR. Gives the referral's id."""
    reader = client()
    sender, receiver = (organisation_code(reader.reference("Organization", name).to_resource())
                        for name in ["ld-riverside", "cmht-riverside"])
    message = referral(sender, receiver, {"family": "Quillfeather", "given": ["Ansel"]}, NHS_NUMBER)

    def messages(request_id):
        return client(**{"X-Request-Id": request_id, "X-Correlation-Id": str(uuid.uuid4())})

    def submit(by, what):
        return by.execute("$process-message", method="post", data=what)

    def to(bundle):
        return of_type(bundle, "MessageHeader")["destination"]

    first = str(uuid.uuid4())
    refused("$process-message: what is no message is refused, with the place", OperationOutcome,
            lambda: submit(messages(first), NOTHING), ("structure", "MessageHeader"))
    refused("$process-message: nor is a referral of nobody", OperationOutcome,
            lambda: submit(messages(first), without_subject(message)),
            ("required", "subject", "Bundle.entry[1].resource.ofType(ServiceRequest).subject"))
    echoed = submit(messages(first), message)
    step("$process-message: a referral to the community team is taken, and the same message comes back",
         echoed.type == "message" and to(echoed) == to(message), echoed)
    taken = of_type(echoed, "ServiceRequest").id
    refused("$process-message: the same message again", OperationOutcome,
            lambda: submit(messages(first), message), ("duplicate", taken))
    return taken


def look(client, referral_id):
    """Searches, pages, reads, and asks what is wrong with a resource."""
    reader = client()
    tasks = reader.resources("Task").search(requester="Organization/ld-riverside").sort("-authored-on").limit(3)
    page = tasks.fetch_raw()
    step("search: a page of own Tasks, and no count of what it does not show",
         len(page.entry) == 3 and "total" not in page, page)
    paged = [task.id for task in tasks.fetch_all()]
    whole = [task.id for task in reader.resources("Task").search(requester="Organization/ld-riverside").limit(100).fetch()]
    step("page: all pages together are all Tasks, each once",
         len(paged) > 3 and len(set(paged)) == len(paged) and set(paged) == set(whole), [paged, whole])
    found = reader.resources("Task").search(**{"patient:identifier": f"https://fhir.nhs.uk/Id/nhs-number|{NHS_NUMBER}"})
    step("search: by the person's NHS number", [task.id for task in found.fetch()] == [referral_id])
    whole = reader.resources("Task").search(_id=referral_id).include("Task", "owner").fetch_raw()
    step("search: with the owner", sorted(e.resource.resourceType for e in whole.entry) == ["Organization", "Task"], whole)
    told = reader.resources("Task").search(colour="red").limit(1).fetch_raw()
    said = [e.resource for e in told.entry if e.resource.resourceType == "OperationOutcome"]
    step("search: a parameter that is not known is told", said and "was not looked at" in said[0].issue[0].diagnostics, told)
    strict = client(Prefer="handling=strict")
    refused("search: and refused where that is asked for", OperationOutcome,
            lambda: strict.resources("Task").search(colour="red").fetch(), ("not-supported", "not supported here"))

    task = reader.reference("Task", referral_id).to_resource()
    step("read: the Task, for the team", task.owner.reference == "Organization/cmht-riverside", task)
    before = reader.execute(f"Task/{referral_id}/_history/1", method="get")
    step("read: the Task as it first was", before.id == referral_id and before.meta.versionId == "1", before)
    consents = reader.resources("Consent").search(actor="Organization/cmht-riverside", status="active").fetch()
    step("search: the consents that name the team", bool(consents), consents)
    refused("read: what is not offered is not there", ResourceNotFound,
            lambda: reader.resources("Patient").fetch(), ("not-found", "path"))
    refused("read: nor what does not exist", ResourceNotFound,
            lambda: reader.reference("Task", "00000000-0000-0000-0000-000000000000").to_resource(), ("not-found", ""))
    patient = {"resourceType": "Patient", "birthDate": "1991-02-30"}
    judged = reader.execute("Patient/$validate", method="post", data=patient)
    wrong = [(issue.code, issue.expression[0]) for issue in judged.issue if issue.severity == "error"]
    step("$validate: 30 February is found, and its place is told", wrong == [("value", "Patient.birthDate")], judged)
    patient["birthDate"] = "1992-02-29"
    judged = reader.execute("Patient/$validate", method="post", data=patient)
    step("$validate: 29 February of a leap year is right",
         not [issue for issue in judged.issue if issue.severity in ("error", "fatal")], judged)


def main(demo, referrals_file):
    gateway = next(line.removeprefix("GATEWAY=") for line in (demo / "try.sh").read_text().splitlines()
                   if line.startswith("GATEWAY="))
    base = f"{gateway}/fhir"
    service = Agency(demo, "ld-riverside")

    anyone = service.client(base)
    capabilities = anyone.execute("metadata", method="get")
    step("discovery: the CapabilityStatement is of R4 4.0.1", capabilities.fhirVersion == "4.0.1", capabilities)
    smart = anyone.execute(".well-known/smart-configuration", method="get")
    step("discovery: private_key_jwt and bound tokens are offered",
         "private_key_jwt" in smart.token_endpoint_auth_methods_supported
         and smart.tls_client_certificate_bound_access_tokens is True, smart)
    refused("without a token nothing is taken", AuthorizationError,
            lambda: anyone.execute("$process-message", method="post", data=NOTHING), ("login", "access token"))

    proof = service.assertion(smart.token_endpoint)
    issued = service.token(smart.token_endpoint, proof)
    step("token: given for a signed assertion over the registered certificate", issued.status_code == 200, issued.text)
    again = service.token(smart.token_endpoint, proof)
    step("token: the same assertion a second time is invalid_client",
         again.status_code == 401 and again.json()["error"] == "invalid_client", again.text)
    token = issued.json()["access_token"]
    thief = Agency(demo, "cmht-riverside").client(base, token)
    refused("token: of no use with another agency's certificate", AuthorizationError,
            lambda: thief.execute("$process-message", method="post", data=NOTHING),
            ("security", "another client certificate"))

    def client(**headers):
        return service.client(base, token, **headers)

    team_referral = refer(client)
    look(client, team_referral)

    # An assessment is not FHIR; the referral that comes of it is.
    body = assessment("housing-harbour", "housing", {"family": "Quillfeather", "given": ["Odile"]}, SECOND_NHS_NUMBER)
    sent = requests.post(f"{gateway}/assessments", json=body, timeout=10, **service.tls,
                         headers={"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid.uuid4())})
    planned = sent.json().get("referrals", [{}])[0]
    step("submit: an assessment becomes a referral to the housing authority",
         sent.status_code == 201 and planned.get("state") == "queued", sent.text)
    second = planned["referral_id"]
    withdraw(client, second)
    reader = client()
    name = reader.reference("Task", second).to_resource()["for"].identifier
    [consent] = reader.resources("Consent").search(
        **{"patient:identifier": f"{name.system}|{name.value}"}, actor="Organization/housing-harbour").fetch()
    revoke(client, consent.id)

    others = reader.resources("Task").search(owner="Organization/housing-harbour").fetch()
    referrals_file.write_text(json.dumps({"ours": team_referral, "of_another": others[0].id}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
