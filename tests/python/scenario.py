"""Plays a scenario on the phone from Python: scenario.py SCENARIO.json WORK_FOLDER.

The folder holds HQ's enrolment ticket (`ticket`) and the printer's address (`printer`); what comes out is
`summary.json`, the same in every language. Exit code 9: killed on purpose, start again.
"""

import datetime as dt
import json
import os
import shutil
import socket
import sys
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import ezhifa as e

SHANGHAI = dt.timezone(dt.timedelta(hours=8))
SCENARIO = Path(sys.argv[1])
WORK = Path(sys.argv[2])
KILLED = 9


def word(kind, text):
    """A word of the scenario as the value of an enum."""
    return getattr(kind, text.upper())


def local(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


class World:
    """What the platform brings, and what the scenario does to it."""

    def __init__(self, began):
        self.began = self.now = began
        self.place = None
        self.kill = ""  # the call in which the app dies
        self.changes = 0
        self.phone = None


class Keys(e.PhoneKeys):
    def __init__(self, world):
        self.world = world
        path = WORK / "device.pem"
        if not path.exists():
            made = ec.generate_private_key(ec.SECP256R1())
            path.write_bytes(made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                serialization.NoEncryption()))
        self.key = serialization.load_pem_private_key(path.read_bytes(), None)

    def database_key(self):
        return bytes([7] * 32)

    def device_public_key(self):
        return self.key.public_key().public_bytes(serialization.Encoding.X962,
                                                  serialization.PublicFormat.UncompressedPoint)

    def sign(self, message):
        if self.world.kill == "sign":
            os._exit(KILLED)
        return self.key.sign(message, ec.ECDSA(hashes.SHA256()))


class Clock(e.PhoneClock):
    def __init__(self, world):
        self.world = world

    def now(self):
        mono = int((self.world.now - self.world.began).total_seconds() * 1000)
        return e.ClockStamp(wall=self.world.now, mono_ms=mono, boot="boot-1")


class Location(e.PhoneLocation):
    def __init__(self, world):
        self.world = world

    def here(self):
        p = self.world.place
        return p and e.Fix(lat_e7=p["lat_e7"], lon_e7=p["lon_e7"], accuracy_cm=p["accuracy_cm"], source=p["source"])


class Observer(e.PhoneObserver):
    def __init__(self, world):
        self.world = world

    def changed(self, what):
        self.world.changes += 1
        if self.world.phone:
            self.world.phone.cases(1)  # calling back is allowed


class Link(e.PrinterLink):
    """A socket to the printer that breaks when the scenario says so."""

    def __init__(self, world, fault):
        self.world, self.fault, self.sent = world, fault or {}, 0
        host, port = (WORK / "printer").read_text().strip().rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), 5)

    def write(self, data):
        if self.world.kill == "link":
            os._exit(KILLED)
        if self.sent >= self.fault.get("after", 1 << 60):
            if self.fault["how"] == "closed":
                self.socket.close()
                raise e.AppError.Closed()
            if self.fault["how"] == "failed":
                raise e.AppError.Failed(reason="蓝牙断开 / Bluetooth went away")
            if self.fault["how"] == "throws":
                raise ValueError("张三 441900199001011234")  # nothing of this may be kept
        data = data[: self.fault.get("after", 1 << 60) - self.sent] if self.sent < self.fault.get("after", 0) else data
        self.socket.sendall(data)
        self.sent += len(data)
        return len(data)

    def read(self, most, within_ms):
        self.socket.settimeout(max(within_ms, 1) / 1000)
        try:
            return self.socket.recv(most)
        except TimeoutError:
            return b""

    def lossless(self):
        return True

    def end(self):
        self.socket.close()


def strokes():
    return e.Strokes(width=160, height=60, lines=[[e.Dot(x=6, y=12), e.Dot(x=70, y=44), e.Dot(x=150, y=20)]])


def signing(step, evidence=None):
    return e.Signing(role=word(e.SignerRole, step["role"]), act=word(e.SigningAct, step["act"]), name="",
                     reason=step.get("reason", ""), evidence=evidence)


def value(v):
    if v is None:
        return e.Value.UNKNOWN()
    if isinstance(v, bool):
        return e.Value.BOOL(v)
    return e.Value.INT(v) if isinstance(v, int) else e.Value.CHOICE(v)


def choice(step):
    if "reason" not in step:
        return None
    outcome = word(e.Outcome, step["outcome"]) if "outcome" in step else None
    return e.Choice(outcome=outcome, amount=None, reason=step["reason"])


def shown(case, stage):
    return [i.sha256 for i in case.look().evidence if i.stage == stage]


class Player:
    def __init__(self):
        self.scenario = json.loads(SCENARIO.read_text())
        self.at = {"case": 0, "step": 0, "now": self.scenario["begins"], "ids": {}}
        if (WORK / "position.json").exists():
            self.at = json.loads((WORK / "position.json").read_text())
        self.world = World(local(self.scenario["begins"]))
        self.world.now = local(self.at["now"])
        self.pins = {o["id"]: o["pin"] for o in self.scenario["hq"]["officers"]}

    def start(self):
        w = self.world
        platform = e.PhonePlatform(app="scenario 1.0.0", model="python", clock=Clock(w), location=Location(w),
                                   observer=Observer(w))
        w.phone = None
        phone = e.FieldOffice.open(str(WORK / "store"), str(WORK / "mark"), Keys(w), platform)
        w.phone = self.phone = phone
        if not phone.is_enrolled():
            phone.enrol((WORK / "ticket").read_text().strip())
            self.sync()
        for officer in self.scenario["crew"]:
            phone.sign_in(officer, self.pins[officer])
        phone.set_crew(*self.scenario["crew"])

    def sync(self):
        # Numbers that a sync brings are entries, which the next one sends.
        for _ in range(3):
            done = self.phone.sync()
            assert done.done and not done.faults, done
            status = self.phone.status()
            if status.unsynced_entries == status.unsynced_photos == 0:
                return
        raise AssertionError("something is never delivered")

    def keep(self, case, step):
        self.at.update(case=case, step=step, now=self.world.now.astimezone(SHANGHAI).replace(tzinfo=None).isoformat())
        draft = WORK / "position.part"
        draft.write_text(json.dumps(self.at))
        draft.replace(WORK / "position.json")

    def play(self):
        self.start()
        cases = self.scenario["cases"]
        for c in range(self.at["case"], len(cases)):
            for s in range(self.at["step"] if c == self.at["case"] else 0, len(cases[c]["steps"])):
                step = cases[c]["steps"][s]
                self.world.now += dt.timedelta(seconds=step.get("after_s", 0))
                if "killed" in step:
                    self.keep(c, s + 1)  # what goes on after it is the next step
                    self.world.kill = step["killed"]
                try:
                    self.do(cases[c], step)
                    assert "refused" not in step, f"not refused: {step}"
                    assert "killed" not in step, f"survived: {step}"
                except e.PhoneError as error:
                    why = error.why
                    assert why.code == step.get("refused"), f"{cases[c]['name']} {step}: {why.code} {error}"
                    assert why.zh and why.en and str(error).startswith(why.zh), why
                self.keep(c, s + 1)
            self.keep(c + 1, 0)
        self.end()

    def do(self, script, step):
        phone, do = self.phone, step["do"]
        if do == "open":
            self.world.place = step["place"]
            source = {k: v for k, v in step["source"].items() if k != "source"}
            case = phone.open_case(step["place"]["address"], word(e.Source, step["source"]["source"])(**source))
            self.at["ids"][script["name"]] = case.id()
            return
        if do == "sync":
            return self.sync()
        if do == "back_up":
            return shutil.copytree(WORK / "store", WORK / "copy")
        if do == "restore":
            self.world.phone = self.phone = phone = None  # closed
            shutil.rmtree(WORK / "store")
            shutil.move(WORK / "copy", WORK / "store")
            self.start()
            assert self.phone.verify_journal().epochs == step["epochs"], "no new epoch"
            return
        case = phone.case(self.at["ids"][script["name"]])
        if do == "show_certificates":
            case.show_certificates()
        elif do == "photo":
            shot = e.Shot(stage=word(e.Stage, step["stage"]), caption=step["caption"])
            case.capture((SCENARIO.parent / "photos" / step["file"]).read_bytes(), shot)
        elif do == "offence":
            at = self.world.now - dt.timedelta(seconds=step["ago_s"])
            case.choose_offence(step["offence"], at, step["fact"])
        elif do == "party":
            case.identify_party(self.party(step))
        elif do == "answer":
            while questions := case.questions():
                case.answer(questions[0].fact, value(step["facts"][questions[0].fact]), e.FactSource.OFFICER)
        elif do == "tell":
            case.answer(step["fact"], value(step["value"]), word(e.FactSource, step["source"]))
        elif do == "history":
            case.history()
        elif do == "prior_order":
            case.attach_order(step["number"])
        elif do == "recheck":
            case.recheck(step["corrected"], shown(case, e.Stage.CORRECTED if step["corrected"] else e.Stage.FACT))
        elif do == "propose":
            case.propose(choice(step))
            assert case.preview(e.Paper.MM58).png.startswith(b"\x89PNG")
        elif do == "notice":
            case.give_notice(e.NoticeWay.ORAL)
        elif do == "statement":
            case.hear_statement(word(e.StatementKind, step["kind"]), e.SignerRole.PARTY, step.get("words", ""),
                                step.get("review", ""), step.get("upheld", False))
        elif do == "educate":
            case.educate(step["how"])
        elif do == "correction":
            case.see_correction(shown(case, e.Stage.CORRECTED))
        elif do == "decide":
            pins = step.get("pins", [self.pins[o] for o in self.scenario["crew"]])
            both = [case.confirm(o, pin) for o, pin in zip(self.scenario["crew"], pins)]
            case.decide(both, choice(step))
        elif do == "issue":
            self.issue(script, case)
        elif do == "print":
            number = self.issue(script, case).number
            printed = case.print(Link(self.world, step.get("fault")), step.get("printer", "generic-58-gbk"), number)
            got = next(s for s in ("printed", "not_printed", "unknown") if getattr(printed.result, f"is_{s}")())
            assert got == step.get("result", "printed"), printed
            assert "441900" not in printed.reason, "an exception's text was kept"
        elif do == "confirm_print":
            case.confirm_print(case.look().papers[-1].number, step["complete"])
        elif do == "look":
            view = case.look()
            assert view.phase == word(e.Phase, step["phase"]), view.phase
            assert view.papers[-1].look == step.get("look", False), view.papers
        elif do == "serve":
            evidence = None
            if step["act"] == "signed":
                shot = e.Shot(stage=e.Stage.SERVICE, caption="签收签名", kind="signature")
                evidence = case.capture(b"strokes of " + script["name"].encode(), shot).sha256
            case.serve(word(e.ServiceWay, step["how"]), signing(step, evidence))
        elif do == "advise":
            case.advise(step["text"])
        elif do == "hand_over":
            to = step["to"]
            where = e.Destination.ORDINARY() if to == "ordinary" else e.Destination.ORGAN(to["organ"])
            case.hand_over(where, step["reason"])
        elif do == "close":
            case.close_case(word(e.CloseWay, step["how"]))
        else:
            raise SystemExit(f"no such step: {do}")

    def no_such_case(self, name):
        try:
            self.phone.case(self.at["ids"][name])
        except e.PhoneError.Input as error:
            assert error.why.code == "no_such_case", error
        else:
            raise AssertionError(f"{name} is still there")

    def party(self, step):
        born = step.get("born") and dt.date.fromisoformat(step["born"])
        if not born and step["id_kind"] == "resident_id":
            read = e.read_resident_id(step.get("id_number", ""))
            born = read and read.born
        text = {k: step.get(k, "") for k in
                ("name", "id_number", "address", "phone", "representative", "guardian", "plate")}
        return e.Party(kind=word(e.PartyKind, step["kind"]), id_kind=word(e.IdKind, step["id_kind"]),
                       identity=word(e.Identity, step["identity"]), born=born, **text)

    def issue(self, script, case):
        serve = next((s for s in script["steps"] if s["do"] == "serve"), None)
        drawn = e.Drawn(lead=strokes(), second=strokes())
        if serve:
            drawn = e.Drawn(lead=strokes(), second=strokes(), signing=signing(serve),
                            party=strokes() if serve["act"] == "signed" else None,
                            no_party_line=serve["act"] not in ("signed", "ink"))
        return case.issue(drawn)

    def end(self):
        self.sync()
        lines, numbers = [], []
        for script in self.scenario["cases"]:
            if script["expect"].get("gone"):  # lost with the newer journal; HQ holds it
                self.no_such_case(script["name"])
                continue
            view = self.phone.case(self.at["ids"][script["name"]]).look()
            line = {
                "name": script["name"],
                "phase": view.phase.name.lower(),
                "outcome": view.outcome and view.outcome.name.lower(),
                "limb": view.decided and view.decided.limb and view.decided.limb.name,
                "amount_fen": view.decided.amount if view.decided else 0,
                "papers": [p.number for p in view.papers],
                "events": [x.kind for x in self.phone.case(view.id).events()],
            }
            for key, want in script["expect"].items():
                assert line[key] == want, (script["name"], key, want, line[key])
            lines.append(line)
            numbers += line["papers"]
        assert len(numbers) == len(set(numbers)), "a number on two papers"
        journal = self.phone.verify_journal()
        assert journal.whole, journal
        assert self.world.changes > len(lines), "the observer heard nothing"
        (WORK / "summary.json").write_text(json.dumps({"cases": lines, "epochs": journal.epochs}, ensure_ascii=False))


Player().play()
