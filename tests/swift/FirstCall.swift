// The first call from Swift, against the real library. tests/bindings.sh builds and runs it.
import EZhifa
import Foundation

/// What an app does with Keychain and Secure Enclave, here with made-up keys.
final class Keystore: PhoneKeys {
    let locked: Bool
    init(locked: Bool = false) { self.locked = locked }

    func databaseKey() throws -> Data { Data(repeating: 7, count: 32) }

    func devicePublicKey() throws -> Data {
        if locked {
            throw PhoneError.Store(
                why: Why(
                    code: "locked", zh: "手机已锁定", en: "the phone is locked", article: "",
                    nextZh: "请解锁", nextEn: "Unlock it."))
        }
        return Data([4] + [UInt8](repeating: 0x6b, count: 64))
    }

    func sign(message: Data) throws -> Data { Data() }
}

func refusal(_ call: () throws -> Void) throws -> PhoneError {
    do { try call() } catch let error as PhoneError { return error }
    fatalError("no refusal")
}

@main
struct FirstCall {
    static func main() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)

        // The README's lines.
        let phone = try FieldOffice.open(
            folder: folder.path + "/store", mark: folder.path + "/mark", keys: Keystore())
        let enrolled = try phone.isEnrolled()  // next: phone.enrol(ticket:), then phone.sync()
        do {
            _ = try phone.openCase(address: "解放路 1 号")
        } catch PhoneError.NotReady(let why) {
            print("\(why.zh)，\(why.nextZh)")  // 本机尚未在指挥中心注册，请扫描注册票据
        }

        precondition(!enrolled)
        guard case .NotReady(let why) = try refusal({ _ = try phone.openCase(address: "解放路 1 号") }),
            why.code == "not_enrolled", why.en == "this phone is not enrolled at HQ"
        else { fatalError("another refusal") }
        guard case .NotReady = try refusal({ _ = try phone.readiness() }) else { fatalError("readiness") }

        // The app's own error comes back as the app threw it.
        let locked = try refusal {
            _ = try FieldOffice.open(
                folder: folder.path + "/b", mark: folder.path + "/c", keys: Keystore(locked: true))
        }
        guard case .Store(let reason) = locked, reason.code == "locked" else { fatalError("\(locked)") }
        print("Swift: ok")
    }
}
