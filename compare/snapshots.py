"""Snapshots of profiles that are written as differentials, for validators that read nothing else.

Made here and not by Keyway: a fault in Keyway's own merging would otherwise hide itself. Written for our profiles, whose
elements all have ids; what stands in a base that is not at hand (UK Core, BaRS) is left out, and the base type taken.
"""

import copy

R4 = "http://hl7.org/fhir/StructureDefinition/"


class Node:
    """An element with what is inside it, and its slices."""

    def __init__(self, element):
        self.element = element
        self.children = {}
        self.slices = {}

    def twin(self):
        """The same once more, as the beginning of a slice: of a sliced element only the whole must be there."""
        other = copy.deepcopy(self)
        other.element.pop("slicing", None)
        other.element["min"] = 0
        other.slices = {}
        return other


class Snapshots:
    def __init__(self, definitions):
        self.by_url = {d["url"]: d for d in definitions}
        self.trees = {}

    def elements_of(self, definition):
        """The elements of its snapshot, in order."""
        out = []
        root = self.tree(definition)
        write(root, definition["type"], definition["type"], out)
        return out

    def tree(self, definition):
        url = definition["url"]
        if url not in self.trees:
            if "snapshot" in definition:
                made = Node(copy.deepcopy(definition["snapshot"]["element"][0]))
                changes = definition["snapshot"]["element"][1:]
            else:
                made = copy.deepcopy(self.tree(self.base(definition)))
                changes = definition["differential"]["element"]
            for change in changes:
                merge(self.find(made, change["id"].split(".")[1:]).element, change)
            self.trees[url] = made
        return self.trees[url]

    def base(self, definition):
        named = self.by_url.get(definition["baseDefinition"].split("|")[0])
        return named or self.by_url[R4 + definition["type"]]

    def find(self, node, names):
        """The element at an id, made from its type or from the sliced element where it is not there yet."""
        for name in names:
            name, _, slice_name = name.partition(":")
            if name not in node.children:
                self.open(node, name)
            node = node.children[name]
            if slice_name:
                if slice_name not in node.slices:
                    node.slices[slice_name] = node.twin()
                node = node.slices[slice_name]
        return node

    def open(self, node, name):
        """Puts one part of an element's type below it; the parts that nobody constrains stay with the type."""
        kinds = [kind["code"] for kind in node.element.get("type", [])]
        named = self.by_url.get(R4 + kinds[0]) if len(kinds) == 1 else None
        parts = self.tree(named).children if named else {}
        node.children[name] = copy.deepcopy(parts[name]) if name in parts else Node({})


def merge(element, change):
    for name, value in change.items():
        if name == "constraint":
            known = {c["key"] for c in value}
            element[name] = [c for c in element.get(name, []) if c["key"] not in known] + value
        elif name not in ("id", "path"):
            element[name] = value


def write(node, name, path, out):
    element = {"id": name, "path": path, **{k: v for k, v in node.element.items() if k not in ("id", "path")}}
    element.setdefault("min", 0)
    element.setdefault("max", "1")
    out.append(element)
    for child, below in node.children.items():
        write(below, f"{name}.{child}", f"{path}.{child}", out)
    for slice_name, below in node.slices.items():
        below.element["sliceName"] = slice_name
        write(below, f"{name}:{slice_name}", path, out)
