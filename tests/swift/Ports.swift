// What an app hands in, from Swift: Ports WORK_FOLDER. tests/python/ports.py says what it does.
import EZhifa
import Foundation

let rare = "\u{30EDE}"  // 𰻞: no font of the library has it
struct Accident: Error { let text = "张三 441900199001011234" }

func require(_ held: Bool, _ what: @autoclosure () -> Any = "", line: Int = #line) {
    if !held {
        FileHandle.standardError.write("line \(line): \(what())\n".data(using: .utf8)!)
        exit(1)
    }
}

/// OpenSSL stands in for the Secure Enclave.
func openssl(_ arguments: [String], input: Data = Data()) throws -> Data {
    let run = Process()
    run.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    run.arguments = arguments
    let (into, out) = (Pipe(), Pipe())
    (run.standardInput, run.standardOutput, run.standardError) = (into, out, FileHandle.nullDevice)
    try run.run()
    into.fileHandleForWriting.write(input)
    into.fileHandleForWriting.closeFile()
    return out.fileHandleForReading.readDataToEndOfFile()
}

/// Everything that an app hands in, what it notes, and how it behaves at the moment.
final class App: PhoneKeys, PhoneClock, PhoneLocation, PhoneGlyphs, PhoneLog, PhoneObserver, PhoneTransport, SyncProgress,
    @unchecked Sendable
{
    var phone: FieldOffice?
    var throwing = false
    var cut = false
    var stop = false
    private var within = false
    var lines: [String] = []
    var changes: [Change] = []
    var glyphs: [String] = []
    var steps = 0
    var requests = 0
    private let work: String
    private let key: String
    private let began = ISO8601DateFormatter().date(from: "2026-06-18T11:00:00Z")!
    private let started = Date()

    init(_ work: String) throws {
        self.work = work
        key = work + "/device.pem"
        _ = try openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key])
    }

    /// Every trait: an accident when the test wants one, else calls of the phone from inside, one that writes among them.
    func inside() throws {
        if throwing { throw Accident() }
        guard let phone, !within else { return }
        within = true
        defer { within = false }
        if try phone.isEnrolled() {
            try phone.useDrills()
            _ = try phone.cases(most: 1)
        }
    }

    /// The call while everything throws.
    func thrown<T>(_ call: () throws -> T) rethrows -> T {
        throwing = true
        defer { throwing = false }
        return try call()
    }

    var time: Date { began.addingTimeInterval(Date().timeIntervalSince(started)) }

    func databaseKey() throws -> Data { Data(repeating: 7, count: 32) }
    func devicePublicKey() throws -> Data {
        Data(try openssl(["ec", "-in", key, "-pubout", "-conv_form", "uncompressed", "-outform", "DER"]).suffix(65))
    }
    func sign(message: Data) throws -> Data {
        try inside()
        return try openssl(["dgst", "-sha256", "-sign", key], input: message)
    }
    func now() throws -> ClockStamp {
        try inside()
        return ClockStamp(wall: time, monoMs: Int64(time.timeIntervalSince(began) * 1000), boot: "boot-1")
    }
    func here() throws -> Fix? {
        try inside()
        return Fix(latE7: 230_270_000, lonE7: 1_137_850_000, accuracyCm: 800, source: "gnss")
    }
    func glyph(character: String, px: UInt16) throws -> Glyph? {
        try inside()
        glyphs.append(character)
        let row = (Int(px) + 7) / 8
        let rows = Data((0..<row * Int(px)).map { $0 < row ? 0xFF : $0 % row == 0 ? 0x80 : 0 })
        return Glyph(width: px, height: px, rows: rows)
    }
    func log(level: LogLevel, text: String) throws {
        lines.append("\(level) \(text)")
        try inside()
    }
    func changed(what: Change) throws {
        changes.append(what)
        try inside()
    }
    func step(at: SyncStep) throws -> Bool {
        steps += 1
        try inside()
        return !stop
    }
    func send(request: HttpRequest) throws -> HttpResponse {
        requests += 1
        if cut { throw Accident() }
        try inside()
        // A delegate of URLSession does this on a phone. Foundation on Linux trusts nothing but the system's certificates,
        // so OpenSSL carries the request here.
        let ca = work + "/ca.pem"
        try Data(request.ca.utf8).write(to: URL(fileURLWithPath: ca))
        let url = URL(string: request.url)!
        let path = request.url[
            request.url.range(of: url.path, options: [], range: request.url.range(of: "://")!.upperBound..<request.url.endIndex)!
                .lowerBound...]
        var head = "\(request.method) \(path) HTTP/1.0\r\nhost: \(url.host!):\(url.port!)\r\n"
        for header in request.headers { head += "\(header.name): \(header.value)\r\n" }
        if !request.body.isEmpty { head += "content-length: \(request.body.count)\r\n" }
        let answer = try openssl(
            ["s_client", "-quiet", "-verify_return_error", "-CAfile", ca, "-connect", "\(url.host!):\(url.port!)"],
            input: Data((head + "\r\n").utf8) + request.body)
        guard let end = answer.range(of: Data("\r\n\r\n".utf8)) else { throw AppError.Closed }
        let lines = String(decoding: answer[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let headers = lines.dropFirst().compactMap { line -> HttpHeader? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            return HttpHeader(name: line[..<colon].lowercased(), value: value)
        }
        return HttpResponse(
            status: UInt16(lines[0].split(separator: " ")[1])!, headers: headers, body: Data(answer[end.upperBound...]))
    }
}

final class Broken: SyncProgress, @unchecked Sendable {
    func step(at: SyncStep) throws -> Bool { throw Accident() }
}

final class CallingLink: PrinterLink, @unchecked Sendable {
    let app: App
    var ended = false
    init(_ app: App) { self.app = app }
    func write(bytes: Data) throws -> UInt32 {
        try app.inside()
        throw Accident()
    }
    func read(most: UInt32, withinMs: UInt32) throws -> Data {
        try app.inside()
        Thread.sleep(forTimeInterval: Double(withinMs) / 1000)
        return Data()
    }
    func lossless() throws -> Bool {
        try app.inside()
        return true
    }
    func end() throws {
        ended = true
        try app.inside()
    }
}

@discardableResult
func refused(_ code: String, line: Int = #line, _ call: () throws -> Void) throws -> PhoneError {
    do { try call() } catch let error as PhoneError {
        require(error.why.code == code, error, line: line)
        // What an alert shows of any error.
        let shown = (error as Error).localizedDescription
        require(shown.hasPrefix(error.why.zh) && shown.contains(error.why.en), shown, line: line)
        require("\(error)" == shown && !shown.contains("441900"), shown, line: line)
        return error
    }
    require(false, "no refusal", line: line)
    fatalError()
}

/// A case with everything but the notice.
func gathered(_ app: App, _ phone: FieldOffice, name: String) throws -> FieldCase {
    let dog: [String: Value] = [
        "dog_waste": .bool(true), "cleaned_at_once": .bool(false), "items": .int(1), "minor": .bool(false),
        "harm": .choice("slight"), "corrected": .bool(false),
    ]
    let inHand = try phone.openCase(address: "东城街道样例公园南门")
    _ = try inHand.showCertificates()
    _ = try inHand.capture(taken: Data("jpeg".utf8), what: Shot(stage: .fact, caption: "违法现场"))
    _ = try inHand.chooseOffence(offence: "dog-waste", actAt: app.time, factText: Private("你遛狗时没有清除犬只粪便"))
    let none = Private("")
    _ = try inHand.identifyParty(
        party: Party(
            kind: .citizen, name: Private(name), idKind: .residentId, idNumber: Private("44190019780921215X"),
            identity: .documentRead, born: try readResidentId(text: "44190019780921215X")?.born,
            address: Private("东城街道样例花园3栋"), phone: none, representative: none, guardian: none, plate: none))
    _ = try inHand.history()
    while let fact = try inHand.questions().first?.fact {
        _ = try inHand.answer(fact: fact, value: dog[fact]!, source: .officer)
    }
    _ = try inHand.propose()
    return inHand
}

@main
struct Ports {
    static func main() throws {
        let work = CommandLine.arguments[1]
        let app = try App(work)
        let phone = try FieldOffice.open(
            folder: work + "/store", mark: work + "/mark", keys: app,
            platform: PhonePlatform(
                app: "ports", clock: app, location: app, glyphs: app, log: app, observer: app, transport: app))
        app.phone = phone

        let ticket = try String(contentsOfFile: work + "/ticket", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        try app.thrown { try refused("not_enrolled") { _ = try phone.readiness() } }
        try app.thrown { try refused("device_key") { try phone.enrol(ticket: ticket) } }
        try phone.enrol(ticket: ticket)
        require(app.requests > 0, "the platform's own way to HQ was not used")
        require(app.lines.contains("warning readiness: not_enrolled"), app.lines)
        require(!app.lines.joined().contains("441900"), app.lines)

        app.stop = true
        require(try phone.sync(progress: app).cancelled)
        app.stop = false
        let stopped = try phone.sync(progress: Broken())
        require(stopped.cancelled && !stopped.why.contains("441900"), stopped)
        let asked = app.requests
        for _ in 0..<3 { require(try phone.sync(progress: app).done) }
        require(app.requests > asked && app.steps > 2)
        app.cut = true
        let offline = try phone.sync()
        app.cut = false
        require(!offline.done && !offline.why.isEmpty && !offline.why.contains("441900"), offline)
        try app.thrown { try refused("device_key") { _ = try phone.sync() } }

        let crew = [(OfficerId("o-101"), "246813"), (OfficerId("o-102"), "975310")]
        for (officer, pin) in crew { try phone.signIn(officer: officer, pin: pin) }
        _ = try phone.setCrew(lead: crew[0].0, second: crew[1].0)
        require(app.changes.contains(.people) && app.changes.contains(.sync), app.changes)

        let blind = try app.thrown { try phone.openCase(address: "东城街道样例路1号") }.look().place!
        require(blind.source == "typed" && blind.latE7 == nil && blind.address == "东城街道样例路1号", blind.source)
        require(try phone.openCase(address: "东城街道样例路1号").look().place!.latE7 == 230_270_000)

        let inHand = try gathered(app, phone, name: "何" + rare)
        let why = try app.thrown { try refused("slip") { _ = try inHand.preview(paper: .mm58) } }.why
        require(why.zh.contains("30EDE"), why)
        require(try inHand.preview(paper: .mm58).png.starts(with: [0x89, 0x50, 0x4E, 0x47]) && app.glyphs.contains(rare))
        _ = try inHand.giveNotice(how: .oral)
        _ = try inHand.hearStatement(statement: .notMade, by: .party, words: Private(""), review: "", upheld: false)
        let both = try crew.map { try inHand.confirm(officer: $0.0, pin: $0.1) }
        _ = try inHand.decide(confirmations: both, choice: Choice(outcome: nil, amount: nil, reason: "within_tier"))

        try app.thrown { try refused("device_key") { _ = try inHand.issue() } }
        require(try inHand.look().phase == .decided)
        _ = try inHand.issue()

        let unused = CallingLink(app)
        try app.thrown { try refused("slip") { _ = try inHand.print(link: unused, kind: "generic-58-gbk") } }
        require(unused.ended, "a print that is refused ends the connection too")
        let link = CallingLink(app)
        let printed = try inHand.print(link: link, kind: "generic-58-gbk")
        if case .printed = printed.result { require(false, printed) }
        require(!printed.reason.contains("441900") && link.ended, printed)

        let waiting = try phone.status().unsyncedEntries
        let wishes = CaseFileWishes(audience: .court, by: "o-101", reason: "样例：法院调卷")
        let made = try inHand.export(path: work + "/case.zip", wishes: wishes)
        require(made.members > 5 && made.findings.allSatisfy(\.ok), made)
        require(try Data(contentsOf: URL(fileURLWithPath: work + "/case.zip")).starts(with: [0x50, 0x4B, 3, 4]))
        require(try phone.status().unsyncedEntries == waiting + 1)
        try refused("case_file") { _ = try inHand.export(path: work + "/no/folder.zip", wishes: wishes) }

        _ = try app.thrown { try phone.status() }
        require(try phone.verifyJournal().whole)
        print("Swift: what the app hands in: ok")
    }
}
