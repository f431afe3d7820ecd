#!/usr/bin/env python3
"""The public page as a citizen sees it: a real browser at phone width, light and dark.

    tests/pages.py DIR      DIR holds the pages that HQ made (*.html) and its headers (headers.json)

Asserts the words on the screen, that nothing is fetched from anywhere, and that nothing is wider than
the phone; leaves a screenshot beside each page.
"""
import functools, http.server, json, pathlib, re, subprocess, sys, threading

WORDS = {
    "filed": ["真实有效，已备案", "文书编号", "您的权利"],
    "not-yet-arrived": ["签名真实，尚未传回", "您的权利"],
    "voided": ["已作废", "不需要按照它履行任何义务"],
    "corrected": ["真实有效，已补正"],
    "revoked": ["已撤销", "不再执行"],
    "superseded": ["已撤销，另有新决定", "新文书编号"],
    "sample": ["样本文书，没有法律效力"],
    "not-ours": ["无法确认是本机关文书", "不要按照这张纸付款"],
}
folder = pathlib.Path(sys.argv[1])
headers = json.loads((folder / "headers.json").read_text())
asked = []


class Pages(http.server.SimpleHTTPRequestHandler):
    def end_headers(self):
        for name, value in headers.items():
            if name != "content-type":
                self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_):
        asked.append(self.path)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages, directory=str(folder)))
threading.Thread(target=server.serve_forever, daemon=True).start()
chromium = sys.argv[2] if len(sys.argv) > 2 else "chromium"


def browser(*what):
    return subprocess.run(
        [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", *what],
        capture_output=True, text=True, timeout=120)


failed = 0
pages = sorted(folder.glob("*.html"))
missing = set(WORDS) - {p.stem for p in pages}
if missing:
    sys.exit(f"no page for {', '.join(sorted(missing))}")
for page in pages:
    url = f"http://127.0.0.1:{server.server_port}/{page.name}"
    for mode, flags in {"light": [], "dark": ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"]}.items():
        browser(f"--screenshot={folder / page.stem}-{mode}.png", "--window-size=390,1700", *flags, url)
    dom = browser("--dump-dom", url).stdout
    text = re.sub(r"<style.*?</style>|<[^>]+>", " ", dom, flags=re.S)
    wrong = [w for w in WORDS[page.stem] if w not in text]
    if f'data-standing="{page.stem}"' not in dom:
        wrong.append("data-standing")
    if re.search(r"(src|href)=\"(?!tel:)", dom):
        wrong.append("an address outside")
    for mode in ("light", "dark"):
        shot = folder / f"{page.stem}-{mode}.png"
        if not shot.exists() or shot.stat().st_size < 10_000:
            wrong.append(f"no picture in {mode}")
    print(f"{page.stem:16} {'ok' if not wrong else 'WRONG: ' + ', '.join(wrong)}")
    failed += bool(wrong)
strange = [p for p in asked if not p.endswith((".html", "/favicon.ico"))]
# The handler logs "GET /x HTTP/1.1" as its format arguments; only our pages may be asked for.
print(f"{len(pages)} pages, {failed} wrong")
sys.exit(1 if failed else 0)
