// What a call costs from Swift. tests/bindings.sh bench runs it; docs/performance.md has the figures.
import EZhifa
import Foundation

final class BenchKeys: PhoneKeys {
    func databaseKey() throws -> Data { Data(repeating: 7, count: 32) }
    func devicePublicKey() throws -> Data { Data([4] + [UInt8](repeating: 0x6b, count: 64)) }
    func sign(message: Data) throws -> Data { Data() }
}

func timed(_ call: () throws -> Void) rethrows -> Double {
    let began = DispatchTime.now().uptimeNanoseconds
    try call()
    return Double(DispatchTime.now().uptimeNanoseconds - began)
}

func cost(_ what: String, _ times: Int, _ call: () throws -> Void) rethrows {
    for _ in 0..<times / 10 { try call() }
    let best = try (0..<5).map { _ in try timed { for _ in 0..<times { try call() } } }.min()!
    let name = what.padding(toLength: 20, withPad: " ", startingAt: 0)
    print("swift   \(name) " + String(format: "%9.2f us", best / 1e3 / Double(times)))
}

@main
struct Bench {
    static func main() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var opened: FieldOffice!
        let load = try timed {
            opened = try FieldOffice.open(folder: folder + "/store", mark: folder + "/mark", keys: BenchKeys())
        }
        let phone = opened!
        print("swift   load and open        " + String(format: "%9.2f ms", load / 1e6))
        try cost("smallest call", 20000) { _ = try phone.isEnrolled() }
        try cost("list of records", 2000) { _ = try printerKinds() }
        try cost("text in, record out", 2000) { _ = try readResidentId(text: "44190019780921215X") }
        cost("refusal", 2000) { _ = try? phone.readiness() }
    }
}
