"""What an app hands in, from Python: ports.py WORK_FOLDER (HQ's `ticket` and the `printer` in it).

Each trait does its work once; then it throws what an app throws by accident, with a name in it, and calls the
phone from inside. tests/kotlin/Ports.kt and tests/swift/Ports.swift do the same.
"""

import datetime as dt
import ssl
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import ezhifa as e

WORK = Path(sys.argv[1])
RARE = "\U00030ede"  # 𰻞: no font of the library has it
SECRET = "张三 441900199001011234"
CREW = {"o-101": "246813", "o-102": "975310"}
BEGAN = dt.datetime(2026, 6, 18, 19, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
DOG = {"dog_waste": True, "cleaned_at_once": False, "items": 1, "minor": False, "corrected": False}


class App:
    """What the app notes, and how its traits behave at the moment."""

    def __init__(self):
        self.phone = None
        self.throws = self.cut = self.stop = self.within = False
        self.lines, self.changes, self.steps, self.requests, self.glyphs = [], [], [], [], []

    def inside(self):
        """Every trait: an accident when the test wants one, else calls of the phone from inside, one that writes
        among them."""
        if self.throws:
            raise ValueError(SECRET)
        if self.phone and not self.within:
            self.within = True
            try:
                if self.phone.is_enrolled():
                    self.phone.use_drills()
                    self.phone.cases(1)
            finally:
                self.within = False


app = App()


class Keys(e.PhoneKeys):
    key = ec.generate_private_key(ec.SECP256R1())

    def database_key(self):
        return bytes([7] * 32)

    def device_public_key(self):
        form = serialization.PublicFormat.UncompressedPoint
        return self.key.public_key().public_bytes(serialization.Encoding.X962, form)

    def sign(self, message):
        app.inside()
        return self.key.sign(message, ec.ECDSA(hashes.SHA256()))


class Clock(e.PhoneClock):
    started = time.monotonic()

    def now(self):
        app.inside()
        spent = time.monotonic() - self.started
        return e.ClockStamp(wall=BEGAN + dt.timedelta(seconds=spent), mono_ms=int(spent * 1000), boot="boot-1")


class Location(e.PhoneLocation):
    def here(self):
        app.inside()
        return e.Fix(lat_e7=230270000, lon_e7=1137850000, accuracy_cm=800, source="gnss")


class Glyphs(e.PhoneGlyphs):
    def glyph(self, character, px):
        app.inside()
        app.glyphs.append(character)
        row = (px + 7) // 8
        return e.Glyph(width=px, height=px, rows=bytes([0xFF] * row) + bytes([0x80] + [0] * (row - 1)) * (px - 1))


class Log(e.PhoneLog):
    def log(self, level, text):
        app.lines.append((level, text))
        app.inside()


class Observer(e.PhoneObserver):
    def changed(self, what):
        app.changes.append(what)
        app.inside()


class Progress(e.SyncProgress):
    def step(self, at):
        app.steps.append(at)
        app.inside()
        return not app.stop


class Transport(e.PhoneTransport):
    def send(self, request):
        app.requests.append(request.method)
        if app.cut:
            raise ValueError(SECRET)
        app.inside()
        asked = urllib.request.Request(request.url, request.body or None, {h.name: h.value for h in request.headers},
                                       method=request.method)
        try:
            trust = ssl.create_default_context(cadata=request.ca)
            answer = urllib.request.urlopen(asked, timeout=90, context=trust)
        except urllib.error.HTTPError as refused:
            answer = refused
        headers = [e.HttpHeader(name=k.lower(), value=v) for k, v in answer.headers.items()]
        return e.HttpResponse(status=answer.status, headers=headers, body=answer.read())


class Link(e.PrinterLink):
    """A pipe that calls back and breaks by accident; nothing is printed through it."""

    ended = False

    def write(self, data):
        app.inside()
        raise ValueError(SECRET)

    def read(self, most, within_ms):
        app.inside()
        time.sleep(within_ms / 1000)
        return b""

    def lossless(self):
        app.inside()
        return True

    def end(self):
        self.ended = True
        app.inside()


def refused(code, call):
    try:
        call()
    except e.PhoneError as error:
        assert error.why.code == code, f"{error.why.code}, not {code}: {error}"
        assert SECRET not in str(error) and "441900" not in str(error), "an exception's text was kept"
        assert str(error).startswith(error.why.zh), error
        return error
    raise AssertionError("no refusal")


def thrown(call):
    """The call while everything that the app handed in throws."""
    app.throws = True
    try:
        return call()
    finally:
        app.throws = False


def gathered(phone, name):
    """A case with everything but the proposal."""
    case = phone.open_case("东城街道样例公园南门")
    case.show_certificates()
    case.capture(b"jpeg", e.Shot(stage=e.Stage.FACT, caption="违法现场"))
    case.choose_offence("dog-waste", Clock().now().wall, "你遛狗时没有清除犬只粪便")
    case.identify_party(e.Party(kind=e.PartyKind.CITIZEN, name=name, id_kind=e.IdKind.RESIDENT_ID,
                                id_number="44190019780921215X", identity=e.Identity.DOCUMENT_READ,
                                born=dt.date(1978, 9, 21), address="东城街道样例花园3栋", phone="", representative="",
                                guardian="", plate=""))
    case.history()
    while questions := case.questions():
        fact = questions[0].fact
        answer = e.Value.CHOICE("slight") if fact == "harm" else (
            e.Value.INT(DOG[fact]) if fact == "items" else e.Value.BOOL(DOG[fact]))
        case.answer(fact, answer, e.FactSource.OFFICER)
    case.propose()
    return case


def main():
    platform = e.PhonePlatform(app="ports", clock=Clock(), location=Location(), glyphs=Glyphs(), log=Log(),
                               observer=Observer(), transport=Transport())
    app.phone = phone = e.FieldOffice.open(str(WORK / "store"), str(WORK / "mark"), Keys(), platform)

    # Transport: an accident is no way to HQ, and its text is gone; the log has names and codes only.
    ticket = (WORK / "ticket").read_text().strip()
    thrown(lambda: refused("not_enrolled", phone.readiness))
    thrown(lambda: refused("device_key", lambda: phone.enrol(ticket)))
    phone.enrol(ticket)
    assert app.requests, "the platform's own way to HQ was not used"
    assert all(SECRET not in text for _, text in app.lines), app.lines
    assert (e.LogLevel.WARNING, "readiness: not_enrolled") in app.lines, app.lines

    # Progress: stops when asked to, and by an accident; nothing is lost and the next sync does it all.
    app.stop = True
    assert phone.sync(Progress()).cancelled
    app.stop = False

    class Broken(e.SyncProgress):
        def step(self, at):
            raise ValueError(SECRET)

    stopped = phone.sync(Broken())
    assert stopped.cancelled and "441900" not in stopped.why, stopped
    asked = len(app.requests)
    for _ in range(3):
        assert phone.sync(Progress()).done
    assert len(app.requests) > asked and len(app.steps) > 2
    app.cut = True
    offline = phone.sync()
    app.cut = False
    assert not offline.done and offline.why and "441900" not in offline.why, offline
    thrown(lambda: refused("device_key", phone.sync))

    for officer, pin in CREW.items():
        phone.sign_in(officer, pin)
    phone.set_crew(*CREW)
    assert e.Change.PEOPLE() in app.changes and e.Change.SYNC() in app.changes, app.changes

    # Location and observer: an accident costs the position, never the case.
    blind = thrown(lambda: phone.open_case("东城街道样例路1号"))
    place = blind.look().place
    assert (place.source, place.lat_e7, place.address) == ("typed", None, "东城街道样例路1号"), place
    assert phone.open_case("东城街道样例路1号").look().place.lat_e7 == 230270000

    # Glyphs: a name that no font has is refused before a number is used, or drawn by the platform.
    case = gathered(phone, f"何{RARE}")
    why = thrown(lambda: refused("slip", lambda: case.preview(e.Paper.MM58))).why
    assert "30EDE" in why.zh, why
    assert case.preview(e.Paper.MM58).png.startswith(b"\x89PNG") and RARE in app.glyphs
    case.give_notice(e.NoticeWay.ORAL)
    case.hear_statement(e.StatementKind.NOT_MADE, e.SignerRole.PARTY, "", "", False)
    both = [case.confirm(officer, pin) for officer, pin in CREW.items()]
    case.decide(both, e.Choice(outcome=None, amount=None, reason="within_tier"))

    # Keys: an accident while signing leaves the case decided; it is signed when the keystore is back.
    thrown(lambda: refused("device_key", case.issue))
    assert case.look().phase == e.Phase.DECIDED
    number = case.issue().number

    # Link: a print that is refused ends the connection too; an accident is an honest end of a print.
    link = Link()
    thrown(lambda: refused("slip", lambda: case.print(link, "generic-58-gbk")))
    assert link.ended
    link = Link()
    printed = case.print(link, "generic-58-gbk")
    assert not printed.result.is_printed() and "441900" not in printed.reason and link.ended, printed

    # The case file, for the court: a ZIP that its own report finds whole, and an entry that says who asked.
    waiting = phone.status().unsynced_entries
    wishes = e.CaseFileWishes(audience=e.Audience.COURT, by="o-101", reason="样例：法院调卷")
    made = case.export(str(WORK / "case.zip"), wishes)
    assert made.members > 5 and all(f.ok for f in made.findings), made
    with zipfile.ZipFile(WORK / "case.zip") as file:
        assert file.testzip() is None and {"manifest.json", "report.html"} <= set(file.namelist())
    assert not (WORK / "case.zip.part").exists() and phone.status().unsynced_entries == waiting + 1
    refused("case_file", lambda: case.export(str(WORK / "no" / "folder.zip"), wishes))
    wishes.withhold_evidence = [e.Withheld(sha256="no hash", reason="样例")]
    refused("no_such_evidence", lambda: case.export(str(WORK / "case.zip"), wishes))

    # Clock: an accident, and the system's own stands in.
    assert thrown(phone.status) is not None
    assert number and phone.verify_journal().whole
    print("Python: what the app hands in: ok")


main()
