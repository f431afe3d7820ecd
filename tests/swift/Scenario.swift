// Plays a scenario on the phone from Swift: scenario SCENARIO.json WORK_FOLDER. tests/python/scenario.py says
// what the folder holds; exit code 9: killed on purpose, start again.
import EZhifa
import Foundation

typealias Step = [String: Any]
let killed: Int32 = 9

extension Dictionary where Key == String, Value == Any {
    func text(_ name: String) -> String { self[name] as? String ?? "" }
    func number(_ name: String) -> Int { (self[name] as? NSNumber)?.intValue ?? 0 }
    func flag(_ name: String) -> Bool { (self[name] as? NSNumber)?.boolValue ?? false }
    func object(_ name: String) -> Step? { self[name] as? Step }
    func objects(_ name: String) -> [Step] { self[name] as? [Step] ?? [] }
}

func require(_ held: Bool, _ what: @autoclosure () -> Any) {
    if !held {
        FileHandle.standardError.write("\(what())\n".data(using: .utf8)!)
        exit(1)
    }
}

/// A word of the scenario as the value of an enum.
func word<E: CaseIterable>(_ text: String) -> E {
    let parts = text.lowercased().split(separator: "_")
    let camel = parts.dropFirst().reduce(String(parts.first ?? "")) { $0 + $1.capitalized }
    guard let found = E.allCases.first(where: { "\($0)" == camel }) else {
        require(false, "no \(E.self) called \(text)")
        exit(1)
    }
    return found
}

func snake(_ value: Any) -> String {
    "\(value)".reduce(into: "") { out, c in
        if c.isUppercase { out += "_" }
        out += c.lowercased()
    }
}

let clockFormat: DateFormatter = {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(secondsFromGMT: 8 * 3600)
    format.dateFormat = "yyyy-MM-dd'T'HH:mm:ss"
    return format
}()

/// OpenSSL stands in for the Secure Enclave.
func openssl(_ arguments: [String], input: Data = Data()) -> Data {
    let run = Process()
    run.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    run.arguments = arguments
    let (into, out) = (Pipe(), Pipe())
    run.standardInput = into
    run.standardOutput = out
    run.standardError = FileHandle.nullDevice
    try! run.run()
    into.fileHandleForWriting.write(input)
    into.fileHandleForWriting.closeFile()
    let answer = out.fileHandleForReading.readDataToEndOfFile()
    run.waitUntilExit()
    require(run.terminationStatus == 0, "openssl \(arguments) failed")
    return answer
}

/// What the platform brings, and what the scenario does to it.
final class World: PhoneKeys, PhoneClock, PhoneLocation, PhoneObserver, @unchecked Sendable {
    let work: URL
    let began: Date
    var time: Date
    var place: Step?
    var kill = ""
    var changes = 0
    var phone: FieldOffice?

    private var key: String { work.appendingPathComponent("device.pem").path }

    init(work: URL, began: Date, time: Date) {
        (self.work, self.began, self.time) = (work, began, time)
        if !FileManager.default.fileExists(atPath: key) {
            _ = openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key])
        }
    }

    func databaseKey() throws -> Data { Data(repeating: 7, count: 32) }

    // SubjectPublicKeyInfo of P-256 ends with the 65 bytes of SEC1.
    func devicePublicKey() throws -> Data {
        Data(openssl(["ec", "-in", key, "-pubout", "-conv_form", "uncompressed", "-outform", "DER"]).suffix(65))
    }

    func sign(message: Data) throws -> Data {
        if kill == "sign" { _exit(killed) }
        return openssl(["dgst", "-sha256", "-sign", key], input: message)
    }

    func now() throws -> ClockStamp {
        ClockStamp(wall: time, monoMs: Int64(time.timeIntervalSince(began) * 1000), boot: "boot-1")
    }

    func here() throws -> Fix? {
        guard let p = place else { return nil }
        return Fix(
            latE7: Int64(p.number("lat_e7")), lonE7: Int64(p.number("lon_e7")),
            accuracyCm: Int64(p.number("accuracy_cm")), source: p.text("source"))
    }

    func changed(what: Change) throws {
        changes += 1
        _ = try phone?.cases(most: 1)  // calling back is allowed
    }
}

struct OutOfBand: Error { let text: String }

/// A socket to the printer that breaks when the scenario says so.
final class Link: PrinterLink, @unchecked Sendable {
    private let world: World
    private let how: String
    private let after: Int
    private var sent = 0
    private let pipe: Int32

    init(_ world: World, _ fault: Step?) throws {
        self.world = world
        how = fault?.text("how") ?? ""
        after = fault?.number("after") ?? .max
        let at = try String(contentsOf: world.work.appendingPathComponent("printer"), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines).split(separator: ":")
        pipe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var to = sockaddr_in()
        to.sin_family = sa_family_t(AF_INET)
        to.sin_port = in_port_t(UInt16(at[1])!).bigEndian
        to.sin_addr.s_addr = inet_addr(String(at[0]))
        let connected = withUnsafePointer(to: &to) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(pipe, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        require(connected == 0, "no printer at \(at)")
    }

    func write(bytes: Data) throws -> UInt32 {
        if world.kill == "link" { _exit(killed) }
        if sent >= after {
            switch how {
            case "closed":
                shutdown(pipe, Int32(SHUT_RDWR))
                throw AppError.Closed
            case "failed": throw AppError.Failed(reason: "蓝牙断开 / Bluetooth went away")
            case "throws": throw OutOfBand(text: "张三 441900199001011234")  // nothing of this may be kept
            default: break
            }
        }
        let some = sent < after ? bytes.prefix(after - sent) : bytes
        let n = some.withUnsafeBytes { send(pipe, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if n < 0 { throw AppError.Closed }
        sent += n
        return UInt32(n)
    }

    func read(most: UInt32, withinMs: UInt32) throws -> Data {
        let ms = max(Int(withinMs), 1)
        var within = timeval(tv_sec: ms / 1000, tv_usec: (ms % 1000) * 1000)
        setsockopt(pipe, SOL_SOCKET, SO_RCVTIMEO, &within, socklen_t(MemoryLayout<timeval>.size))
        var into = [UInt8](repeating: 0, count: Int(most))
        let n = recv(pipe, &into, into.count, 0)
        return n <= 0 ? Data() : Data(into[0..<n])
    }

    func lossless() throws -> Bool { true }
    func end() throws { shutdown(pipe, Int32(SHUT_RDWR)) }
}

func strokes() -> Strokes {
    Strokes(width: 160, height: 60, lines: [[Dot(x: 6, y: 12), Dot(x: 70, y: 44), Dot(x: 150, y: 20)]])
}

func signing(_ step: Step, evidence: String? = nil) -> Signing {
    Signing(
        role: word(step.text("role")), act: word(step.text("act")), name: Private(""),
        reason: Private(step.text("reason")), evidence: evidence)
}

func value(_ v: Any?) -> Value {
    switch v {
    case let text as String: return .choice(text)
    case let number as NSNumber:
        // JSONSerialization gives booleans as numbers of a type of their own.
        let flag = ["c", "B"].contains(String(cString: number.objCType))
        return flag ? .bool(number.boolValue) : .int(number.int64Value)
    default: return .unknown
    }
}

func choice(_ step: Step) -> Choice? {
    guard step["reason"] != nil else { return nil }
    let outcome: Outcome? = step["outcome"] == nil ? nil : word(step.text("outcome"))
    return Choice(outcome: outcome, amount: nil, reason: step.text("reason"))
}

func source(_ of: Step) -> Source {
    let lead = of.text("lead")
    switch of.text("source") {
    case "patrol": return .patrol
    case "citizen_report": return .citizenReport(lead: lead)
    case "video_lead": return .videoLead(lead: lead, auditedBy: of.text("audited_by"))
    case "petition": return .petition(lead: lead)
    case "drone": return .drone(lead: lead)
    default: return .otherOrgan(lead: lead)
    }
}

func shown(_ fieldCase: FieldCase, _ stage: Stage) throws -> [String] {
    try fieldCase.look().evidence.filter { $0.stage == stage }.map(\.sha256)
}

final class Player {
    let file: URL
    let work: URL
    let scenario: Step
    let world: World
    let crew: [OfficerId]
    let pins: [String: String]
    var at: Step
    var ids: [String: String]
    var phone: FieldOffice!

    init(_ file: URL, _ work: URL) throws {
        (self.file, self.work) = (file, work)
        func read(_ url: URL) throws -> Step {
            try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as! Step
        }
        scenario = try read(file)
        at =
            (try? read(work.appendingPathComponent("position.json")))
            ?? ["case": 0, "step": 0, "now": scenario.text("begins"), "ids": [String: String]()]
        ids = at["ids"] as? [String: String] ?? [:]
        world = World(
            work: work, began: clockFormat.date(from: scenario.text("begins"))!,
            time: clockFormat.date(from: at.text("now"))!)
        crew = (scenario["crew"] as! [String]).map { OfficerId($0) }
        let officers = scenario.object("hq")!.objects("officers")
        pins = Dictionary(uniqueKeysWithValues: officers.map { ($0.text("id"), $0.text("pin")) })
    }

    func start() throws {
        world.phone = nil
        let platform = PhonePlatform(
            app: "scenario 1.0.0", model: "swift", clock: world, location: world, observer: world)
        phone = try FieldOffice.open(
            folder: work.path + "/store", mark: work.path + "/mark", keys: world, platform: platform)
        world.phone = phone
        if try !phone.isEnrolled() {
            let ticket = try String(contentsOf: work.appendingPathComponent("ticket"), encoding: .utf8)
            try phone.enrol(ticket: ticket.trimmingCharacters(in: .whitespacesAndNewlines))
            try sync()
        }
        for officer in crew { try phone.signIn(officer: officer, pin: pins[officer.text]!) }
        _ = try phone.setCrew(lead: crew[0], second: crew[1])
    }

    func sync() throws {
        // Numbers that a sync brings are entries, which the next one sends.
        for _ in 0..<3 {
            let done = try phone.sync()
            require(done.done && done.faults.isEmpty, done)
            let status = try phone.status()
            if status.unsyncedEntries == 0 && status.unsyncedPhotos == 0 { return }
        }
        require(false, "something is never delivered")
    }

    func keep(_ c: Int, _ s: Int) throws {
        at = ["case": c, "step": s, "now": clockFormat.string(from: world.time), "ids": ids]
        try JSONSerialization.data(withJSONObject: at)
            .write(to: work.appendingPathComponent("position.json"), options: .atomic)
    }

    func play() throws {
        try start()
        let cases = scenario.objects("cases")
        let from = (at.number("case"), at.number("step"))
        for c in from.0..<max(cases.count, from.0) {
            let steps = cases[c].objects("steps")
            for s in (c == from.0 ? from.1 : 0)..<steps.count {
                let step = steps[s]
                world.time.addTimeInterval(Double(step.number("after_s")))
                if step["killed"] != nil {
                    try keep(c, s + 1)  // what goes on after it is the next step
                    world.kill = step.text("killed")
                }
                do {
                    try act(cases[c], step)
                    require(step["refused"] == nil, "not refused: \(step)")
                    require(step["killed"] == nil, "survived: \(step)")
                } catch let error as PhoneError {
                    let why = error.why
                    require(why.code == step.text("refused"), "\(cases[c].text("name")) \(step): \(error)")
                    require(!why.zh.isEmpty && !why.en.isEmpty && error.description.hasPrefix(why.zh), error)
                }
                try keep(c, s + 1)
            }
            try keep(c + 1, 0)
        }
        try end(cases)
    }

    func act(_ script: Step, _ step: Step) throws {
        let what = step.text("do")
        let files = FileManager.default
        let (store, copy) = (work.path + "/store", work.path + "/copy")
        switch what {
        case "open":
            world.place = step.object("place")
            let opened = try phone.openCase(
                address: world.place!.text("address"), source: source(step.object("source")!))
            ids[script.text("name")] = try opened.id().text
        case "sync": try sync()
        case "back_up": try files.copyItem(atPath: store, toPath: copy)
        case "restore":
            world.phone = nil
            phone = nil
            try files.removeItem(atPath: store)
            try files.moveItem(atPath: copy, toPath: store)
            try start()
            require(try! phone.verifyJournal().epochs == UInt32(step.number("epochs")), "no new epoch")
        default: try one(phone.case(id: CaseId(ids[script.text("name")]!)), script, step, what)
        }
    }

    func one(_ fieldCase: FieldCase, _ script: Step, _ step: Step, _ what: String) throws {
        switch what {
        case "show_certificates": _ = try fieldCase.showCertificates()
        case "photo":
            let photo = file.deletingLastPathComponent().appendingPathComponent("photos/" + step.text("file"))
            _ = try fieldCase.capture(
                taken: Data(contentsOf: photo),
                what: Shot(stage: word(step.text("stage")), caption: step.text("caption")))
        case "offence":
            _ = try fieldCase.chooseOffence(
                offence: step.text("offence"), actAt: world.time.addingTimeInterval(-Double(step.number("ago_s"))),
                factText: Private(step.text("fact")))
        case "party": _ = try fieldCase.identifyParty(party: party(step))
        case "answer":
            let facts = step.object("facts")!
            while let question = try fieldCase.questions().first {
                require(facts[question.fact] != nil, "no answer to \(question.fact)")
                _ = try fieldCase.answer(fact: question.fact, value: value(facts[question.fact]), source: .officer)
            }
        case "tell":
            _ = try fieldCase.answer(
                fact: step.text("fact"), value: value(step["value"]), source: word(step.text("source")))
        case "history": _ = try fieldCase.history()
        case "prior_order": _ = try fieldCase.attachOrder(number: step.text("number"))
        case "recheck":
            let corrected = step.flag("corrected")
            _ = try fieldCase.recheck(
                corrected: corrected, evidence: shown(fieldCase, corrected ? .corrected : .fact))
        case "propose":
            _ = try fieldCase.propose(choice: choice(step))
            let png = try fieldCase.preview(paper: .mm58).png
            require(png.prefix(4) == Data([0x89, 0x50, 0x4e, 0x47]), "no picture")
        case "notice": _ = try fieldCase.giveNotice(how: .oral)
        case "statement":
            _ = try fieldCase.hearStatement(
                statement: word(step.text("kind")), by: .party, words: Private(step.text("words")),
                review: step.text("review"), upheld: step.flag("upheld"))
        case "educate": _ = try fieldCase.educate(how: step.text("how"))
        case "correction": _ = try fieldCase.seeCorrection(evidence: shown(fieldCase, .corrected))
        case "decide":
            let typed = step["pins"] as? [String] ?? crew.map { pins[$0.text]! }
            let both = try zip(crew, typed).map { try fieldCase.confirm(officer: $0, pin: $1) }
            _ = try fieldCase.decide(confirmations: both, choice: choice(step))
        case "issue": _ = try issue(script, fieldCase)
        case "print":
            let number = try issue(script, fieldCase).number
            let printed = try fieldCase.print(
                link: Link(world, step.object("fault")), kind: step["printer"] as? String ?? "generic-58-gbk", number: number)
            let got: String
            switch printed.result {
            case .printed: got = "printed"
            case .notPrinted: got = "not_printed"
            case .unknown: got = "unknown"
            }
            require(got == (step["result"] as? String ?? "printed"), printed)
            require(!printed.reason.contains("441900"), "an exception's text was kept")
        case "confirm_print":
            let number = try fieldCase.look().papers.last!.number
            _ = try fieldCase.confirmPrint(number: number, complete: step.flag("complete"))
        case "look":
            let view = try fieldCase.look()
            require(snake(view.phase) == step.text("phase"), view.phase)
            require(view.papers.last!.look == step.flag("look"), view.papers)
        case "serve":
            var evidence: String?
            if step.text("act") == "signed" {
                let shot = Shot(stage: .service, caption: "签收签名", kind: "signature")
                evidence = try fieldCase.capture(
                    taken: Data("strokes of \(script.text("name"))".utf8), what: shot
                ).sha256
            }
            _ = try fieldCase.serve(how: word(step.text("how")), signing: signing(step, evidence: evidence))
        case "advise": _ = try fieldCase.advise(text: step.text("text"))
        case "hand_over":
            let organ = step.object("to").map { Destination.organ($0.text("organ")) }
            _ = try fieldCase.handOver(to: organ ?? .ordinary, reason: step.text("reason"))
        case "close": _ = try fieldCase.closeCase(how: word(step.text("how")))
        default: require(false, "no such step: \(what)")
        }
    }

    func party(_ step: Step) throws -> Party {
        func about(_ name: String) -> Private { Private(step.text(name)) }
        var born = clockFormat.date(from: step.text("born") + "T00:00:00")
        if born == nil, step.text("id_kind") == "resident_id" {
            born = try readResidentId(text: step.text("id_number"))?.born
        }
        return Party(
            kind: word(step.text("kind")), name: about("name"), idKind: word(step.text("id_kind")),
            idNumber: about("id_number"), identity: word(step.text("identity")), born: born,
            address: about("address"), phone: about("phone"), representative: about("representative"),
            guardian: about("guardian"), plate: about("plate"))
    }

    func issue(_ script: Step, _ fieldCase: FieldCase) throws -> Slip {
        let serve = script.objects("steps").first { $0.text("do") == "serve" }
        let act = serve?.text("act") ?? "ink"
        return try fieldCase.issue(
            drawn: Drawn(
                lead: strokes(), second: strokes(), party: act == "signed" ? strokes() : nil,
                noPartyLine: !["signed", "ink"].contains(act), signing: serve.map { signing($0) }))
    }

    func end(_ cases: [Step]) throws {
        try sync()
        var lines: [Step] = []
        var numbers: [String] = []
        for script in cases {
            let id = CaseId(ids[script.text("name")]!)
            let expect = script.object("expect")!
            if expect.flag("gone") {  // lost with the newer journal; HQ holds it
                do {
                    _ = try phone.case(id: id)
                    require(false, "\(script.text("name")) is still there")
                } catch PhoneError.Input(let why) { require(why.code == "no_such_case", why) }
                continue
            }
            let fieldCase = try phone.case(id: id)
            let view = try fieldCase.look()
            let papers = view.papers.map(\.number)
            let line: Step = [
                "name": script.text("name"), "phase": snake(view.phase),
                "outcome": view.outcome.map { snake($0) as Any } ?? NSNull(),
                "limb": view.decided?.limb.map { "\($0)".uppercased() as Any } ?? NSNull(),
                "amount_fen": view.decided?.amount.fen ?? 0, "papers": papers,
                "events": try fieldCase.events().map(\.kind),
            ]
            for (key, want) in expect { require("\(line[key]!)" == "\(want)", "\(script.text("name")) \(key): \(line)") }
            lines.append(line)
            numbers += papers
        }
        require(numbers.count == Set(numbers).count, "a number on two papers")
        let journal = try phone.verifyJournal()
        require(journal.whole, journal)
        require(world.changes > lines.count, "the observer heard nothing")
        try JSONSerialization.data(withJSONObject: ["cases": lines, "epochs": Int(journal.epochs)])
            .write(to: work.appendingPathComponent("summary.json"))
    }
}

@main
struct Scenario {
    static func main() throws {
        let arguments = CommandLine.arguments
        try Player(URL(fileURLWithPath: arguments[1]), URL(fileURLWithPath: arguments[2])).play()
    }
}
