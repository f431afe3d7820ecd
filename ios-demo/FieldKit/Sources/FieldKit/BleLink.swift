import EZhifa
import Foundation

/// Service, write and notify characteristics of a kind of BLE printer, as CoreBluetooth writes them.
public struct BleKind: Sendable {
    public let service: String
    public let write: String
    public let notify: String
}

/// The kinds that are sold most. UUIDs are the makers' own: another printer may need another line here.
public let bleKinds = [
    BleKind(service: "18F0", write: "2AF1", notify: "2AF0"),
    BleKind(service: "FF00", write: "FF02", notify: "FF01"),
    BleKind(
        service: "49535343-FE7D-4AE5-8FA9-9FAFD205E455",
        write: "49535343-8841-43F4-A8D4-ECBE34729BB3",
        notify: "49535343-1E4D-4BD9-BA61-23C647249616"),
]

/// What CoreBluetooth gives: one characteristic to write to.
public protocol BlePipe: AnyObject {
    /// Starts writing one packet; `BleLink.written` is called when the stack took it.
    func send(_ packet: Data) -> Bool
    /// Ends the connection.
    func close()
}

/// Bluetooth low energy: packets of a size that the stack names, one under way at a time. Write without response may
/// lose a packet without telling anybody, and then the link says that it is not lossless.
public final class BleLink: PrinterLink, @unchecked Sendable {
    private let pipe: BlePipe
    private let packet: Int
    private let withResponse: Bool
    private let patience: TimeInterval
    private let turn = NSCondition()
    private var underWay = false
    private var over = false
    private var come = Data()

    /// `packet` is `maximumWriteValueLength(for:)`.
    public init(_ pipe: BlePipe, packet: Int, withResponse: Bool, patience: TimeInterval = 1) {
        (self.pipe, self.packet, self.withResponse, self.patience) = (pipe, max(packet, 20), withResponse, patience)
    }

    private func change(_ what: () -> Void) {
        turn.lock()
        what()
        turn.broadcast()
        turn.unlock()
    }

    /// From the stack: the last packet is on its way (`peripheralIsReady`, `didWriteValueFor`).
    public func written() { change { underWay = false } }

    /// From the stack: the printer said something.
    public func received(_ bytes: Data) { change { come.append(bytes) } }

    /// From the stack: the connection ended.
    public func ended() { change { over = true } }

    /// Takes one packet; none while the last one is still under way.
    public func write(bytes: Data) throws -> UInt32 {
        turn.lock()
        let until = Date().addingTimeInterval(patience)
        while underWay && !over {
            if !turn.wait(until: until) { break }
        }
        let (busy, gone) = (underWay, over)
        if !busy { underWay = true }
        turn.unlock()
        if gone { throw AppError.Closed }
        if busy { return 0 }
        let some = Data(bytes.prefix(packet))
        if pipe.send(some) { return UInt32(some.count) }
        written()
        return 0
    }

    public func read(most: UInt32, withinMs: UInt32) throws -> Data {
        turn.lock()
        defer { turn.unlock() }
        let until = Date().addingTimeInterval(Double(withinMs) / 1000)
        while come.isEmpty && !over {
            if !turn.wait(until: until) { break }
        }
        if come.isEmpty && over { throw AppError.Closed }
        let out = Data(come.prefix(Int(most)))
        come = Data(come.dropFirst(out.count))
        return out
    }

    public func lossless() throws -> Bool { withResponse }

    public func end() throws { pipe.close() }
}
