import EZhifa
import Foundation

/// Kind of the crew's printers; an app would keep it with the pairing.
public let printerKind = "generic-58-gbk"

/// The crew's printer and what it said when it was asked.
public struct CrewPrinter: Sendable {
    public let name: String
    public let answer: PrinterAnswer

    public init(name: String, answer: PrinterAnswer) { (self.name, self.answer) = (name, answer) }
}

/// Asks the crew's printer whether a slip could come out now: before a number is used, nothing is printed. Blocks. One
/// that cannot be reached (`nil`) is an answer too: what the crew can do instead.
public func ask(printer link: PrinterLink?) throws -> PrinterAnswer { try askPrinter(link: link, kind: printerKind) }
