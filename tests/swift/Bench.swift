// What a start and a call cost from Swift, on an enrolled phone with cases: Bench WORK_FOLDER. tests/bindings.sh bench
// runs it; docs/performance.md has the figures.
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

func told(_ what: String, _ nanoseconds: Double, _ each: Double, _ unit: String) {
    let name = what.padding(toLength: 20, withPad: " ", startingAt: 0)
    print("swift   \(name) " + String(format: "%9.2f ", nanoseconds / each) + unit)
}

func once(_ what: String, _ call: () throws -> Void) rethrows { told(what, try timed(call), 1e6, "ms") }

func cost(_ what: String, _ times: Int, _ call: () throws -> Void) rethrows {
    for _ in 0..<times / 10 { try call() }
    let best = try (0..<5).map { _ in try timed { for _ in 0..<times { try call() } } }.min()!
    told(what, best, 1e3 * Double(times), "us")
}

@main
struct Bench {
    static func main() throws {
        let folder = CommandLine.arguments[1]
        var opened: FieldOffice!
        try once("load and open") {
            opened = try FieldOffice.open(folder: folder + "/store", mark: folder + "/mark", keys: BenchKeys())
        }
        let phone = opened!
        try once("first screen's data") {
            guard try phone.isEnrolled() else { fatalError("not enrolled") }
            _ = try phone.crew()
            _ = try phone.roster()
        }
        try once("readiness") { _ = (try phone.readiness(), try phone.status()) }
        try once("home screen's data") { _ = (try phone.leads(), try phone.openOrders(), try phone.offences()) }
        try cost("smallest call", 20000) { _ = try phone.isEnrolled() }
        try cost("list of records", 2000) { _ = try printerKinds() }
        try cost("text in, record out", 2000) { _ = try readResidentId(text: "44190019780921215X") }
        cost("refusal", 2000) { _ = try? phone.case(id: CaseId("c-none")) }
        try cost("twenty cases", 200) { _ = try phone.cases(most: 20) }
    }
}
