"""Registers a key for each agency that is named, as an operator would: keyway directory import.

register.py DEMO KEYWAY AGENCY…    DEMO is the folder of a running demonstration. The private keys go beside the
agencies' certificates, as jwt-key.pem.
"""

import base64
import json
import subprocess
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def base64url(number):
    return base64.urlsafe_b64encode(number.to_bytes(48, "big")).rstrip(b"=").decode()


def new_key(file):
    """A new ES384 key in `file`; gives its public half as a JWK."""
    key = ec.generate_private_key(ec.SECP384R1())
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    point = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-384", "alg": "ES384", "use": "sig", "kid": "first",
            "x": base64url(point.x), "y": base64url(point.y)}


def main(demo, keyway, agencies):
    settings = ["--config", str(demo / "keyway.toml")]
    listed = subprocess.run([keyway, "partner", "list", "--json", *settings], check=True, capture_output=True)
    entered = json.loads(listed.stdout)
    partners = entered["partners"] if isinstance(entered, dict) else entered
    rows = []
    for partner in partners:
        if partner["partner_id"] in agencies:
            row = {"id": partner["partner_id"]}
            for name in ["kind", "name", "organisation_code", "channel", "endpoint", "client_id", "certificate_sha256"]:
                if partner[name] is not None:
                    row[name] = partner[name]
            row["jwks"] = {"keys": [new_key(demo / "agencies" / row["id"] / "jwt-key.pem")]}
            rows.append(row)
    assert len(rows) == len(agencies), "an agency is not entered"
    list_file = demo / "with-keys.json"
    list_file.write_text(json.dumps({"agencies": rows}))
    subprocess.run([keyway, "directory", "import", str(list_file), *settings], check=True, stdout=subprocess.DEVNULL)
    print(f"keys registered for {', '.join(agencies)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
