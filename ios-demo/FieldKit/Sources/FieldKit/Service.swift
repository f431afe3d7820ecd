import EZhifa
import Foundation

extension FieldCase {
    /// 「当场交付」: the party took the paper and signed it in ink, or would not sign.
    @discardableResult
    public func handedOver(_ act: SigningAct, reason: String = "") throws -> Phase {
        try serve(
            how: .handedOver,
            signing: Signing(role: .party, act: act, name: Private(""), reason: Private(reason), evidence: nil))
    }

    /// 「已电子送达」: the signed decision went to the address of the consent.
    @discardableResult
    public func servedElectronically() throws -> Phase {
        try serve(
            how: .electronic,
            signing: Signing(role: .party, act: .signed, name: Private(""), reason: Private(""), evidence: nil))
    }
}
