import EZhifa
import Foundation
import Glibc
import XCTest

@testable import FieldKit

/// Keys made by OpenSSL and a clock that began with the scenario's evening.
final class TestPhone: PhoneKeys, PhoneClock, @unchecked Sendable {
    private let key: String
    private let began = ISO8601DateFormatter().date(from: "2026-06-18T11:00:00Z")!
    private let started = Date()
    private var waited = 0.0

    init(_ work: String) throws {
        key = work + "/device.pem"
        _ = try openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key])
    }

    private func openssl(_ arguments: [String], input: Data = Data()) throws -> Data {
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

    var time: Date { began.addingTimeInterval(Date().timeIntervalSince(started) + waited) }
    /// Somebody writes for so long.
    func wait(_ seconds: Double) { waited += seconds }
    func databaseKey() throws -> Data { Data(repeating: 7, count: 32) }
    func devicePublicKey() throws -> Data {
        Data(try openssl(["ec", "-in", key, "-pubout", "-conv_form", "uncompressed", "-outform", "DER"]).suffix(65))
    }
    func sign(message: Data) throws -> Data { try openssl(["dgst", "-sha256", "-sign", key], input: message) }
    func now() throws -> ClockStamp {
        ClockStamp(wall: time, monoMs: Int64(time.timeIntervalSince(began) * 1000), boot: "boot-1")
    }
}

final class Packets: BlePipe {
    var sizes: [Int] = []
    var link: BleLink!
    func send(_ packet: Data) -> Bool {
        sizes.append(packet.count)
        return true
    }
    func close() { link.ended() }
}

/// The virtual printer as a low-energy one: packets go over a socket, its answers come as notifications.
final class SocketPipe: BlePipe, @unchecked Sendable {
    private let pipe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    private weak var link: BleLink?

    static func link(_ address: String) throws -> BleLink {
        let at = address.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: ":")
        let own = SocketPipe()
        var to = sockaddr_in()
        to.sin_family = sa_family_t(AF_INET)
        to.sin_port = in_port_t(UInt16(at[1])!).bigEndian
        to.sin_addr.s_addr = inet_addr(String(at[0]))
        let connected = withUnsafePointer(to: &to) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(own.pipe, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        XCTAssertEqual(connected, 0, "no printer at \(address)")
        let link = BleLink(own, packet: 182, withResponse: true)
        own.link = link
        Thread.detachNewThread {
            var buffer = [UInt8](repeating: 0, count: 256)
            while true {
                let n = recv(own.pipe, &buffer, buffer.count, 0)
                if n <= 0 { break }
                own.link?.received(Data(buffer[0..<n]))
            }
            own.link?.ended()
        }
        return link
    }

    func send(_ packet: Data) -> Bool {
        let n = packet.withUnsafeBytes { Glibc.send(pipe, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        link?.written()
        return n == packet.count
    }

    func close() { shutdown(pipe, Int32(SHUT_RDWR)) }
}

/// An enrolled phone on duty; tests/bindings.sh starts HQ and printers and names their folder.
final class Duty: @unchecked Sendable {
    static let shared = Result { try Duty() }
    let work: String
    let test: TestPhone
    let phone: FieldOffice
    let pins: Pins = [(OfficerId("o-101"), "246813"), (OfficerId("o-102"), "975310")]
    let dog = Favourite(
        offence: "dog-waste", title: "犬粪未清", sentence: "你遛狗时没有清除犬只粪便",
        usual: [
            "dog_waste": .bool(true), "cleaned_at_once": .bool(false), "items": .int(1), "minor": .bool(false),
            "harm": .choice("slight"), "corrected": .bool(false), "age_band": .choice("adult"),
        ])

    private init() throws {
        work = try XCTUnwrap(ProcessInfo.processInfo.environment["EZHIFA_WORK"])
        test = try TestPhone(work)
        phone = try FieldOffice.open(
            folder: work + "/store", mark: work + "/mark", keys: test, platform: PhonePlatform(clock: test))
        let ticket = try String(contentsOfFile: work + "/ticket", encoding: .utf8)
        try phone.enrol(ticket: ticket.trimmingCharacters(in: .whitespacesAndNewlines))
        XCTAssertTrue(try phone.sync().done)
        for one in pins { try phone.signIn(officer: one.officer, pin: one.pin) }
        _ = try phone.setCrew(lead: pins[0].officer, second: pins[1].officer)
    }

    func printer(_ file: String) throws -> BleLink {
        try SocketPipe.link(String(contentsOfFile: work + "/" + file, encoding: .utf8))
    }

    /// Numbers of every series that are used up so far.
    func used() throws -> UInt64 { try phone.status().numbers.reduce(0) { $0 + $1.reserved + $1.issued + $1.void } }

    /// A case of its own that is heard.
    func heard(_ name: String, _ number: String) throws -> FieldCase {
        let new = NewCase(phone) { self.test.time }
        try new.start(dog, address: "东城街道样例公园北门")
        try new.shoot(Data("jpeg of \(name)".utf8), caption: "违法现场")
        try new.identify(Read(name: name, number: number))
        try new.asUsual()
        try new.notified()
        try new.heard()
        return new.inHand
    }

    func without(_ inHand: FieldCase) -> WithoutPrinter { WithoutPrinter(phone, inHand) { self.test.time } }
}

final class FieldKitTests: XCTestCase {
    private func duty() throws -> Duty { try Duty.shared.get() }

    private func refused(_ code: String, _ call: () throws -> Void) {
        XCTAssertThrowsError(try call()) { XCTAssertEqual(($0 as? PhoneError)?.why.code, code) }
    }

    func testSixTapsFromTheHomeScreenToTheDecision() throws {
        let duty = try duty()
        let (phone, test) = (duty.phone, duty.test)
        let new = NewCase(phone) { test.time }
        try new.start(duty.dog, address: "东城街道样例公园南门")
        try new.shoot(Data("jpeg".utf8), caption: "违法现场")
        let card = try XCTUnwrap(readCard(["姓 名 何样例", "住址东城街道样例花园3栋", "44190019780921215X"]))
        try new.identify(card)
        try new.asUsual()
        XCTAssertFalse(try XCTUnwrap(new.proposal).reasons.isEmpty)
        try new.notified()
        try new.heard()
        XCTAssertEqual(new.screen, .decision)
        XCTAssertLessThanOrEqual(new.taps, 6)

        // The process dies here: the case goes on where it was.
        let again = NewCase(phone) { test.time }
        try again.resume(try phone.case(id: new.inHand.id()), favourites: [duty.dog])
        XCTAssertEqual(again.screen, .decision)

        // What was tapped is enough: the officers may decide now.
        let before = try day(phone, of: test.time)
        let decided = try new.inHand.decide(
            confirmations: try new.inHand.confirmed(by: duty.pins), choice: chosen("within_tier"))
        XCTAssertEqual(decided.outcome, .fine)

        // Without a signal no code comes and nothing waits; with one it is on the paper.
        try phone.setNetwork(network: .offline)
        XCTAssertTrue(try payCode(new.inHand).hasPrefix("没有取到缴款码"))
        try phone.setNetwork(network: .online)
        let line = try payCode(new.inHand)
        let code = String(line[try XCTUnwrap(line.range(of: "[0-9]{20}", options: .regularExpression), line)])
        _ = try new.inHand.issue()
        let words = try new.inHand.render(paper: .mm58).text.filter { !$0.isWhitespace }
        XCTAssertTrue(words.contains(code))
        XCTAssertEqual(honest(try new.inHand.print(link: duty.printer("printer"), kind: printerKind)), "已打印")

        let today = try day(phone, of: test.time)
        XCTAssertEqual(
            [today.cases - before.cases, today.fined - before.fined, today.notPunished - before.notPunished], [0, 1, 0])
        XCTAssertEqual(today.fen - before.fen, decided.amount.fen)
    }

    func testAPrinterThatCannotPrintIsToldWithTheWaysOutAndNoNumberIsUsed() throws {
        let duty = try duty()
        let used = try duty.used()
        let ways = ["mend", "another_printer", "hand_written", "electronic_service", "ordinary_procedure"]
        let empty = try ask(printer: try duty.printer("printer-empty"))
        XCTAssertFalse(empty.canPrint)
        XCTAssertEqual(empty.paper, .out)
        XCTAssertTrue(empty.said.hasPrefix("缺纸"), empty.said)
        XCTAssertEqual(empty.ways.map(\.way), ways)
        XCTAssertEqual(try ask(printer: nil).ways.map(\.way), ways)
        let fine = try ask(printer: try duty.printer("printer"))
        XCTAssertTrue(fine.canPrint)
        XCTAssertEqual(fine.paper, .ok)
        XCTAssertEqual(try duty.used(), used)
    }

    func testASheetWrittenByHandIsKeyedInWithItsPhotoTimeAndBothOfficers() throws {
        let duty = try duty()
        let inHand = try duty.heard("何手写", "441900198505050213")
        let way = duty.without(inHand)
        let spoiled = try XCTUnwrap(way.sheet().number)
        XCTAssertEqual(try way.spoil(reason: "写坏", secondPin: duty.pins[1].pin), spoiled)
        let number = try XCTUnwrap(way.sheet().number)
        XCTAssertTrue(number != spoiled && number.contains("手"), number)
        duty.test.wait(61)  // the sheet says minutes, and lies after the photo of the fact
        let clock = DateFormatter()
        clock.locale = Locale(identifier: "en_US_POSIX")
        clock.timeZone = beijing
        clock.dateFormat = "HH:mm"
        let at = try XCTUnwrap(way.writtenAt(clock.string(from: duty.test.time)))
        refused("hand_paper_not_photographed") { try way.keyIn(at, duty.pins) }
        try way.photograph(Data("jpeg of the sheet".utf8))
        XCTAssertNotNil(try way.sheet().photo)
        let decided = try way.keyIn(at, duty.pins, reason: "within_tier")
        XCTAssertEqual(decided.number, number)
        XCTAssertEqual(decided.at.timeIntervalSince(at), 0, accuracy: 0.001)
        XCTAssertEqual(try inHand.look().phase, .printed, "nothing is left to print")
        XCTAssertEqual(try inHand.handedOver(.ink), .served)
        XCTAssertNil(try way.sheet().photo, "the next sheet has no photo yet")
    }

    func testTheTimeOnASheetIsTheLastOneThatWasSoLate() throws {
        let read = ISO8601DateFormatter()
        let now = try XCTUnwrap(read.date(from: "2026-06-18T16:05:00Z"))  // 00:05 in Dongguan
        XCTAssertEqual(writtenAt("23:50", now: now), read.date(from: "2026-06-18T15:50:00Z"))
        XCTAssertEqual(writtenAt(" 00:01", now: now), read.date(from: "2026-06-18T16:01:00Z"))
        for odd in ["七点", "24:00", "7", "7:-1", ":"] { XCTAssertNil(writtenAt(odd, now: now), odd) }
    }

    func testWithASignedConsentTheDecisionIsServedElectronically() throws {
        let duty = try duty()
        let inHand = try duty.heard("何电子", "441900198505050432")
        var pad = SignaturePad(width: 390, height: 160)
        pad.down(10, 10)
        for i in 1...20 { pad.move(Double(i) * 14, Double(60 + i)) }
        try duty.without(inHand).consents(address: "sample@example.com", signature: pad.strokes)
        let held = try XCTUnwrap(inHand.look().evidence.last)
        XCTAssertEqual(held.kind, "signature")
        XCTAssertTrue(String(decoding: try duty.phone.evidence(sha256: held.sha256), as: UTF8.self).contains("<polyline"))
        XCTAssertTrue(try inHand.look().eService)
        _ = try inHand.decide(confirmations: try inHand.confirmed(by: duty.pins), choice: chosen("within_tier"))
        _ = try inHand.issue()
        XCTAssertEqual(try inHand.servedElectronically(), .served)
        XCTAssertEqual(try inHand.look().papers.map(\.printed), [false])
        let other = try duty.heard("何不同意", "441900198505050651")
        _ = try other.decide(confirmations: try other.confirmed(by: duty.pins), choice: chosen("within_tier"))
        _ = try other.issue()
        refused("no_e_service_consent") { try other.servedElectronically() }
    }

    func testACaseGoesToTheOrdinaryProcedureAndNoDecisionIsMade() throws {
        let duty = try duty()
        let inHand = try duty.heard("何普通", "441900198505050870")
        XCTAssertEqual(try duty.without(inHand).ordinary("打印机不能打印"), .handedOver)
        XCTAssertNil(try inHand.look().decided)
    }

    func testReadinessShowsWhatIsMissingFirstAndThePaperAsThePrinterTellsIt() throws {
        let duty = try duty()
        func lines(_ file: String?) throws -> [Check] {
            let printer = try file.map { CrewPrinter(name: $0, answer: try ask(printer: try duty.printer($0))) }
            return try readiness(duty.phone, printer: printer, Device(batteryPercent: 12))
        }
        let without = try lines(nil)
        XCTAssertEqual(
            without.filter { !$0.ok }.map(\.text).filter { $0.contains("打印") || $0.contains("电量") },
            ["未连接打印机", "打印纸：未连接打印机，不知道", "电量 12%"])
        XCTAssertTrue(try XCTUnwrap(without.last).ok)
        let time = without.filter { $0.text.hasPrefix("iOS 不告诉应用时间是否自动设置；与指挥中心相差") }
        XCTAssertEqual(time.map(\.ok), [true], "\(without)")
        let fine = try lines("printer")
        XCTAssertTrue(fine.contains(Check(text: "打印纸正常", ok: true)))
        XCTAssertTrue(fine.contains(Check(text: "打印机：printer", ok: true)))
        let empty = try lines("printer-empty")
        XCTAssertTrue(empty.contains(Check(text: "打印机缺纸", ok: false)))
    }

    func testAClockThatWasNeverComparedIsNotCalledRight() {
        XCTAssertFalse(timeLine(nil).ok)
        XCTAssertTrue(timeLine(-59_999).ok)
        XCTAssertFalse(timeLine(-61_000).ok)
        XCTAssertTrue(timeLine(61_000).text.contains("相差61秒"))
    }

    func testHowFarInWords() {
        let here = Fix(latE7: 230_270_000, lonE7: 1_137_850_000, accuracyCm: 800, source: "gnss")
        XCTAssertEqual(far(here, 230_271_000, 1_137_850_000), "11米 ")
        XCTAssertEqual(far(here, 230_360_000, 1_137_850_000), "1.0公里 ")
        XCTAssertEqual(far(here, nil, nil), "")
    }

    func testAPhaseIsSaidInChinese() {
        XCTAssertEqual(said(phase: "taking_refused"), "拒绝接收")
        XCTAssertEqual(said(phase: "served"), said(.served))
    }

    func testLowEnergyGoesInPacketsOneAtATime() throws {
        let pipe = Packets()
        let link = BleLink(pipe, packet: 182, withResponse: false, patience: 0.02)
        pipe.link = link
        let slip = Data(repeating: 0, count: 400)
        XCTAssertEqual(try link.write(bytes: slip), 182)
        XCTAssertEqual(try link.write(bytes: slip), 0, "the stack has not taken the first packet yet")
        link.written()
        XCTAssertEqual(try link.write(bytes: slip), 182)
        XCTAssertEqual(pipe.sizes, [182, 182])
        link.received(Data([1, 2, 3]))
        XCTAssertEqual(try link.read(most: 2, withinMs: 10), Data([1, 2]))
        XCTAssertEqual(try link.read(most: 2, withinMs: 10), Data([3]))
        XCTAssertEqual(try link.read(most: 2, withinMs: 10), Data())
        XCTAssertFalse(try link.lossless(), "a lost packet would not be told")
        try link.end()
        XCTAssertThrowsError(try link.write(bytes: slip))
    }

    func testASignatureFitsItsBoxAndABlankOneIsSeen() {
        var pad = SignaturePad(width: 390, height: 160)
        pad.down(10, 10)
        XCTAssertTrue(pad.isBlank)
        for i in 1...100 { pad.move(Double(i) * 5, Double(i) * 2) }
        XCTAssertFalse(pad.isBlank)
        XCTAssertTrue(pad.strokes.lines.joined().allSatisfy { $0.x <= 160 && $0.y <= 64 })
    }

    func testACardIsReadByItsCheckDigit() throws {
        XCTAssertEqual(try readCard(["姓名何样例", "公民身份号码 44190019780921215X"])?.name, "何样例")
        XCTAssertNil(try readCard(["姓名何样例", "441900197809212150"]), "the check digit is wrong")
    }

    func testPersonalDataStaysOutOfWhatIsPrintedByAccident() {
        XCTAssertEqual("\(Private("何样例"))", "‹3 字›")
        XCTAssertFalse("\(Read(name: "何样例"))".contains("何"))
    }
}
