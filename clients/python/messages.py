"""A referral as a BaRS message, from our own example: other ends, another person, times that are now."""

import copy
import json
import uuid
from pathlib import Path

from steps import ago, ahead

EXAMPLE = Path(__file__).parents[2] / "fixtures" / "fhir" / "valid" / "message-new.json"
NHS_NUMBER_SYSTEM = "https://fhir.nhs.uk/Id/nhs-number"
# Not one by which a partner knows an agency outside Keyway.
OWN = "https://keyway.example/Id/agency"


def organisation_code(organization):
    """The identifier of the organisation by which a message is addressed."""
    [code] = [one for one in organization["identifier"] if one["system"] != OWN]
    return {"system": code["system"], "value": code["value"]}


def referral(sender, receiver, name, nhs_number):
    """`sender` refers a person who agreed to it to `receiver`, both as organisation_code gives them.

    It declares the profiles of BaRS and none of Keyway's, as anybody's system would.
    """
    message = json.loads(EXAMPLE.read_text())
    message["id"] = str(uuid.uuid4())
    message["timestamp"] = ago(seconds=1)
    of_bars(message)
    ends = iter([sender, receiver])
    for entry in message["entry"]:
        resource = entry["resource"]
        of_bars(resource)
        kind = resource["resourceType"]
        if kind == "MessageHeader":
            resource["definition"] = "https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-request-referral"
            resource["destination"][0]["endpoint"] = f"{receiver['system']}|{receiver['value']}"
        elif kind == "Organization":
            resource["identifier"] = [next(ends)]
        elif kind == "Patient":
            number, own = resource["identifier"]
            assert number["system"] == NHS_NUMBER_SYSTEM
            number["value"] = nhs_number
            own.update(system="https://keyway.example/Id/person", value=f"LD-P-{uuid.uuid4().hex[:8]}")
            resource["name"] = [name]
        elif kind == "Consent":
            resource["dateTime"] = ago(minutes=20)
            resource["provision"]["provision"][0]["period"] = {"end": ahead(days=90)[:10]}
        elif kind == "ServiceRequest":
            resource["authoredOn"] = ago(minutes=10)
    return message


def of_bars(resource):
    """Leaves what it declares of BaRS."""
    meta = resource["meta"]
    meta["lastUpdated"] = ago(seconds=1)
    meta["profile"] = [url for url in meta.get("profile", []) if url.startswith("https://fhir.nhs.uk/")]
    if not meta["profile"]:
        del meta["profile"]


def of_type(message, kind):
    """The one resource of this type."""
    [found] = [entry["resource"] for entry in message["entry"] if entry["resource"]["resourceType"] == kind]
    return found


def without_subject(message):
    """The same, with nobody who is referred."""
    less = copy.deepcopy(message)
    del of_type(less, "ServiceRequest")["subject"]
    return less
