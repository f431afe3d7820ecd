#!/usr/bin/env python3
"""A stranger reads HQ's OpenAPI document and tries everything it allows, and what it does not.

    tests/openapi.py EZHIFA SCHEMATHESIS      seeds are fixed; the door is the operator's own

The answers must be those of the document, and never a 500. A server of its own, stopped afterwards.
"""
import json, os, pathlib, subprocess, sys, tempfile, time, urllib.request

program, schemathesis = sys.argv[1:3]
with tempfile.TemporaryDirectory() as folder:
    hq = subprocess.Popen([program, "hq", "serve", "--plain", "--listen", "127.0.0.1:0", "--dir", folder],
                          stdout=subprocess.DEVNULL, stderr=open("target/openapi-server.log", "w"))
    try:
        door = pathlib.Path(folder, "serving.json")
        for _ in range(600):
            if door.exists():
                break
            time.sleep(0.1)
        door = json.loads(door.read_text())

        def order(what):
            ask = urllib.request.Request(door["url"] + "/v1/operator", json.dumps(what).encode(), {
                "authorization": "Bearer " + door["token"], "content-type": "application/json"})
            return json.load(urllib.request.urlopen(ask))

        worst = 0
        for role in ("desk", "auditor"):
            token = order({"order": "token", "role": role, "name": "openapi"})["token"]
            done = subprocess.run([
                schemathesis, "run", door["url"] + "/openapi.json", "--seed", "1", "--generation-deterministic",
                "-n", "10", "--max-time", "90", "--max-failures", "5", "--phases", "examples,coverage,fuzzing",
                "--exclude-checks", "unsupported_method,positive_data_acceptance,ignored_auth",
                "--suppress-health-check", "all", "--warnings", "off", "--no-color",
                "-H", f"Authorization: Bearer {token}"],
                env={**os.environ, "SCHEMATHESIS_HOOKS": "openapi_hooks", "PYTHONPATH": str(pathlib.Path(__file__).parent)})
            worst = max(worst, done.returncode)
        sys.exit(worst)
    finally:
        hq.terminate()
        if hq.wait(timeout=20) != 0:
            sys.exit("HQ did not end well")
