"""A sample finance system: makes one pay code for one decision, the same one when it is asked again. `finance.py FILE`
writes its address to FILE and serves until it is stopped; `ezhifa hq serve --mint` asks it."""

import hashlib
import http.server
import json
import pathlib
import sys


class Finance(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        wish = json.loads(self.rfile.read(int(self.headers["content-length"])))
        digits = int(hashlib.sha256(wish["number"].encode()).hexdigest(), 16) % 10**10
        code = json.dumps({"code": f"4419002026{digits:010d}"}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(code)))
        self.end_headers()
        self.wfile.write(code)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Finance)
pathlib.Path(sys.argv[1]).write_text(f"http://127.0.0.1:{server.server_port}/codes")
server.serve_forever()
