import EZhifa
import FieldKit
import Foundation
import XCTest

/// Keys made by OpenSSL and a clock that began with the scenario's evening.
final class TestPhone: PhoneKeys, PhoneClock, @unchecked Sendable {
    private let key: String
    private let began = ISO8601DateFormatter().date(from: "2026-06-18T11:00:00Z")!
    private let started = Date()

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

    var time: Date { began.addingTimeInterval(Date().timeIntervalSince(started)) }
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

final class FieldKitTests: XCTestCase {
    func testSixTapsFromTheHomeScreenToTheDecision() throws {
        // tests/bindings.sh starts an HQ and names its folder.
        let work = try XCTUnwrap(ProcessInfo.processInfo.environment["EZHIFA_WORK"])
        let test = try TestPhone(work)
        let phone = try FieldOffice.open(
            folder: work + "/store", mark: work + "/mark", keys: test, platform: PhonePlatform(clock: test))
        let ticket = try String(contentsOfFile: work + "/ticket", encoding: .utf8)
        try phone.enrol(ticket: ticket.trimmingCharacters(in: .whitespacesAndNewlines))
        XCTAssertTrue(try phone.sync().done)
        let crew = [(OfficerId("o-101"), "246813"), (OfficerId("o-102"), "975310")]
        for (officer, pin) in crew { try phone.signIn(officer: officer, pin: pin) }
        _ = try phone.setCrew(lead: crew[0].0, second: crew[1].0)

        let dog = Favourite(
            offence: "dog-waste", title: "犬粪未清", sentence: "你遛狗时没有清除犬只粪便",
            usual: [
                "dog_waste": .bool(true), "cleaned_at_once": .bool(false), "items": .int(1), "minor": .bool(false),
                "harm": .choice("slight"), "corrected": .bool(false),
            ])
        let new = NewCase(phone) { test.time }
        try new.start(dog, address: "东城街道样例公园南门")
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
        try again.resume(try phone.case(id: new.inHand.id()), favourites: [dog])
        XCTAssertEqual(again.screen, .decision)

        // What was tapped is enough: the officers may decide now.
        let both = try crew.map { try new.inHand.confirm(officer: $0.0, pin: $0.1) }
        let decided = try new.inHand.decide(
            confirmations: both, choice: Choice(outcome: nil, amount: nil, reason: "within_tier"))
        XCTAssertEqual(decided.outcome, .fine)
        let today = try day(phone, of: test.time)
        XCTAssertEqual([today.cases, today.fined, today.notPunished], [1, 1, 0])
        XCTAssertEqual(today.fen, decided.amount.fen)
        let missing = try readiness(phone, Device(printer: nil, batteryPercent: 12)).filter { !$0.ok }
        XCTAssertTrue(missing.map(\.text).contains("未连接打印机"))
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
