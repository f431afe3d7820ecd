import EZhifa
import Foundation

/// Asks HQ for the pay code (缴款码) of a decision that has no paper yet, and says what came of it; empty where nothing is
/// to be paid. Blocks for a few seconds at most and never stops the paper.
public func payCode(_ inHand: FieldCase) throws -> String {
    let code = try inHand.fetchPayCode()
    let owed = try inHand.look().decided?.amount.fen ?? 0
    if owed == 0 { return "" }
    if let code { return "缴款码 \(code) 已取到，印在决定书上" }
    return "没有取到缴款码：印预领的；没有预领的不印，不影响签发"
}
