package cn.ezhifa.demo

import cn.ezhifa.field.*

/**
 * Asks HQ for the pay code (缴款码) of a decision that has no paper yet, and says what came of it; empty where nothing is
 * to be paid. Blocks for a few seconds at most and never stops the paper.
 */
fun FieldOffice.payCode(case: FieldCase, network: Network): String {
    setNetwork(network)
    val code = case.fetchPayCode()
    val owed = case.look().decided?.amount?.fen ?: 0
    return when {
        owed == 0L -> ""
        code != null -> "缴款码 $code 已取到，印在决定书上"
        else -> "没有取到缴款码：印预领的；没有预领的不印，不影响签发"
    }
}
