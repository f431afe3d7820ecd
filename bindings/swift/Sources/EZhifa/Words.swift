import Foundation

/// Id of a case: opaque, the same for ever.
public struct CaseId: Hashable, Sendable {
    public let text: String
    public init(_ text: String) { self.text = text }
}

/// Id of an officer inside the organ. Not a certificate number.
public struct OfficerId: Hashable, Sendable {
    public let text: String
    public init(_ text: String) { self.text = text }
}

/// Money in fen (分), a hundredth of a yuan.
public struct Fen: Hashable, Comparable, Sendable {
    public let fen: Int64
    public init(_ fen: Int64) { self.fen = fen }
    public static func < (a: Fen, b: Fen) -> Bool { a.fen < b.fen }

    /// `200元`, `12.50元`.
    public var yuan: String {
        fen % 100 == 0 ? "\(fen / 100)元" : String(format: "%d.%02d元", fen / 100, fen % 100)
    }
}

/// Text about a person (name, ID number, address, words said). Printing it gives its length only, so that
/// it cannot slip into a log; whoever shows it asks with `reveal()`.
public struct Private: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let text: String
    public init(_ text: String) { self.text = text }

    /// The text itself: for a screen or a paper, never for a log.
    public func reveal() -> String { text }

    public var description: String { "‹\(text.count) 字›" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension PhoneError {
    /// The reason, whatever the kind.
    public var why: Why {
        switch self {
        case .Refused(let why), .NotReady(let why), .Input(let why), .Locked(let why),
            .Printer(let why), .Network(let why), .Store(let why), .Internal(let why):
            return why
        }
    }

    /// What the officer reads: reason, article, next step. Chinese.
    public var sentence: String {
        [why.zh, why.article, why.nextZh].filter { !$0.isEmpty }.joined(separator: "，")
    }
}

/// `localizedDescription`, and what `print` shows: reason, article and next step, Chinese then English.
extension PhoneError: LocalizedError, CustomStringConvertible {
    public var errorDescription: String? { description }
}

/// `localizedDescription`, and what `print` shows: the app's own sentence.
extension AppError: LocalizedError, CustomStringConvertible {
    public var errorDescription: String? { description }
}
