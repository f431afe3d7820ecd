import EZhifa
import Foundation

/// A signature from the glass, in the box of the paper. Points that add nothing are left out.
public struct SignaturePad {
    private let width, height: Double
    private var lines: [[Dot]] = []
    private static let box = (width: 160.0, height: 64.0)

    public init(width: Double, height: Double) { (self.width, self.height) = (width, height) }

    public mutating func down(_ x: Double, _ y: Double) { lines.append([dot(x, y)]) }

    public mutating func move(_ x: Double, _ y: Double) {
        let next = dot(x, y)
        guard let last = lines.last?.last, last != next else { return }
        lines[lines.count - 1].append(next)
    }

    public mutating func clear() { lines = [] }

    /// Whether anybody wrote anything.
    public var isBlank: Bool { lines.reduce(0) { $0 + $1.count } < 4 }

    /// For the paper.
    public var strokes: Strokes {
        Strokes(width: UInt16(Self.box.width), height: UInt16(Self.box.height), lines: lines)
    }

    private func dot(_ x: Double, _ y: Double) -> Dot {
        func scale(_ v: Double, _ of: Double, _ to: Double) -> UInt16 { UInt16(min(max(v / of * to, 0), to)) }
        return Dot(x: scale(x, width, Self.box.width), y: scale(y, height, Self.box.height))
    }
}

extension Strokes {
    /// The same as a picture that any browser shows: what is kept of a signature that goes onto no paper of ours.
    public var svg: Data {
        let drawn = lines.map { line in
            "<polyline points=\"" + line.map { "\($0.x),\($0.y)" }.joined(separator: " ") + "\"/>"
        }
        let box = "viewBox=\"0 0 \(width) \(height)\" fill=\"none\" stroke=\"black\""
        return Data("<svg xmlns=\"http://www.w3.org/2000/svg\" \(box)>\(drawn.joined())</svg>".utf8)
    }
}
