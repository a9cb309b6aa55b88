"""Checks an exported audit log with two verifiers that others wrote: aics-tlog over the tiles, pymerkle over the leaves.

audit.py EARLIER LATER    two folders that `keyway audit export` wrote, one after the other, from the same log
"""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pymerkle

VERIFIER = Path(sys.executable).with_name("aics-tlog")


def verified(command, folder, *more):
    # A key that lies among what it is to check is refused, and rightly: it is handed over apart from it.
    key = folder.with_name("log-key")
    key.write_bytes((folder / "keys").read_bytes())
    told = subprocess.run([VERIFIER, command, "--tiles", folder, "--vkey-file", key, *more],
                          capture_output=True, text=True)
    said = json.loads(told.stdout.splitlines()[-1])
    return told.returncode == 0 and said["ok"], said


def leaves(folder, size):
    """The leaves of a log of `size` entries, from its files."""
    for tile in range((size + 255) // 256):
        width = min(size - 256 * tile, 256)
        name = f"{tile:03}" if width == 256 else f"{tile:03}.p/{width}"
        data = (folder / "tile" / "entries" / name).read_bytes()
        while data:
            length = int.from_bytes(data[:2], "big")
            yield data[2:2 + length]
            data = data[2 + length:]


def main(earlier, later):
    right, said = verified("verify-checkpoint", later)
    assert right and said["tiles_ok"], said
    size = said["size"]
    assert 255 < size < 256 * 1000, f"the log has {size} entries"
    right, said = verified("verify-consistency", later, "--old-checkpoint", earlier / "checkpoint")
    assert right, said
    all_leaves = list(leaves(later, size))
    leaf = later / "leaf"
    for index in [0, 1, 255, 256, size - 1]:
        leaf.write_bytes(all_leaves[index])
        right, said = verified("verify-inclusion", later, "--index", str(index), "--leaf", leaf)
        assert right, said
        leaf.write_bytes(all_leaves[index][:-1] + b"?")
        right, said = verified("verify-inclusion", later, "--index", str(index), "--leaf", leaf)
        assert not right, f"a changed entry {index} passes"
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for data in all_leaves:
        tree.append_entry(data)
    root = (later / "checkpoint").read_text().splitlines()[2]
    assert tree.get_root() == base64.b64decode(root), "pymerkle has another root"
    # A changed hash is found by whoever needs it.
    tile = later / "tile" / "0" / "000"
    whole = tile.read_bytes()
    tile.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    leaf.write_bytes(all_leaves[1])
    right, said = verified("verify-inclusion", later, "--index", "1", "--leaf", leaf)
    assert not right, "a changed tile passes"
    tile.write_bytes(whole)
    print(f"the audit log of {size} entries verifies with aics-tlog and pymerkle, and goes on from its earlier checkpoint")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
