import EZhifa
import Foundation

/// The sheet that is filled in by hand now: its number, none when the pad is used up; its photo; the words to copy.
public struct Sheet: Sendable {
    public let number: String?
    public let photo: String?
    public let words: Data
}

/// Both officers, each with their own PIN.
public typealias Pins = [(officer: OfficerId, pin: String)]

/// A case that is heard while no printer works: a pre-numbered sheet (手写文书), signed electronic service, or the ordinary
/// procedure. Nothing is kept here: what was done is in the case.
public struct WithoutPrinter {
    private let phone: FieldOffice
    private let inHand: FieldCase
    private let now: () -> Date

    public init(_ phone: FieldOffice, _ inHand: FieldCase, now: @escaping () -> Date = Date.init) {
        (self.phone, self.inHand, self.now) = (phone, inHand, now)
    }

    /// The next sheet of the pad.
    public func sheet() throws -> Sheet {
        let view = try inHand.look()
        let number = try phone.nextSheet(drill: view.drill)
        let photo = view.evidence.last { $0.stage == .service && $0.caption == number.map(caption) }
        return Sheet(number: number, photo: photo?.sha256, words: try inHand.preview(paper: .mm58).png)
    }

    /// 「写坏了」: its number is void, the other officer confirms. Gives the number.
    @discardableResult
    public func spoil(reason: String, secondPin: String) throws -> String {
        try phone.spoilSheet(reason: reason, secondPin: secondPin, drill: inHand.look().drill)
    }

    /// The sheet as it was filled in and signed.
    public func photograph(_ jpeg: Data) throws {
        guard let number = try sheet().number else { return }
        _ = try inHand.capture(taken: jpeg, what: Shot(stage: .service, caption: caption(number)))
    }

    /// When the sheet says it was written: see `writtenAt`.
    public func writtenAt(_ text: String) -> Date? { FieldKit.writtenAt(text, now: now()) }

    /// 补录: number, time and photo of the sheet; both officers confirm.
    @discardableResult
    public func keyIn(_ writtenAt: Date, _ pins: Pins, reason: String = "") throws -> Decided {
        let sheet = try sheet()
        return try inHand.keyIn(
            number: sheet.number ?? "", writtenAt: writtenAt, photo: sheet.photo ?? "",
            confirmations: try inHand.confirmed(by: pins), choice: chosen(reason))
    }

    /// 「当事人已签电子送达确认书」: where to, and the signature. The decision needs no printer then.
    public func consents(address: String, signature: Strokes) throws {
        let held = try inHand.capture(
            taken: signature.svg, what: Shot(stage: .service, caption: "电子送达确认书签名", kind: "signature"))
        _ = try inHand.agreeEService(
            consent: EServiceConsent(address: Private(address), evidence: held.sha256, at: now()))
    }

    /// 「转普通程序」.
    @discardableResult
    public func ordinary(_ reason: String) throws -> Phase { try inHand.handOver(to: .ordinary, reason: reason) }

    private func caption(_ number: String) -> String { "手写文书 \(number)" }
}

extension FieldCase {
    /// Both officers confirm the decision at hand.
    public func confirmed(by pins: Pins) throws -> [Confirmation] {
        try pins.map { try confirm(officer: $0.officer, pin: $0.pin) }
    }
}

/// The officers' reason, where the rulebook leaves a choice.
public func chosen(_ reason: String) -> Choice? {
    reason.isEmpty ? nil : Choice(outcome: nil, amount: nil, reason: reason)
}

/// When the sheet says it was written, `HH:mm`: the last time that it was so late. None where it is no time.
public func writtenAt(_ text: String, now: Date) -> Date? {
    let parts = text.trimmingCharacters(in: .whitespaces).split(separator: ":").map { Int($0) }
    guard parts.count == 2, let hour = parts[0], let minute = parts[1], (0..<24).contains(hour), (0..<60).contains(minute)
    else { return nil }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = beijing
    let today = calendar.startOfDay(for: now).addingTimeInterval(Double(hour * 3600 + minute * 60))
    return today > now ? today.addingTimeInterval(-86_400) : today
}
