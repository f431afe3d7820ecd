import CryptoKit
import EZhifa
import Foundation
import Security

/// Keychain and Secure Enclave. Items are readable after the first unlock, so that a sync in the background works while
/// the phone is locked; they never leave this device. Neither is bound to biometrics: a new face would cost the evidence.
final class Keychain: PhoneKeys, @unchecked Sendable {
    private let database = "cn.ezhifa.database"
    private let device = "cn.ezhifa.device"

    func databaseKey() throws -> Data {
        try item(database) { Data((0..<32).map { _ in UInt8.random(in: .min ... .max) }) }
    }

    func devicePublicKey() throws -> Data { try key().publicKey.x963Representation }

    func sign(message: Data) throws -> Data { try key().signature(for: message).derRepresentation }

    /// After HQ's wipe order: nothing on this phone can be read any more.
    func destroy() {
        for name in [database, device] { SecItemDelete(query(name) as CFDictionary) }
    }

    /// The Enclave gives a blob that only it can use; the blob is kept like any other item.
    private func key() throws -> SecureEnclave.P256.Signing.PrivateKey {
        let access = SecAccessControlCreateWithFlags(
            nil, kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly, .privateKeyUsage, nil)!
        let blob = try item(device) {
            try SecureEnclave.P256.Signing.PrivateKey(accessControl: access).dataRepresentation
        }
        return try SecureEnclave.P256.Signing.PrivateKey(dataRepresentation: blob)
    }

    private func query(_ name: String) -> [CFString: Any] {
        [kSecClass: kSecClassGenericPassword, kSecAttrService: name, kSecAttrAccount: "phone"]
    }

    private func item(_ name: String, make: () throws -> Data) throws -> Data {
        var found: CFTypeRef?
        let asked = query(name).merging([kSecReturnData: true]) { $1 }
        switch SecItemCopyMatching(asked as CFDictionary, &found) {
        case errSecSuccess: if let data = found as? Data { return data }
        case errSecItemNotFound:
            let fresh = try make()
            let new = query(name).merging([
                kSecValueData: fresh, kSecAttrAccessible: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly,
            ]) { $1 }
            if SecItemAdd(new as CFDictionary, nil) == errSecSuccess { return fresh }
        default: break
        }
        throw PhoneError.Store(
            why: Why(
                code: "keystore_locked", zh: "手机已锁定，密钥不可用", en: "the phone is locked", article: "",
                nextZh: "请解锁后重试", nextEn: "Unlock it and try again."))
    }
}
