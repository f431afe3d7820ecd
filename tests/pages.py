#!/usr/bin/env python3
"""The public page as a citizen sees it: a real browser at phone width, light and dark.

    tests/pages.py DIR [CHROMIUM]    DIR holds the pages that HQ made (*.html) and its headers (headers.json)

Asserts the words on the screen, that the browser fetches nothing but the page itself, and that nothing on
it is wider than the phone, also at large type; leaves a screenshot beside each page.
"""
import base64, fcntl, functools, http.server, json, os, pathlib, re, subprocess, sys, threading, time

WORDS = {
    "filed": ["真实有效，已备案", "文书编号", "您的权利"],
    "not-yet-arrived": ["签名真实，尚未传回", "您的权利"],
    "device-lost": ["签发设备已挂失，请向本机关核实", "不要按照这张纸付款"],
    "voided": ["已作废", "不需要按照它履行任何义务"],
    "corrected": ["真实有效，已补正"],
    "revoked": ["已撤销", "不再执行"],
    "superseded": ["已撤销，另有新决定", "新文书编号"],
    "sample": ["样本文书，没有法律效力"],
    "later": ["现在无法查询", "这不说明文书的真假"],
    "not-ours": ["无法确认是本机关文书", "不要按照这张纸付款"],
}
folder = pathlib.Path(sys.argv[1])
headers = json.loads((folder / "headers.json").read_text())


class Pages(http.server.SimpleHTTPRequestHandler):
    def end_headers(self):
        for name, value in headers.items():
            if name != "content-type":
                self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages, directory=str(folder)))
threading.Thread(target=server.serve_forever, daemon=True).start()
chromium = sys.argv[2] if len(sys.argv) > 2 else "chromium"


class Browser:
    """A browser that is told what to do over its DevTools pipe: JSON messages that end with a NUL byte."""

    def __init__(self):
        # Above 9, so that neither end is one of the two descriptors that the browser reads and writes.
        high = lambda fd: fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)
        (told, tell), (hear, said) = [[high(fd) for fd in os.pipe()] for _ in range(2)]
        self.process = subprocess.Popen(
            [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--remote-debugging-pipe", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "about:blank"],
            preexec_fn=lambda: (os.dup2(told, 3), os.dup2(said, 4)), close_fds=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(told), os.close(said)
        self.tell, self.hear = os.fdopen(tell, "wb", 0), os.fdopen(hear, "rb")
        self.count, self.session, self.events, self.rest = 0, None, [], b""
        guard = threading.Timer(120, self.process.kill)
        guard.daemon = True
        guard.start()
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def next(self):
        while b"\0" not in self.rest:
            more = self.hear.read1(1 << 20)
            if not more:
                sys.exit("the browser is gone")
            self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, **params):
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.tell.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self.next()
            if answer.get("id") == self.count:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def visit(self, url):
        self.events = []
        self.ask("Page.navigate", url=url)
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self.next())
        # What a page fetches late (an image of a style, a script's call) has its time too.
        time.sleep(0.1)
        self.run("1")

    def run(self, script):
        return self.ask("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def fetched(self):
        """Every address that was asked for, whether it was let through or not."""
        return [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]


# Elements that stick out of a screen WIDTH wide, the page's own width first. Not innerWidth: a phone zooms out
# until a broad page fits.
TOO_WIDE = """[document.documentElement.scrollWidth > WIDTH ? `page ${document.documentElement.scrollWidth}` : "",
  ...[...document.body.querySelectorAll("*")].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width > 0 && (box.right > WIDTH + 0.5 || box.left < -0.5 || e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0);
  }).map(e => e.tagName.toLowerCase() + " " + e.textContent.trim().slice(0, 20))].filter(Boolean)"""
BROAD = '<div style="width:900px">broad</div><img src="http://127.0.0.1:9/outside.png">'


def look(browser, url, width=390, dark=False, large=False):
    browser.ask("Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=2, mobile=True)
    scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    browser.ask("Emulation.setEmulatedMedia", features=scheme)
    browser.visit(url)
    if large:
        browser.run("document.documentElement.style.fontSize = '200%'")
    fetched = [f for f in browser.fetched() if f != url and not f.endswith("/favicon.ico")]
    return browser.run(TOO_WIDE.replace("WIDTH", str(width))), fetched


failed = 0
pages = sorted(folder.glob("*.html"))
missing = set(WORDS) - {p.stem for p in pages}
if missing:
    sys.exit(f"no page for {', '.join(sorted(missing))}")
browser = Browser()
address = f"http://127.0.0.1:{server.server_port}"

# A measure that cannot fail measures nothing: a page that is too wide and fetches is seen to do so.
headers, kept = {}, headers
(folder / "broken.htm").write_text(f"<!doctype html><meta name=viewport content='width=device-width'>{BROAD}")
wide, fetched = look(browser, f"{address}/broken.htm")
(folder / "broken.htm").unlink()
headers = kept
if not wide or len(fetched) != 1:
    sys.exit(f"the measure is blind: {wide} {fetched}")

for page in pages:
    url, wrong = f"{address}/{page.name}", []
    for dark in (False, True):
        for width, large in ((320, False), (390, True), (390, False)):
            wide, fetched = look(browser, url, width, dark, large)
            if wide:
                wrong.append(f"wider than {width}{' at large type' if large else ''}: {'; '.join(wide[:3])}")
            if fetched:
                wrong.append(f"fetches {fetched}")
        shot = browser.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        (folder / f"{page.stem}-{'dark' if dark else 'light'}.png").write_bytes(base64.b64decode(shot["data"]))
        back = browser.run("getComputedStyle(document.body).backgroundColor")
        lightness = sum(int(n) for n in re.findall(r"\d+", back)[:3])
        if lightness > 200 if dark else lightness < 500:
            wrong.append(f"background {back} in {'dark' if dark else 'light'}")
    text, dom = browser.run("document.body.innerText"), browser.run("document.documentElement.outerHTML")
    wrong += [w for w in WORDS[page.stem] if w not in text]
    if f'data-standing="{page.stem}"' not in dom:
        wrong.append("data-standing")
    if re.search(r"(src|href)=\"(?!tel:)", dom):
        wrong.append("an address outside")
    print(f"{page.stem:16} {'ok' if not wrong else 'WRONG: ' + ', '.join(wrong)}")
    failed += bool(wrong)
browser.process.kill()
print(f"{len(pages)} pages, {failed} wrong")
sys.exit(1 if failed else 0)
