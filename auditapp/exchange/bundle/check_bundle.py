"""Checks an unpacked readiness bundle with nothing but Python 3: python3 check_bundle.py [FOLDER]

It says whether every file is the one that manifest.json lists, whether anything was added, and whether each trail is
an unbroken chain that meets the checkpoints. That manifest.json itself was not changed is checked with
openssl (README.txt).
"""

import base64
import hashlib
import json
import sys
from pathlib import Path

UNLISTED = {"manifest.json", "manifest.json.p7s"}


def digest_of(path):
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1024 * 1024):
            digest.update(piece)
    return digest.hexdigest()


def problems_of_files(folder, manifest):
    listed = {row["path"]: row for row in manifest["files"]}
    for name, row in listed.items():
        path = folder / name
        if not path.is_file():
            yield f"{name}: missing"
        elif path.stat().st_size != row["size"] or digest_of(path) != row["sha256"]:
            yield f"{name}: not the file that the manifest lists"
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for name in sorted(there - set(listed) - UNLISTED):
        yield f"{name}: not listed in the manifest"


def chain_of(path):
    """(problems, stream, {seq: hash}) of one trail: SHA-256 over the hash before, the number and the body."""
    problems, hashes, prev, stream = [], {}, bytes(32), path.stem
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        event = json.loads(line)
        stream, body = event["stream"], event["body"].encode("utf-8")
        made = hashlib.sha256(prev + event["seq"].to_bytes(8, "big") + body).hexdigest()
        if event["seq"] != number or made != event["hash"] or json.loads(body)["stream"] != stream:
            problems.append(f"{path.name}: event {number} does not follow the one before it")
        prev = bytes.fromhex(event["hash"])
        hashes[event["seq"]] = event["hash"]
    return problems, stream, hashes


def problems_of_trails(folder, cut_off):
    chains = {}
    for path in sorted((folder / "trail").glob("*.jsonl")):
        problems, stream, hashes = chain_of(path)
        yield from problems
        chains[stream] = hashes
    for path in sorted((folder / "trail" / "checkpoints").glob("*.json")):
        body = json.loads(base64.b64decode(json.loads(path.read_text())["body"]))
        for head in body["heads"]:
            known = chains.get(head["stream"], {})
            if head["seq"] in known and known[head["seq"]] != head["hash"]:
                yield f"{path.name}: {head['stream']} differs at event {head['seq']}"
            elif known and head["seq"] > max(known) and body["at"] < cut_off:
                yield f"{path.name}: {head['stream']} is cut short, it had {head['seq']} events"


def main(folder):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    problems = [*problems_of_files(folder, manifest), *problems_of_trails(folder, manifest["recorded_before"])]
    for problem in problems:
        print(problem)
    print(
        f"{len(problems)} problems" if problems else f"All {len(manifest['files'])} files are as listed; trails hold."
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
